"""When was each token and session last used? Noted in memory, written now and then: a look costs no write."""

import threading
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from app.models import LoginSession, Token
from app.models.base import utc_now

MAX_NOTED: Final = 10_000


class Uses:
    """Remembers the newest use of each; `write` empties it into the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[tuple[type[Any], int], datetime] = {}

    def note(self, row: Token | LoginSession) -> None:
        """Remember that it is in use now."""
        with self._lock:
            if len(self._noted) < MAX_NOTED:
                self._noted[type(row), row.id] = utc_now()

    def take(self) -> dict[tuple[type[Any], int], datetime]:
        """Return what was noted, and forget it."""
        with self._lock:
            noted, self._noted = self._noted, {}
        return noted


def write(session: Session, noted: dict[tuple[type[Any], int], datetime]) -> None:
    """Write the moments that were noted."""
    for model in (Token, LoginSession):
        rows = [{"key": key, "moment": at} for (kind, key), at in noted.items() if kind is model]
        table: Any = model.__table__
        statement = update(table).where(table.c.id == bindparam("key")).values(last_used_at=bindparam("moment"))
        if rows:
            session.connection().execute(statement, rows)

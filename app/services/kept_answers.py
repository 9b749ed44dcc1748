"""Was this very request answered before? Kept for a day, and never more than a bounded number."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.models import KeptAnswer
from app.models.base import utc_now
from app.services.errors import Invalid, Problem

KEPT_FOR: Final = timedelta(hours=24)
MAX_KEPT: Final = 100_000
MAX_BODY: Final = 1_000_000
"""Characters; a longer answer is not kept, and its repetition is done anew."""


def claim(session: Session, caller: str, key: str, digest: str) -> KeptAnswer | None:
    """Return the answer kept for the key, else None and the key is the caller's until the end of the transaction.

    A second request with the key waits for the first. Raises Invalid when the key was used for something else.
    """
    _forget(session)
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    mine = {"caller": caller, "key": key, "digest": digest}
    made = session.scalar(insert(KeptAnswer).values(mine).on_conflict_do_nothing().returning(KeptAnswer.id))
    if made is not None:
        return None
    found = session.scalars(select(KeptAnswer).where(KeptAnswer.caller == caller, KeptAnswer.key == key)).one()
    if found.digest != digest:
        detail = f"The Idempotency-Key {key!r} was used for another request."
        raise Invalid(Problem("", "idempotency_key_reused", detail))
    return found


def keep(session: Session, caller: str, key: str, status: int, headers: dict[str, str], body: str) -> None:
    """Keep the answer for the key that was claimed."""
    row = session.scalars(select(KeptAnswer).where(KeptAnswer.caller == caller, KeptAnswer.key == key)).one()
    if len(body) > MAX_BODY:
        session.delete(row)
    row.status, row.headers, row.body = status, headers, body
    session.flush()


def _forget(session: Session) -> None:
    newest = session.scalar(select(func.max(KeptAnswer.id))) or 0
    old = (KeptAnswer.created_at < utc_now() - KEPT_FOR) | (KeptAnswer.id <= newest - MAX_KEPT)
    session.execute(delete(KeptAnswer).where(old))

"""What is read off the whole plan and kept in memory until the plan, or what else it hangs on, changes?"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.services.audit import REVISION, current_revision
from app.services.grants import is_limited

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what was read of the newest revision that was asked for; whoever gets it does not change it.

    `version` tells what else it hangs on: what was read under another one is read anew.
    """

    def __init__(
        self, read: Callable[[Session], T], version: Callable[[Session], object] = current_revision
    ) -> None:
        self._read, self._version = read, version
        self._lock = threading.Lock()
        self._known: object = None
        self._value: T | None = None

    def get(self, session: Session) -> T:
        """Return it as it is now; several that ask for a new one at once wait for the first."""
        version = self._version(session)  # before the plan: what is read later is never older than it
        with self._lock:
            if self._value is None or version != self._known:
                self._value, self._known = self._read(session), version
            return self._value

    def peek(self, session: Session) -> T | None:
        """Return it if what is kept is as it is now; None = it would have to be read anew."""
        version = self._version(session)
        with self._lock:
            return self._value if version == self._known else None


def kept_for(session: Session, name: str) -> "Kept[T] | None":
    """Return what is kept by a key of Session.info; None if the session sees a part of the plan, or changed it."""
    own = is_limited(session) or REVISION in session.info
    return None if own else session.info.get(name)

"""What is read off the whole plan and kept in memory until the plan, or what else it hangs on, changes?"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.services import plan_changes
from app.services.audit import REVISION, current_revision
from app.services.grants import is_limited
from app.services.plan_changes import Changed

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what was read of the newest revision that was asked for; whoever gets it does not change it.

    `renew` returns it as it is after some changes of the plan, None = it must be read anew; without it each change
    has it read anew. `beside` tells what else it hangs on: what was read under another one is read anew.
    """

    def __init__(
        self,
        read: Callable[[Session], T],
        *,
        renew: Callable[[Session, T, Changed], T | None] | None = None,
        beside: Callable[[Session], object] = lambda session: None,
    ) -> None:
        self._read, self._renew, self._beside = read, renew, beside
        self._lock = threading.Lock()
        self._known: tuple[int, object] = (-1, None)
        self._value: T | None = None

    def get(self, session: Session) -> T:
        """Return it as it is now; several that ask for a new one at once wait for the first."""
        version = self._version(session)
        with self._lock:
            found = self._present(session, version)
            if found is None:
                found = self._value = self._read(session)
                self._known = version
            return found

    def peek(self, session: Session) -> T | None:
        """Return it if it need not be read anew."""
        version = self._version(session)
        with self._lock:
            return self._present(session, version)

    def _version(self, session: Session) -> tuple[int, object]:
        """Return what tells whether it changed, asked before the plan: what is read later is never older."""
        return current_revision(session), self._beside(session)

    def _present(self, session: Session, version: tuple[int, object]) -> T | None:
        if version == self._known or self._value is None:
            return self._value
        if self._renew is None or version[1] != self._known[1]:
            return None
        changed = plan_changes.between(session, self._known[0], version[0])
        found = None if changed is None else self._renew(session, self._value, changed)
        if found is not None:
            self._value, self._known = found, version
        return found


def kept_for(session: Session, name: str) -> "Kept[T] | None":
    """Return what is kept by a key of Session.info; None if the session sees a part of the plan, or changed it."""
    own = is_limited(session) or REVISION in session.info
    return None if own else session.info.get(name)

"""What was written to a table that only grows, and what of it is new to somebody?"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.services.grants import Range

READ_LIMIT: Final = 1000
KEPT: Final = 5000


@dataclass(frozen=True, slots=True)
class Item:
    """A line with its id, as JSON has it; place None = it lies nowhere."""

    id: int
    place: Range | None
    data: dict[str, Any]


class Log:
    """Keeps the newest lines of a table; older ones come from the database.

    `read` returns the lines after an id in order, at most so many; `latest` the newest id; `lost` whether lines
    after an id are gone.
    """

    def __init__(
        self,
        factory: SessionFactory,
        read: Callable[[Session, int, int], Sequence[Item]],
        latest: Callable[[Session], int],
        lost: Callable[[Session, int], bool],
    ) -> None:
        self._factory, self._read, self._latest, self._lost = factory, read, latest, lost
        self._kept: deque[Item] = deque(maxlen=KEPT)
        self.last_id = 0

    def begin(self) -> None:
        """Go on from the newest line."""
        with unit_of_work(self._factory, writing=False) as session:
            self.last_id = self.newest(session)

    def newest(self, session: Session) -> int:
        """Return the id of the newest line that is written, read here already or not."""
        return self._latest(session)

    def read(self, after: int) -> list[Item]:
        """Return the lines after an id, from the database."""
        with unit_of_work(self._factory, writing=False) as session:
            return list(self._read(session, after, READ_LIMIT))

    def lost(self, after: int) -> bool:
        """Tell whether lines after an id were removed: too old for whoever was away."""
        with unit_of_work(self._factory, writing=False) as session:
            return self._lost(session, after)

    def keep(self, fresh: Sequence[Item]) -> None:
        """Take in what is new."""
        self._kept.extend(fresh)
        self.last_id = fresh[-1].id if fresh else self.last_id

    def kept(self, after: int) -> list[Item] | None:
        """Return the lines after an id from memory; None = they are not all there."""
        if after >= self.last_id:
            return []
        if self._kept and after >= self._kept[0].id - 1:
            return [item for item in self._kept if item.id > after]
        return None

"""How are many changes of one kind written together, with an entry in the audit for each?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from app.models import KnownAddress, Reservation
from app.services.actors import Actor
from app.services.audit import Told, record_all
from app.services.contents import name_of
from app.services.errors import DomainError
from app.services.labels import ensure_tags
from app.services.rows import picture

Row = TypeVar("Row", Reservation, KnownAddress)


@dataclass(frozen=True, slots=True)
class Done(Generic[Row]):
    """A change that was made to a row and that the next flush writes; `before` None = the row is new."""

    row: Row
    before: dict[str, Any] | None
    gone: bool = False

    def told(self) -> Told:
        """Return it as the audit tells it; to be asked after the flush."""
        action = "delete" if self.gone else "update" if self.before else "create"
        return Told(action, name_of(self.row), self.before, None if self.gone else picture(self.row))


def write_all(
    session: Session, actor: Actor, results: Sequence[Done[Row] | DomainError]
) -> list[Row | DomainError]:
    """Write and record what was done; return the row of each, or the error of one that was left out."""
    done = [result for result in results if isinstance(result, Done)]
    ensure_tags(session, sorted({tag for each in done if not each.gone for tag in each.row.tags}))
    session.flush()
    if done:
        record_all(session, actor, [each.told() for each in done])
    return [result.row if isinstance(result, Done) else result for result in results]

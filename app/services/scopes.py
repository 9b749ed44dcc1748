"""Where are options set? Every row that has some, whatever its table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from app.models import ClientClass, GlobalSettings, Pool, Reservation, SharedNetwork, Subnet
from app.models.base import OptionRow

Row = GlobalSettings | SharedNetwork | Subnet | Pool | ClientClass | Reservation
TABLES: Final[tuple[type[Any], ...]] = (GlobalSettings, SharedNetwork, Subnet, ClientClass, Pool, Reservation)


@dataclass(frozen=True, slots=True)
class Scope:
    """A place where options are set: its row, where the API has it, and what people call it."""

    row: Any
    type: str
    id: str
    title: str

    @property
    def options(self) -> list[OptionRow]:
        """The rows of its options."""
        return list(self.row.options)


def scope_of(row: Row) -> Scope:
    """Return the scope of a row."""
    if isinstance(row, GlobalSettings):
        return Scope(row, "settings", "", "the settings")
    if isinstance(row, SharedNetwork):
        return Scope(row, "shared-networks", row.name, f"shared network {row.name}")
    if isinstance(row, Subnet):
        return Scope(row, "subnets", str(row.id), f"subnet {row.cidr}")
    if isinstance(row, Pool):
        return Scope(row, "pools", str(row.id), f"pool {row.first}-{row.last}")
    if isinstance(row, ClientClass):
        return Scope(row, "client-classes", str(row.id), f"class {row.name}")
    return Scope(row, "reservations", str(row.id), f"reservation {row.ip or row.hostname or row.id}")


def all_scopes(session: Session, *words: str) -> Iterator[Scope]:
    """Yield the scopes that set options and have any of the words in the JSON of these."""
    for table in TABLES:
        text = cast(table.options, String)
        named = or_(*(text.contains(word, autoescape=True) for word in words)) if words else text != "[]"
        for row in session.scalars(select(table).where(named).order_by(table.id)):
            yield scope_of(row)

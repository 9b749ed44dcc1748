"""Which rows of the plan hold a text in one of their columns? By an index on both databases.

PostgreSQL finds parts of texts by its own indexes (revision 0017); on SQLite, tables of trigrams
(FTS5) tell the rows that may match (revision 0018), and the comparison decides.
"""

from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, FunctionElement, column, or_, select, table
from sqlalchemy.ext.compiler import compiles

from app.models import KnownAddress, Reservation, Subnet

TEXTS: Final[dict[type[Any], tuple[Any, ...]]] = {
    Reservation: (Reservation.hostname, Reservation.description),
    KnownAddress: (KnownAddress.hostname, KnownAddress.owner, KnownAddress.notes),
    Subnet: (Subnet.name, Subnet.description),
}
LETTERS: Final = 3
"""Shorter texts have no entry in an index of trigrams."""


class _Narrowed(FunctionElement[bool]):
    """A comparison of each row, and the rows that SQLite's index leaves to compare."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Return it as it is: it brings its own parentheses, and `= 1` behind it would hide it from the planner."""
        return self


@compiles(_Narrowed)
def _compared(element: Any, compiler: Any, **options: Any) -> str:
    comparison, _ = element.clauses
    return f"({compiler.process(comparison, **options)})"


@compiles(_Narrowed, "sqlite")
def _looked_up(element: Any, compiler: Any, **options: Any) -> str:
    comparison, among = element.clauses
    return f"({compiler.process(among, **options)} AND ({compiler.process(comparison, **options)}))"


def holding_text(model: type[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that one of the model's texts holds the text, whatever the case."""
    comparison = or_(*(one.icontains(text, autoescape=True) for one in TEXTS[model]))
    if len(text) < LETTERS:
        return comparison
    return _Narrowed(comparison, _among(model, text))


def _among(model: type[Any], text: str) -> ColumnElement[bool]:
    name = f"{model.__tablename__}_texts"
    index = table(name, column("rowid"), column(name))
    numbers = select(index.c.rowid).where(index.c[name].op("MATCH")(_phrase(text)))
    if model is not KnownAddress:
        among: ColumnElement[bool] = model.id.in_(numbers)
        return among
    numbered = table(f"{name}_numbers", column("id"), column("ip"))
    return KnownAddress.ip.in_(select(numbered.c.ip).where(numbered.c.id.in_(numbers)))


def _phrase(text: str) -> str:
    """Return the text as FTS5 takes it: between double quotes, which it holds doubled."""
    return '"' + text.replace('"', '""') + '"'

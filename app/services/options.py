"""Which options are there, and do the rows of a scope say something that they can carry?"""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ClientClass, OptionDefinition
from app.models.base import OptionRow
from app.schemas.option_definitions import OptionOut
from app.services.errors import Invalid, Problem
from dhcpd.protocol import definitions
from dhcpd.protocol.catalogue import Catalogue
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import with_user_defined


def as_definition(row: OptionDefinition) -> definitions.OptionDefinition:
    """Return what the codec knows of a user's definition."""
    return definitions.user_defined(row.space, row.code, row.name, row.kind, row.array, row.fields, row.description)


def catalogue(session: Session) -> Catalogue:
    """Return the table's options with the user's own."""
    return with_user_defined(as_definition(row) for row in session.scalars(select(OptionDefinition)))


def checked_options(session: Session, rows: Sequence[OptionRow]) -> list[OptionRow]:
    """Return the rows with the options by name; raises Invalid for the first that says nothing possible."""
    return checked_by(catalogue(session), rows) if rows else []


def checked_by(known: Catalogue, rows: Sequence[OptionRow]) -> list[OptionRow]:
    """Do the same with a catalogue at hand."""
    clean: list[OptionRow] = []
    seen: set[int] = set()
    for index, row in enumerate(rows):
        definition = known.find(row["option"])
        if definition is None:
            raise _invalid(index, "option", "unknown_option", f"There is no option {row['option']!r}.")
        if definition.set_by:
            detail = f"{definition.name} is not set by hand: {definition.set_by} writes it."
            raise _invalid(index, "option", "not_settable", detail)
        if definition.code in seen:
            raise _invalid(index, "option", "duplicate", f"{definition.name} is set twice.")
        seen.add(definition.code)
        try:
            known.encode(definition, row["value"])
        except OptionValueError as error:
            raise _invalid(index, "value", "option_value", f"{error}.") from None
        clean.append({"option": definition.name, "value": row["value"], "always": bool(row.get("always"))})
    return clean


def _invalid(index: int, member: str, code: str, detail: str) -> Invalid:
    return Invalid(Problem(f"options/{index}/{member}", code, detail))


def check_class(session: Session, name: str | None) -> None:
    """Raise Invalid when a pool or subnet is kept for a class that is not there."""
    if name is not None and session.scalar(select(ClientClass.id).where(ClientClass.name == name)) is None:
        raise Invalid(Problem("client_class", "unknown_class", f"There is no client class {name!r}."))


def list_options(
    session: Session,
    text: str = "",
    space: str | None = None,
    settable: bool | None = None,
    told: Callable[[str], str] = str,
) -> list[OptionOut]:
    """Return the options that there are; `text` is a code, or part of a name or description.

    told: what a description is in the language of whoever asks, who may look for a part of that too.
    """
    known = catalogue(session)
    own = {(row.space, row.code): row.id for row in session.scalars(select(OptionDefinition))}
    wanted = text.strip().lower()
    return [
        _out(known, definition, own.get((definition.space, definition.code)))
        for definition in known.definitions
        if space in (None, definition.space)
        and settable in (None, not definition.set_by)
        and (not wanted or wanted == str(definition.code) or wanted in _words(definition, told))
    ]


def _words(definition: definitions.OptionDefinition, told: Callable[[str], str]) -> str:
    purpose = definition.description
    return f"{definition.name} {purpose} {told(purpose) if purpose else ''}".lower()


def _out(known: Catalogue, definition: definitions.OptionDefinition, definition_id: int | None) -> OptionOut:
    kind = known.kind(definition)
    same = ("space", "code", "name", "kind", "array", "rfc", "description", "set_by")
    return OptionOut(
        **{name: getattr(definition, name) for name in same},
        settable=not definition.set_by,
        value=kind.summary,
        example=kind.example,
        definition_id=definition_id,
    )

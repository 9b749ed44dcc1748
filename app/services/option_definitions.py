"""Which options did the user define, and which rules hold for them?"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import OptionDefinition
from app.schemas.option_definitions import OptionDefinitionIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.options import as_definition, catalogue, checked_by
from app.services.rows import picture
from app.services.scopes import Scope, all_scopes
from dhcpd.protocol.catalogue import RECORD
from dhcpd.protocol.definitions import DHCP4, ENTERPRISE
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import STANDARD, with_user_defined
from dhcpd.protocol.suboptions import SUBOPTIONS
from dhcpd.protocol.values import KINDS

LISTING: Final = Listing(
    OptionDefinition,
    fields(OptionDefinition, "id", "space", "code", "name", "kind"),
    sort="space,code",
    search=lambda text: (
        OptionDefinition.name.icontains(text, autoescape=True)
        | OptionDefinition.description.icontains(text, autoescape=True)
    ),
)
SHOWN_USERS: Final = 20


def get_definition(session: Session, definition_id: int) -> OptionDefinition:
    """Return a definition; raises NotFound."""
    found = session.get(OptionDefinition, definition_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no option definition {definition_id}."))
    return found


def create_definition(session: Session, actor: Actor, data: OptionDefinitionIn) -> OptionDefinition:
    """Define an option; raises Invalid or Conflict."""
    lock_plan(session)
    row = OptionDefinition()
    with session.no_autoflush:
        _fill(session, row, data)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"option_definitions/{row.id}", None, picture(row), role="admin")
    return row


def update_definition(
    session: Session, actor: Actor, row: OptionDefinition, data: OptionDefinitionIn
) -> OptionDefinition:
    """Replace a definition; a new name goes wherever it is set. Raises Conflict where a value no longer fits."""
    lock_plan(session)
    before = picture(row)
    using = list(_users(session, row))
    old = (row.space, row.code, row.name)
    with session.no_autoflush:
        _fill(session, row, data)
        if using and old[0] != row.space:
            raise _in_use(using, f"{old[2]} is set there, and can't be moved to another space.")
    session.flush()
    for scope in using:
        _rewrite(session, actor, scope, old, row)
    record(session, actor, "update", f"option_definitions/{row.id}", before, picture(row), role="admin")
    return row


def delete_definition(session: Session, actor: Actor, row: OptionDefinition) -> None:
    """Remove a definition; raises Conflict with the scopes that set the option."""
    lock_plan(session)
    using = list(_users(session, row))
    if using:
        raise _in_use(using, f"sets {row.name}.")
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"option_definitions/{row.id}", before, None, role="admin")


def _fill(session: Session, row: OptionDefinition, data: OptionDefinitionIn) -> None:
    _check_place(session, row, data)
    _check_kind(data)
    for name, value in data.model_dump().items():
        setattr(row, name, value)
    try:
        with_user_defined([as_definition(row)]).kind(as_definition(row))
    except OptionValueError as error:
        raise Invalid(Problem("fields" if row.kind == RECORD else "array", "kind", f"{error}.")) from None


def _check_place(session: Session, row: OptionDefinition, data: OptionDefinitionIn) -> None:
    """Refuse a space, code or name that is no good or taken."""
    number = data.space.removeprefix(ENTERPRISE)
    if number != data.space and not (number.isdecimal() and int(number) < 1 << 32):
        detail = f"After “{ENTERPRISE}” stands an enterprise number, such as 4491, not {number!r}."
        raise Invalid(Problem("space", "space", detail))
    for field in ("code", "name"):
        wanted = getattr(data, field)
        known = STANDARD.find(wanted, data.space)
        if known is not None and not known.is_private:
            detail = f"{wanted} is {known.name} ({known.code}) of {known.rfc} already."
            raise Conflict(Problem(field, "standard", detail))
        column = getattr(OptionDefinition, field)
        same = select(OptionDefinition).where(OptionDefinition.space == data.space, column == wanted)
        other = session.scalar(same)
        if other is not None and other is not row:
            detail = f"{wanted} is defined already in {data.space}: {other.name} ({other.code})."
            raise Conflict(Problem(field, "duplicate", detail, "option-definitions", str(other.id)))


def _check_kind(data: OptionDefinitionIn) -> None:
    if data.kind == SUBOPTIONS and (data.space != DHCP4 or data.array):
        raise Invalid(Problem("kind", "kind", "Only an option of a message holds sub-options, and only one list."))
    if data.kind not in (*KINDS, RECORD, SUBOPTIONS):
        raise Invalid(Problem("kind", "kind", f"There is no kind {data.kind!r}; /options shows those there are."))
    if (data.kind == RECORD) != bool(data.fields):
        raise Invalid(Problem("fields", "fields", "A record has fields, and nothing else has."))
    names = [field.name for field in data.fields]
    for index, field in enumerate(data.fields):
        if field.kind not in KINDS or field.kind == "empty":
            detail = f"{field.kind!r} is no kind of a field; /options shows those there are."
            raise Invalid(Problem(f"fields/{index}/kind", "kind", detail))
        if names.index(field.name) != index:
            raise Invalid(Problem(f"fields/{index}/name", "duplicate", f"There are two fields {field.name!r}."))


def _users(session: Session, row: OptionDefinition) -> Iterator[Scope]:
    """Yield the scopes that set the option."""
    place = (row.space, row.code, row.name)
    words = (f'"{row.name}"', f'"option": {row.code}', f'"option": "{row.code}"')
    for scope in all_scopes(session, *words):
        if any(True for _ in _settings(scope.options, place)):
            yield scope


def _settings(value: Any, place: tuple[str, int, str], space: str = DHCP4) -> Iterator[dict[str, Any]]:
    """Yield every object {"option", "value"} that sets the option of this space, code and name."""
    if isinstance(value, list):
        for member in value:
            yield from _settings(member, place, space)
    elif isinstance(value, dict):
        if space == place[0] and value.get("option") in (place[1], str(place[1]), place[2]):
            yield value
        inner = value.get("space") or (f"{ENTERPRISE}{value['enterprise']}" if "enterprise" in value else space)
        for name in ("options", "value"):
            nested = value.get(name)
            if isinstance(nested, dict | list):
                yield from _settings(nested, place, str(inner))


def _rewrite(
    session: Session, actor: Actor, scope: Scope, old: tuple[str, int, str], row: OptionDefinition
) -> None:
    """Let a scope set the option under its new name; raises Conflict when its value does not fit any more."""
    before = picture(scope.row)
    rows = _copied(scope.options)
    for setting in _settings(rows, old):
        setting["option"] = row.name
    try:
        scope.row.options = checked_by(catalogue(session), rows)
    except Invalid as error:
        raise _in_use([scope], f"sets {old[2]}, and its value does not fit: {error}") from None
    if picture(scope.row) != before:
        session.flush()
        name = f"{scope.row.__tablename__}/{scope.row.id}" if scope.type != "settings" else "settings"
        record(session, actor, "update", name, before, picture(scope.row), role="admin")


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(member) for member in value]
    return {name: _copied(member) for name, member in value.items()} if isinstance(value, dict) else value


def _in_use(scopes: list[Scope], what: str) -> Conflict:
    return Conflict(*(
        Problem("", "in_use", f"{scope.title[:1].upper()}{scope.title[1:]} {what}", scope.type, scope.id)
        for scope in scopes[:SHOWN_USERS]
    ))  # fmt: skip

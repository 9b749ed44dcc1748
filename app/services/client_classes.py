"""Which client classes are there, and which rules hold for them?"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ClientClass, Pool, Subnet
from app.schemas.client_classes import ClientClassIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.options import checked_options
from app.services.rows import picture
from app.services.scopes import scope_of
from dhcpd.engine.expressions import Expression, parse, rename_class
from dhcpd.engine.tokens import ExpressionError, quoted

LISTING: Final = Listing(
    ClientClass,
    fields(ClientClass, "id", "name", "position", "drop", "description"),
    sort="position",
    search=lambda text: (
        ClientClass.name.icontains(text, autoescape=True)
        | ClientClass.description.icontains(text, autoescape=True)
        | ClientClass.expression.icontains(text, autoescape=True)
    ),
)
SHOWN_USERS: Final = 20


def list_classes(session: Session) -> list[ClientClass]:
    """Return the classes in the order in which their settings win."""
    return list(session.scalars(select(ClientClass).order_by(ClientClass.position, ClientClass.id)))


def get_class(session: Session, class_id: int) -> ClientClass:
    """Return a class; raises NotFound."""
    found = session.get(ClientClass, class_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no client class {class_id}."))
    return found


def find_class(session: Session, name: str) -> ClientClass | None:
    """Return the class of a name."""
    return session.scalar(select(ClientClass).where(ClientClass.name == name))


def create_class(session: Session, actor: Actor, data: ClientClassIn) -> ClientClass:
    """Make a class; raises Invalid or Conflict."""
    lock_plan(session)
    row = ClientClass()
    with session.no_autoflush:
        _fill(session, row, data)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"client_classes/{row.id}", None, picture(row))
    return row


def update_class(session: Session, actor: Actor, row: ClientClass, data: ClientClassIn) -> ClientClass:
    """Replace a class; a new name is taken over by everything that refers to it. Raises Invalid or Conflict."""
    lock_plan(session)
    before = picture(row)
    renamed = [c for c in list_classes(session) if c is not row and row.name in parse_stored(c).classes]
    old = row.name
    with session.no_autoflush:
        _fill(session, row, data)
    session.flush()
    if old != row.name:
        _take_over(session, actor, renamed, old, row.name)
    record(session, actor, "update", f"client_classes/{row.id}", before, picture(row))
    return row


def delete_class(session: Session, actor: Actor, row: ClientClass) -> None:
    """Remove a class; raises Conflict with what refers to it."""
    lock_plan(session)
    using = users(session, [row])[row.name]
    if using:
        problems = [
            Problem("", "in_use", f"{scope_of(user).title} refers to {row.name}.", *_place(user))
            for user in using[:SHOWN_USERS]
        ]
        raise Conflict(*problems)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"client_classes/{row.id}", before, None)


def users(session: Session, rows: Sequence[ClientClass]) -> dict[str, list[Subnet | Pool | ClientClass]]:
    """Return by name what refers to each class: subnets, pools and other classes."""
    found: dict[str, list[Subnet | Pool | ClientClass]] = {row.name: [] for row in rows}
    for subnet in session.scalars(select(Subnet).where(Subnet.client_class.in_(found)).order_by(Subnet.id)):
        found[subnet.client_class or ""].append(subnet)
    for pool in session.scalars(select(Pool).where(Pool.client_class.in_(found)).order_by(Pool.id)):
        found[pool.client_class or ""].append(pool)
    for other in list_classes(session):
        for name in parse_stored(other).classes:
            if name in found and name != other.name:
                found[name].append(other)
    return found


def parse_stored(row: ClientClass) -> Expression:
    """Return the expression of a row, which was checked when it was saved; one that no longer is never matches."""
    try:
        return parse(row.expression)
    except ExpressionError:
        return Expression(row.expression, lambda facts, matched: False, (), frozenset())


def read_expression(text: str) -> Expression:
    """Return an expression; raises Invalid with the column and what was expected there."""
    try:
        return parse(text)
    except ExpressionError as error:
        detail = f"Column {error.column}: {error.problem}."
        raise Invalid(Problem("expression", "expression", detail, column=error.column)) from None


def _fill(session: Session, row: ClientClass, data: ClientClassIn) -> None:
    expression = read_expression(data.expression)
    _check_name(session, row, data.name)
    _check_references(session, row, data, expression)
    values: dict[str, Any] = data.model_dump()
    values["options"] = checked_options(session, data.options)
    for name, value in values.items():
        setattr(row, name, value)


def _check_name(session: Session, row: ClientClass, name: str) -> None:
    other = find_class(session, name)
    if other is not None and other is not row:
        detail = f"There is a class {name!r} already."
        raise Conflict(Problem("name", "duplicate", detail, "client-classes", str(other.id)))


def _check_references(session: Session, row: ClientClass, data: ClientClassIn, expression: Expression) -> None:
    """Raise Invalid when the expression refers to a class that is not there, or at last to itself."""
    refers = {c.name: parse_stored(c).classes for c in list_classes(session) if c is not row}
    own = {data.name, row.name} if row.name else {data.name}
    for name in sorted(expression.classes):
        column = _column(expression, name)
        if name not in refers and name not in own:
            detail = f"There is no class {name!r} to refer to."
            raise Invalid(Problem("expression", "unknown_class", detail, column=column))
        way = _way(name, own, refers)
        if way:
            detail = f"The class would refer to itself: {' → '.join([data.name, *way])}."
            raise Invalid(Problem("expression", "cycle", detail, column=column))


def _column(expression: Expression, name: str) -> int:
    """Return where the expression refers to the class."""
    own = (c for c in expression.conditions if c.field is None and quoted(name) in expression.text[c.start : c.end])
    return next((condition.start + 1 for condition in own), 1)


def _way(start: str, goals: set[str], refers: dict[str, frozenset[str]]) -> list[str]:
    """Return the names from a class to any of the goals along what expressions refer to; [] = there is no way."""
    pending, seen = [[start]], {start}
    while pending:
        way = pending.pop()
        if way[-1] in goals:
            return way
        for name in sorted(refers.get(way[-1], frozenset()) - seen):
            seen.add(name)
            pending.append([*way, name])
    return []


def _take_over(session: Session, actor: Actor, classes: list[ClientClass], old: str, new: str) -> None:
    """Give everything that refers to a class its new name; the database does so for pools and subnets."""
    for held in session.identity_map.values():
        if isinstance(held, Pool | Subnet):
            session.expire(held, ["client_class"])
    for other in classes:
        before = picture(other)
        other.expression = rename_class(other.expression, old, new)
        session.flush()
        record(session, actor, "update", f"client_classes/{other.id}", before, picture(other))


def _place(user: Subnet | Pool | ClientClass) -> tuple[str, str]:
    scope = scope_of(user)
    return scope.type, scope.id

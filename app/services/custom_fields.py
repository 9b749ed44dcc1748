"""Which fields of their own have people defined, and do the values that are there still fit?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from app.models import CustomField
from app.schemas.labels import CustomFieldIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.labels import DEFINITIONS, TABLES, bearers, fault_of, find_bearer
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.rows import check_version, picture

_SEARCHED: Final = (CustomField.name, CustomField.label, CustomField.description)
LISTING: Final = Listing(
    CustomField,
    fields(CustomField, "id", "resource", "name", "label", "type", "required", "description"),
    sort="resource,name",
    search=lambda text: or_(*(column.icontains(text, autoescape=True) for column in _SEARCHED)),
)


def list_custom_fields(session: Session, resource: str | None = None) -> list[CustomField]:
    """Return the definitions by resource and name."""
    query = select(CustomField).order_by(CustomField.resource, CustomField.name)
    return list(session.scalars(query if resource is None else query.where(CustomField.resource == resource)))


def get_custom_field(session: Session, field_id: int) -> CustomField:
    """Return a definition; raises NotFound."""
    found = session.get(CustomField, field_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no custom field {field_id}."))
    return found


def find_custom_field(session: Session, resource: str, name: str) -> CustomField | None:
    """Return the definition of a resource's field."""
    return session.scalar(select(CustomField).where(CustomField.resource == resource, CustomField.name == name))


def used(session: Session, rows: Sequence[CustomField]) -> dict[int, int]:
    """Return how many objects have a value of each field."""
    names = {row.resource for row in rows}
    found = {name: bearers(session, TABLES[name], "custom_fields") for name in names}
    return {row.id: found[row.resource][row.name] for row in rows}


def create_custom_field(session: Session, actor: Actor, data: CustomFieldIn) -> CustomField:
    """Define a field; raises Invalid or Conflict. A required one is asked for at the next save of each object."""
    lock_plan(session)
    row = CustomField(**data.model_dump())
    _check(session, row)
    session.add(row)
    session.flush()
    session.info.pop(DEFINITIONS, None)
    record(session, actor, "create", f"custom_fields/{row.id}", None, picture(row), role="admin")
    return row


def update_custom_field(
    session: Session, actor: Actor, field_id: int, data: CustomFieldIn, expected_version: int | None = None
) -> CustomField:
    """Change a definition; refused when a value that is there would not fit. Raises as create does."""
    lock_plan(session)
    row = get_custom_field(session, field_id)
    check_version(row.version, expected_version)
    before = picture(row)
    for name in ("resource", "name"):
        if getattr(data, name) != getattr(row, name):
            raise Invalid(Problem(name, "fixed", f"The {name} of a field stays; define another one."))
    with session.no_autoflush:
        for name, value in data.model_dump().items():
            setattr(row, name, value)
        _check(session, row)
        _check_values(session, row)
    session.flush()
    session.info.pop(DEFINITIONS, None)
    record(session, actor, "update", f"custom_fields/{row.id}", before, picture(row), role="admin")
    return row


def delete_custom_field(session: Session, actor: Actor, field_id: int, expected_version: int | None = None) -> None:
    """Remove a definition and all its values, which the audit keeps; raises NotFound or Stale."""
    lock_plan(session)
    row = get_custom_field(session, field_id)
    check_version(row.version, expected_version)
    values = {}
    for bearer in session.scalars(_bearers(row)):
        values[str(getattr(bearer, "id", None) or bearer.ip)] = bearer.custom_fields[row.name]
        bearer.custom_fields = {name: value for name, value in bearer.custom_fields.items() if name != row.name}
    before = {**picture(row), "values": values}
    session.delete(row)
    session.flush()
    session.info.pop(DEFINITIONS, None)
    record(session, actor, "delete", f"custom_fields/{field_id}", before, None, role="admin")


def give_back(session: Session, row: CustomField, told: Mapping[str, Any]) -> None:
    """Give the values of a deleted field, as its picture in the audit tells, to what is still there."""
    for key, value in told.get("values", {}).items():
        found = find_bearer(session, row.resource, key)
        if found is not None:
            found.custom_fields = {**found.custom_fields, row.name: value}
    session.flush()


def _bearers(row: CustomField) -> Any:
    model = TABLES[row.resource]
    return select(model).where(cast(model.custom_fields, Text).contains(f'"{row.name}": ', autoescape=True))


def _check(session: Session, row: CustomField) -> None:
    other = find_custom_field(session, row.resource, row.name)
    if other is not None and other is not row:
        detail = f"{row.resource} have a custom field {row.name!r} already."
        raise Conflict(Problem("name", "duplicate", detail, "custom-fields", str(other.id)))
    if row.default is not None and fault_of(row, row.default):
        raise Invalid(Problem("default", row.type, fault_of(row, row.default)))


def _check_values(session: Session, row: CustomField) -> None:
    for bearer in session.scalars(_bearers(row)):
        fault = fault_of(row, bearer.custom_fields[row.name])
        if fault:
            key = str(getattr(bearer, "id", None) or bearer.ip)
            detail = f"A value that is there would not fit: {fault}"
            raise Conflict(Problem("type", "values", detail, row.resource, key))

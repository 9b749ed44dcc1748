"""Which tags and custom fields does an object bear, and are they what was defined?"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from app.models import CustomField, KnownAddress, Pool, Reservation, Subnet, Tag, Vlan
from app.services.errors import Invalid, Problem

Labelled = Subnet | Pool | Reservation | KnownAddress | Vlan
TABLES: Final[dict[str, type[Any]]] = {
    "subnets": Subnet, "pools": Pool, "reservations": Reservation, "addresses": KnownAddress, "vlans": Vlan,
}  # fmt: skip
"""Resources that bear tags and custom fields."""
DEFINITIONS: Final = "custom_field_definitions"
"""Key in Session.info: the definitions, read once a transaction."""
MAX_TEXT: Final = 2000


def label(session: Session, resource: str, row: Labelled, tags: Sequence[str], values: Mapping[str, Any]) -> None:
    """Give an object its tags and its custom fields; raises Invalid with a problem for each wrong value."""
    row.custom_fields = checked(session, resource, values)
    row.tags = list(tags)
    ensure_tags(session, tags)


def find_bearer(session: Session, resource: str, key: str) -> Any:
    """Return the object that bears labels by its id, of addresses the address itself; None = it is gone."""
    return session.get(TABLES[resource], ip_address(key) if resource == "addresses" else int(key))


def ensure_tags(session: Session, names: Sequence[str]) -> None:
    """Make the tags that are not there yet: a new one is simply written."""
    if not names:
        return
    known = set(session.scalars(select(Tag.name).where(Tag.name.in_(names))))
    session.add_all(Tag(name=name) for name in names if name not in known)


def checked(session: Session, resource: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with defaults filled in; null and "" mean "none". Raises Invalid."""
    known = definitions(session, resource)
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    problems = [
        Problem(f"custom_fields/{name}", "unknown", f"{resource} have no custom field {name!r}.")
        for name in given
        if name not in known
    ]
    found: dict[str, Any] = {}
    for name, definition in known.items():
        value = given.get(name, definition.default)
        if value is None:
            if definition.required:
                problems.append(
                    Problem(f"custom_fields/{name}", "required", f"{definition.label or name} is required.")
                )
            continue
        fault = fault_of(definition, value)
        if fault:
            problems.append(
                Problem(f"custom_fields/{name}", definition.type, f"{definition.label or name}: {fault}")
            )
        found[name] = value
    if problems:
        raise Invalid(*problems)
    return found


def definitions(session: Session, resource: str) -> dict[str, CustomField]:
    """Return the definitions of a resource by name."""
    if DEFINITIONS not in session.info:
        session.info[DEFINITIONS] = list(session.scalars(select(CustomField).order_by(CustomField.name)))
    return {row.name: row for row in session.info[DEFINITIONS] if row.resource == resource}


def fault_of(definition: CustomField, value: Any) -> str:
    """Return what is wrong with a value; nothing when it is right."""
    return _FAULTS[definition.type](definition, value)


def _text_fault(definition: CustomField, value: Any) -> str:
    fits = isinstance(value, str) and len(value) <= MAX_TEXT and "\0" not in value
    return "" if fits else f"{_short(value)} is not a text of at most {MAX_TEXT} characters."


def _integer_fault(definition: CustomField, value: Any) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53
    return "" if fits else f"{_short(value)} is not a whole number below 2^53."


def _boolean_fault(definition: CustomField, value: Any) -> str:
    return "" if isinstance(value, bool) else f"{_short(value)} is neither true nor false."


def _date_fault(definition: CustomField, value: Any) -> str:
    try:
        fits = isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        fits = False
    return "" if fits else f"{_short(value)} is not a date like 2030-01-31."


def _choice_fault(definition: CustomField, value: Any) -> str:
    return "" if value in definition.choices else f"{_short(value)} is not one of {', '.join(definition.choices)}."


def _url_fault(definition: CustomField, value: Any) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) and len(value) <= MAX_TEXT else None
        fits = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    return "" if fits else f"{_short(value)} is not an address like https://example.org/."


def _short(value: Any) -> str:
    return repr(value)[:60]


_FAULTS: Final = {
    "text": _text_fault,
    "integer": _integer_fault,
    "boolean": _boolean_fault,
    "date": _date_fault,
    "choice": _choice_fault,
    "url": _url_fault,
}


def tagged(model: type[Any], name: str) -> ColumnElement[bool]:
    """Return the condition "bears the tag"; names are in lower case on both sides."""
    return cast(model.tags, Text).contains(json.dumps(name.strip().lower()), autoescape=True)


def bearers(session: Session, model: type[Any], column: str) -> Counter[str]:
    """Return how many objects bear each tag (column `tags`), or have a value of each field (`custom_fields`)."""
    stored, tags = getattr(model, column), column == "tags"
    if session.get_bind().dialect.name == "sqlite":
        part = func.json_each(stored).table_valued("key", "value", joins_implicitly=True)
        name = part.c.value if tags else part.c.key
    else:
        unfold = func.json_array_elements_text if tags else func.json_object_keys
        name = unfold(stored).column_valued(joins_implicitly=True)
    some = cast(stored, Text).not_in(("[]", "{}"))
    query = select(name, func.count()).select_from(model).where(some).group_by(name)
    return Counter({name: count for name, count in session.execute(query)})  # noqa: C416  # rows are no pairs to mypy


CUSTOM: Final = "cf_"
"""A list is narrowed by the custom field NAME with the parameter cf_NAME, with a suffix for other comparisons."""
SUFFIXES: Final = {
    "text": ("ne", "in", "contains", "startswith", "isnull"),
    "url": ("ne", "in", "contains", "startswith", "isnull"),
    "choice": ("ne", "in", "contains", "startswith", "isnull"),
    "integer": ("ne", "in", "gt", "lt", "isnull"),
    "date": ("ne", "in", "gt", "lt", "isnull"),
    "boolean": ("ne", "isnull"),
}
"""Type of a field -> comparisons other than equality."""
MAX_IN: Final = 500


def by_custom_field(session: Session, model: type[Any], parameter: str, text: str) -> ColumnElement[bool]:
    """Return the condition of a parameter such as cf_site__contains; raises ValueError with a sentence."""
    resource = next(name for name, table in TABLES.items() if table is model)
    known = definitions(session, resource)
    name, suffix = parameter.removeprefix(CUSTOM), ""
    compares = name not in known
    if compares:
        name, _, suffix = name.rpartition("__")
    definition = known.get(name)
    if definition is None or (compares and suffix not in SUFFIXES[definition.type]):
        raise ValueError(f"{resource} have no custom field for the parameter {parameter[:60]!r}")
    return _compared(_column(model, definition), definition, suffix, text)  # type: ignore[no-any-return]  # JSON columns


def _column(model: type[Any], definition: CustomField) -> Any:
    column = model.custom_fields[definition.name]
    if definition.type == "boolean":
        return column.as_boolean()
    return cast(column.as_string(), BigInteger) if definition.type == "integer" else column.as_string()


def _compared(column: Any, definition: CustomField, suffix: str, text: str) -> Any:
    if suffix == "isnull":
        return column.is_(None) if _truth(text) else column.is_not(None)
    if suffix == "in":
        parts = text.split(",")
        if len(parts) > MAX_IN:
            raise ValueError(f"at most {MAX_IN} values at once")
        return column.in_([_value(definition, part) for part in parts])
    value = _value(definition, text)
    if suffix == "ne":
        return or_(column != value, column.is_(None))
    if suffix == "gt":
        return column > value
    if suffix == "lt":
        return column < value
    if suffix == "contains":
        return column.icontains(value, autoescape=True)
    return column.istartswith(value, autoescape=True) if suffix == "startswith" else column == value


def _value(definition: CustomField, text: str) -> Any:
    """Return what a query's text means for the field; a part of a choice may be given. Raises ValueError."""
    if definition.type == "boolean":
        return _truth(text)
    value: Any = text
    if definition.type == "integer":
        if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 20:
            raise ValueError(f"{_short(text)} is not a whole number")
        value = int(text)
    fault = "" if definition.type in ("choice", "url") else fault_of(definition, value)
    if fault or "\0" in text:
        raise ValueError(fault or "a text has no NUL")
    return value


def _truth(text: str) -> bool:
    wanted = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if wanted is None:
        raise ValueError(f"{_short(text)} is neither true nor false")
    return wanted

"""How is a row told in plain JSON, for the audit, and checked against a stale write?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from sqlalchemy import LargeBinary, inspect

from app.models import Base, Reservation
from app.models.types import IpAddress, UtcSeconds
from app.services.errors import Conflict, Problem


def picture(row: Base) -> dict[str, Any]:
    """Return the columns of a row as JSON values; a reservation's with its identifiers."""
    found = {column.key: _plain(getattr(row, column.key)) for column in inspect(type(row)).column_attrs}
    if isinstance(row, Reservation):
        found["identifiers"] = [{"type": i.type, "value": i.value} for i in row.identifiers]
    return found


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, IPv4Address | IPv6Address):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def put_back(row: Base, told: Mapping[str, Any], names: Iterable[str]) -> None:
    """Set columns to what a picture tells of them."""
    columns = inspect(type(row)).columns
    for name in names:
        if name in columns and name in told:
            setattr(row, name, _read(columns[name].type, told[name]))


def _read(kind: object, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, IpAddress):
        return ip_address(value)
    if isinstance(kind, UtcSeconds):
        return datetime.fromisoformat(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value


class Stale(Conflict):
    """The object was changed by somebody else since it was read; `current` is how it looks now, if known."""

    current: Any = None


def check_version(found: int, expected: int | None) -> None:
    """Raise Stale when the caller knew an older version."""
    if expected is not None and expected != found:
        raise Stale(Problem("version", "stale", f"Changed meanwhile: now version {found}, not {expected}."))

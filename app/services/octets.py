"""How are the keys of many addresses read soonest? As the database's own octets, without an object for each."""

from ipaddress import IPv6Address
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, func, type_coerce
from sqlalchemy.orm import Session

from app.services.spans import IPV4_BASE


def raw(session: Session, column: Any) -> ColumnElement[bytes]:
    """Return a column of addresses as the database's own octets, for `number_of`: many are read soonest so."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, LargeBinary)
    return func.inet_send(column, type_=LargeBinary)


def number_of(octets: bytes) -> int:
    """Return the key of 16 octets, or of PostgreSQL's four about the kind of address with 4 or 16 behind them."""
    if len(octets) == 16:
        return int.from_bytes(octets, "big")
    return int.from_bytes(octets[4:], "big") + (IPV4_BASE if len(octets) == 8 else 0)


def text_of(number: int) -> str:
    """Return the text of the address of a key."""
    if number >> 32 == IPV4_BASE >> 32:
        return ".".join(map(str, (number & 0xFFFFFFFF).to_bytes(4, "big")))
    return str(IPv6Address(number))

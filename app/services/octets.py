"""How are many rows, and keys of addresses, read soonest? As the database's own, without an object for each."""

from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any

from sqlalchemy import ColumnElement, Executable, LargeBinary, func, type_coerce
from sqlalchemy.orm import Session

from app.services.grants import is_limited
from app.services.spans import IPV4_BASE


def driver_rows(session: Session, query: Executable) -> Sequence[Any]:
    """Return the driver's own rows, with no type's processing: of 40,000 in half the time.

    What a limited session must not see is kept back by the ORM, through which its rows come.
    """
    if is_limited(session):
        return session.execute(query).all()
    if session.autoflush:
        session.flush()
    result = session.connection().execute(query)
    rows: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return rows


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

"""Which column types hold addresses, hardware addresses and moments, on both databases?"""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from sqlalchemy import BigInteger, Dialect, LargeBinary, types
from sqlalchemy.dialects.postgresql import INET

IPV4_PREFIX = b"\x00" * 10 + b"\xff\xff"
Address = IPv4Address | IPv6Address


def pack_address(value: Address) -> bytes:
    """Return the 16-byte sort key of an address, IPv4 mapped into ::ffff:0:0/96 (RFC 4291 §2.5.5.2)."""
    return IPV4_PREFIX + value.packed if isinstance(value, IPv4Address) else value.packed


def unpack_address(data: bytes) -> Address:
    """Return the address of a 16-byte sort key."""
    return IPv4Address(data[12:]) if data[:12] == IPV4_PREFIX else IPv6Address(data)


class IpAddress(types.TypeDecorator[Address]):
    """An address of either family: INET on PostgreSQL, 16 bytes on SQLite; both compare alike."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[object]:
        """Choose INET or BLOB."""
        kind = INET() if dialect.name == "postgresql" else LargeBinary(16)
        return dialect.type_descriptor(kind)  # type: ignore[arg-type]  # two unrelated engines, one column

    def process_bind_param(self, value: Address | str | None, dialect: Dialect) -> object:
        """Turn an address (or its text) into what the driver stores."""
        if value is None:
            return None
        address = ip_address(value) if isinstance(value, str) else value
        return str(address) if dialect.name == "postgresql" else pack_address(address)

    def literal_processor(self, dialect: Dialect) -> Callable[[Address], str]:
        """Return what writes an address into a statement: thousands of parameters cost more."""
        if dialect.name == "postgresql":
            return lambda address: f"inet '{address}'"
        return lambda address: f"x'{pack_address(address).hex()}'"

    def process_result_value(self, value: object, dialect: Dialect) -> Address | None:
        """Turn what the driver read into an address."""
        if value is None:
            return None
        if isinstance(value, bytes):
            return unpack_address(value)
        if type(value) in (IPv4Address, IPv6Address):
            return value  # type: ignore[return-value]  # as psycopg gives a host; a prefix is an interface
        return ip_address(str(value).split("/")[0])


class UtcSeconds(types.TypeDecorator[datetime]):
    """A moment, stored as whole seconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store whole seconds."""
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read an aware UTC datetime."""
        return None if value is None else datetime.fromtimestamp(value, UTC)

"""Which texts name a value of a field in a query, and how may the field be compared?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.models.types import IpAddress, UtcSeconds
from dhcpd.protocol.addresses import format_mac, parse_mac

EQUALITY: Final = ("ne", "in")
ORDER: Final = ("gt", "lt")
TEXT: Final = ("contains", "startswith")
SMALL: Final = 2**31 - 1
BIG: Final = 2**63 - 1
MAX_TEXT: Final = 600


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: `parse` reads it (ValueError with a sentence), `write` writes what `parse` reads.

    `last` stands for null when rows are put in order: null comes last (for a text: first, as an empty one).
    """

    name: str
    parse: Callable[[str], Any]
    write: Callable[[Any], str]
    operators: tuple[str, ...]
    last: Any
    schema: dict[str, Any] = field(hash=False)


def _integer(largest: int) -> Kind:
    """Return the kind of a whole number that its column can hold."""

    def parse(text: str) -> int:
        if (
            not text.isascii()
            or not text.removeprefix("-").isdecimal()
            or len(text) > 20
            or abs(int(text)) > largest
        ):
            raise ValueError(f"{text[:30]!r} is not a whole number between -{largest} and {largest}")
        return int(text)

    schema = {"type": "integer", "minimum": -largest, "maximum": largest}
    return Kind("integer", parse, str, (*EQUALITY, *ORDER), largest, schema)


def _boolean(text: str) -> bool:
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if found is None:
        raise ValueError(f"{text!r} is not true or false")
    return found


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not encoded
        int(moment.timestamp())
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a moment like 2030-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} says no time zone; write it like 2030-01-31T12:00:00Z")
    return moment


def _text(text: str) -> str:
    if "\0" in text or len(text) > MAX_TEXT:
        raise ValueError(f"a text has at most {MAX_TEXT} characters and no NUL")
    return text


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raise ValueError(f"{text!r} is not a row of hexadecimal octets") from None


INTEGER: Final = _integer(SMALL)
BIG_INTEGER: Final = _integer(BIG)
BOOLEAN: Final = Kind("boolean", _boolean, str, (), False, {"type": "boolean"})
STRING: Final = Kind("text", _text, str, (*EQUALITY, *ORDER, *TEXT), "", {"type": "string", "maxLength": MAX_TEXT})
MOMENT: Final = Kind(
    "moment", _moment, datetime.isoformat, (*EQUALITY, *ORDER), datetime.fromisoformat("9999-12-31T23:59:59+00:00"),
    {"type": "string", "format": "date-time"},
)  # fmt: skip
ADDRESS: Final = Kind(
    "address", ip_address, str, (*EQUALITY, *ORDER), ip_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    {"type": "string", "examples": ["10.0.0.1"]},
)  # fmt: skip
MAC: Final = Kind(
    "MAC", parse_mac, format_mac, (*EQUALITY, "startswith"), b"\xff" * 17,
    {"type": "string", "examples": ["aa:bb:cc:11:22:33"]},
)  # fmt: skip
OCTETS: Final = Kind("octets", _octets, bytes.hex, (*EQUALITY, "startswith"), b"\xff" * 600, {"type": "string"})


def kind_of(column: InstrumentedAttribute[Any]) -> Kind:
    """Return the kind that a column's type tells."""
    stored: TypeEngine[Any] = column.type
    kinds = (
        (IpAddress, ADDRESS), (UtcSeconds, MOMENT), (Boolean, BOOLEAN), (BigInteger, BIG_INTEGER),
        (Integer, INTEGER), (LargeBinary, OCTETS),
    )  # fmt: skip
    if column.key == "mac":
        return MAC
    return next((kind for type_, kind in kinds if isinstance(stored, type_)), STRING)

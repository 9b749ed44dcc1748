"""What can a class expression ask about a packet?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from dhcpd.protocol.constants import (
    CIRCUIT_ID,
    CLIENT_ARCH,
    CLIENT_ID,
    HOST_NAME,
    REMOTE_ID,
    SUBSCRIBER_ID,
    USER_CLASS,
    VENDOR_CLASS,
)


class Facts(NamedTuple):
    """A packet as expressions see it; relay 0 = not relayed; relay_info = the sub-options of option 82."""

    options: dict[int, bytes]
    mac: bytes
    relay: int = 0
    interface: str = ""
    relay_info: dict[int, bytes] = {}  # noqa: RUF012  # never written to


class FactError(ValueError):
    """A field of the packet that can't be read; the expression counts as not matched."""


Values = tuple[str | bytes | int, ...]
"""All values of a field: none = absent; user_class and architecture may have several."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name in expressions.

    kind says what it is compared with: text, number, octets (text, or 0x and hexadecimal digits), hex (digits), mac
    or address. `options` and `suboptions` are what it is read from, for the cache of results.
    """

    name: str
    kind: str
    read: Callable[[Facts], Values]
    options: frozenset[int] = frozenset()
    suboptions: frozenset[int] = frozenset()


def text_option(code: int, name: str) -> Field:
    """Return the field of an option's text; what is no UTF-8 is shown as U+FFFD."""

    def read(facts: Facts) -> Values:
        data = facts.options.get(code)
        return () if data is None else (_text(data),)

    return Field(name, "text", read, frozenset((code,)))


def octets_option(code: int, name: str) -> Field:
    """Return the field of an option's octets."""

    def read(facts: Facts) -> Values:
        data = facts.options.get(code)
        return () if data is None else (data,)

    return Field(name, "octets", read, frozenset((code,)))


def hex_option(code: int, name: str) -> Field:
    """Return the field of an option's octets as lower-case hexadecimal digits."""

    def read(facts: Facts) -> Values:
        data = facts.options.get(code)
        return () if data is None else (data.hex(),)

    return Field(name, "hex", read, frozenset((code,)))


def _suboption(code: int, name: str) -> Field:
    def read(facts: Facts) -> Values:
        data = facts.relay_info.get(code)
        return () if data is None else (data,)

    return Field(name, "octets", read, suboptions=frozenset((code,)))


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode(errors="replace")


def _user_classes(facts: Facts) -> Values:
    """Return each class of option 77: with a length before each (RFC 3004 §4), else all of it as one text.

    iPXE and others send the bare text.
    """
    data = facts.options.get(USER_CLASS)
    if data is None:
        return ()
    found: list[str] = []
    position = 0
    while position < len(data) and 0 < data[position] < len(data) - position:
        end = position + 1 + data[position]
        found.append(_text(data[position + 1 : end]))
        position = end
    return tuple(found) if found and position == len(data) else (_text(data),)


def _architectures(facts: Facts) -> Values:
    """Return the processor architecture types (RFC 4578 §2.1: one or more numbers of two octets)."""
    data = facts.options.get(CLIENT_ARCH)
    if data is None:
        return ()
    if not data or len(data) % 2:
        raise FactError(f"option 93 has {len(data)} octets")
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


FIELDS: Final = {
    field.name: field
    for field in (
        Field("mac", "mac", lambda facts: (facts.mac,) if facts.mac else ()),
        octets_option(CLIENT_ID, "client_id"),
        text_option(VENDOR_CLASS, "vendor_class"),
        Field("user_class", "text", _user_classes, frozenset((USER_CLASS,))),
        text_option(HOST_NAME, "hostname"),
        Field("architecture", "number", _architectures, frozenset((CLIENT_ARCH,))),
        Field("relay", "address", lambda facts: (facts.relay,) if facts.relay else ()),
        Field("interface", "text", lambda facts: (facts.interface,) if facts.interface else ()),
        _suboption(CIRCUIT_ID, "circuit_id"),
        _suboption(REMOTE_ID, "remote_id"),
        _suboption(SUBSCRIBER_ID, "subscriber_id"),
    )
}

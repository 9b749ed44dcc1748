"""Which octets of a DHCP message say what?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.views.options import shown
from dhcpd.protocol.addresses import format_ipv4, format_mac
from dhcpd.protocol.constants import CHADDR_BYTES, END, MESSAGE_TYPE, OPTIONS_OFFSET, MessageType
from dhcpd.protocol.errors import DecodeError, OptionValueError
from dhcpd.protocol.options import decode_value, find

HEADER: Final = (
    ("op", 1), ("htype", 1), ("hlen", 1), ("hops", 1), ("xid", 4), ("secs", 2), ("flags", 2), ("ciaddr", 4),
    ("yiaddr", 4), ("siaddr", 4), ("giaddr", 4), ("chaddr", CHADDR_BYTES), ("sname", 64), ("file", 128),
    ("cookie", 4),
)  # fmt: skip
"""The fields of RFC 2131 figure 1 and their octets, in order."""


_TYPES: Final = {bytes((kind,)): kind.name for kind in MessageType}


@dataclass(frozen=True, slots=True)
class Part:
    """Some octets of a message. kind: head, address, text, option or pad."""

    offset: int
    data: bytes
    name: str
    meaning: str
    kind: str
    code: int | None = None

    @property
    def octets(self) -> str:
        """The octets in hexadecimal; a long run of zeros is told by its length."""
        if len(self.data) > 8 and not any(self.data):
            return f"{len(self.data)} × 00"
        filled = self.data.rstrip(b"\0")
        left = len(self.data) - len(filled)
        return self.data.hex(" ") if left < 8 else f"{filled.hex(' ')} + {left} × 00"


def dissect(data: bytes) -> list[Part]:
    """Return the parts of a whole message, as `encode` made it; together they are all of its octets."""
    return [*_header(data), *_options(data, OPTIONS_OFFSET)]


def _header(data: bytes) -> Iterator[Part]:
    position = 0
    for name, size in HEADER:
        octets = data[position : position + size]
        kind = "address" if name.endswith("iaddr") else "text" if name in ("sname", "file") else "head"
        yield Part(position, octets, name, _meaning(name, octets, data), kind)
        position += size


def _meaning(name: str, octets: bytes, data: bytes) -> str:
    if name.endswith("iaddr"):
        return format_ipv4(int.from_bytes(octets, "big"))
    if name == "chaddr":
        return format_mac(octets[: min(data[2], CHADDR_BYTES)])
    if name in ("sname", "file"):
        return octets.partition(b"\0")[0].decode("utf-8", "replace")
    if name == "op":
        return {1: "BOOTREQUEST", 2: "BOOTREPLY"}.get(octets[0], "")
    if name == "cookie":
        return ".".join(map(str, octets))
    return str(int.from_bytes(octets, "big"))


def _options(data: bytes, position: int) -> Iterator[Part]:
    while position < len(data):
        code = data[position]
        if code == END or position + 1 >= len(data):
            yield Part(position, data[position : position + 1], "end", "", "head", code)
            if position + 1 < len(data):
                yield Part(position + 1, data[position + 1 :], "padding", "", "pad")
            return
        size = 1 if code == 0 else 2 + data[position + 1]
        octets = data[position : position + size]
        yield _option(position, octets)
        position += size


def _option(position: int, octets: bytes) -> Part:
    code = octets[0]
    definition = find(code) if code else None
    if definition is None:
        return Part(
            position, octets, f"option {code}" if code else "padding", "", "option" if code else "pad", code
        )
    if code == MESSAGE_TYPE and octets[2:] in _TYPES:
        return Part(position, octets, definition.name, _TYPES[octets[2:]], "option", code)
    try:
        meaning = shown(decode_value(definition, octets[2:]))
    except (DecodeError, OptionValueError, ValueError):
        meaning = octets[2:].hex(" ")
    return Part(position, octets, definition.name, meaning, "option", code)

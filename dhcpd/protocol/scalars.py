"""How are numbers, texts, addresses and lists of these written as option values? (RFC 2132 §2)"""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from dhcpd.protocol.addresses import format_ipv4, parse_ipv4
from dhcpd.protocol.constants import INFINITE_S
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, count, cut, shown, want_int, want_list, want_size, want_str

_DURATION: Final = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_UNITS_S: Final = (604800, 86400, 3600, 60, 1)


# --- Numbers ---


def number(name: str, size: int, *, signed: bool = False) -> Kind:
    """Return the kind of whole numbers of `size` octets, most significant first."""
    minimum = -(1 << size * 8 - 1) if signed else 0
    maximum = (1 << size * 8 - signed) - 1

    def encode(value: object) -> bytes:
        return want_int(value, minimum, maximum).to_bytes(size, "big", signed=signed)

    def decode(data: bytes) -> Json:
        want_size(data, size)
        return int.from_bytes(data, "big", signed=signed)

    return Kind(name, f"a whole number from {minimum} to {maximum}", 1, encode, decode, size)


def numbers(name: str, item: Kind) -> Kind:
    """Return the kind of lists of the number kind `item`."""
    size = item.size or 1

    def encode(value: object) -> bytes:
        return b"".join([item.encode(member) for member in want_list(value, item.summary)])

    def decode(data: bytes) -> Json:
        return [item.decode(piece) for piece in cut(data, size)]

    return Kind(name, f"a list, each member {item.summary}", [1, 2], encode, decode)


U8: Final = number("u8", 1)
U16: Final = number("u16", 2)
U32: Final = number("u32", 4)
S8: Final = number("s8", 1, signed=True)
S16: Final = number("s16", 2, signed=True)
S32: Final = number("s32", 4, signed=True)
U8S: Final = numbers("u8s", U8)
U16S: Final = numbers("u16s", U16)
U32S: Final = numbers("u32s", U32)


def _encode_duration(value: object) -> bytes:
    if not isinstance(value, str):
        return U32.encode(value)
    if value == "infinite":
        return INFINITE_S.to_bytes(4, "big")
    match = _DURATION.fullmatch(value.strip())
    if not match or not match[0]:
        raise OptionValueError(f'must be a number of seconds or a text such as "8h", not {shown(value)}')
    seconds = sum(int(part) * unit for part, unit in zip(match.groups("0"), _UNITS_S, strict=True))
    return U32.encode(seconds)


DURATION: Final = Kind(
    "duration",
    'a number of seconds, a text such as "1d12h", or "infinite"',
    3600,
    _encode_duration,
    U32.decode,
    4,
)


def _encode_flag(value: object) -> bytes:
    if not isinstance(value, bool):
        raise OptionValueError(f"must be true or false, not {shown(value)}")
    return b"\1" if value else b"\0"


def _decode_flag(data: bytes) -> Json:
    want_size(data, 1)
    if data[0] > 1:
        raise OptionValueError(f"must be 0 or 1 on the wire, not {data[0]}")
    return data == b"\1"


def _encode_empty(value: object) -> bytes:
    if value is not True:
        raise OptionValueError(f"has no value of its own; write true to send it, not {shown(value)}")
    return b""


def _decode_empty(data: bytes) -> Json:
    want_size(data, 0)
    return True


FLAG: Final = Kind("flag", "true or false", True, _encode_flag, _decode_flag, 1)
EMPTY: Final = Kind("empty", "true, to send the option, which has no value", True, _encode_empty, _decode_empty, 0)


# --- Texts and raw octets ---


def text(name: str, *, optional: bool = False) -> Kind:
    """Return the kind of texts: UTF-8, of which the RFCs' NVT ASCII is a part, without a terminating NUL.

    Octets that are not UTF-8 are shown as U+FFFD; trailing NULs are removed (RFC 2132 §2).
    """

    def encode(value: object) -> bytes:
        written = want_str(value)
        if not written and not optional:
            raise OptionValueError("needs at least one character")
        if "\0" in written:
            raise OptionValueError("cannot contain the character NUL")
        try:
            return written.encode()
        except UnicodeEncodeError:
            raise OptionValueError(f"contains a character that UTF-8 cannot hold: {written!r:.60}") from None

    def decode(data: bytes) -> Json:
        return data.rstrip(b"\0").decode(errors="replace")

    return Kind(name, "a text", "example", encode, decode)


def opaque(name: str, *, size: int | None = None, optional: bool = False) -> Kind:
    """Return the kind of raw octets, written as hexadecimal digits: "0a1b2c", "0a:1b:2c" or "0x0a1b2c"."""

    def encode(value: object) -> bytes:
        written = want_str(value, 'hexadecimal digits such as "0a1b2c"')
        digits = re.sub("[:\\s-]", "", written.removeprefix("0x"))
        try:
            data = bytes.fromhex(digits)
        except ValueError:
            raise OptionValueError(f"must be pairs of hexadecimal digits, not {shown(value)}") from None
        return check(data)

    def decode(data: bytes) -> Json:
        return check(data).hex()

    def check(data: bytes) -> bytes:
        if size is not None:
            want_size(data, size)
        elif not data and not optional:
            raise OptionValueError("needs at least one octet")
        return data

    what = "octets" if size is None else count(size)
    return Kind(name, f"{what} as hexadecimal digits", "0a1b2c", encode, decode, size)


TEXT: Final = text("text")
OPAQUE: Final = opaque("opaque")


# --- Addresses ---


def _encode_ip(value: object) -> bytes:
    try:
        return parse_ipv4(want_str(value, "an IPv4 address")).to_bytes(4, "big")
    except OptionValueError:
        raise
    except ValueError:
        raise OptionValueError(f"must be an IPv4 address, not {shown(value)}") from None


def _decode_ip(data: bytes) -> str:
    want_size(data, 4)
    return format_ipv4(int.from_bytes(data, "big"))


def _encode_ipv6(value: object) -> bytes:
    try:
        return IPv6Address(want_str(value, "an IPv6 address").strip()).packed
    except AddressValueError:
        raise OptionValueError(f"must be an IPv6 address, not {shown(value)}") from None


def _decode_ipv6(data: bytes) -> Json:
    want_size(data, 16)
    return str(IPv6Address(data))


def _encode_ip_member(value: object) -> bytes:
    try:
        return _encode_ip(value)
    except OptionValueError:
        raise OptionValueError(f"needs IPv4 addresses, and {shown(value)} is none") from None


def _encode_ips(*, minimum: int) -> Callable[[object], bytes]:
    def encode(value: object) -> bytes:
        if not isinstance(value, list | tuple):
            raise OptionValueError(f"must be a list of IPv4 addresses, not {shown(value)}")
        if len(value) < minimum:
            raise OptionValueError("needs at least one IPv4 address")
        return b"".join([_encode_ip_member(member) for member in value])

    return encode


def _decode_ips(data: bytes) -> Json:
    return [_decode_ip(piece) for piece in cut(data, 4)]


def _decode_ips_or_none(data: bytes) -> Json:
    return _decode_ips(data) if data else []


def _encode_ip_pairs(value: object) -> bytes:
    pairs = want_list(value, "a pair of IPv4 addresses")
    data = b""
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise OptionValueError(f"needs pairs of IPv4 addresses, and {shown(pair)} is none")
        data += _encode_ip_member(pair[0]) + _encode_ip_member(pair[1])
    return data


def _decode_ip_pairs(data: bytes) -> Json:
    return [[_decode_ip(piece[:4]), _decode_ip(piece[4:])] for piece in cut(data, 8)]


IP: Final = Kind("ip", "an IPv4 address", "192.0.2.1", _encode_ip, _decode_ip, 4)
IPV6: Final = Kind("ipv6", "an IPv6 address", "2001:db8::1", _encode_ipv6, _decode_ipv6, 16)
IPS: Final = Kind(
    "ips", "one or more IPv4 addresses", ["192.0.2.1", "192.0.2.2"], _encode_ips(minimum=1), _decode_ips
)
IPS_OR_NONE: Final = Kind(
    "ips-or-none", "a list of IPv4 addresses, possibly empty", [], _encode_ips(minimum=0), _decode_ips_or_none
)
IP_PAIRS: Final = Kind(
    "ip-pairs",
    "a list of pairs of IPv4 addresses",
    [["192.0.2.0", "198.51.100.1"]],
    _encode_ip_pairs,
    _decode_ip_pairs,
)

"""How are the options written whose RFC gives them a layout of their own?"""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Final

from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, shown, want_int, want_list, want_object, want_size, want_str
from dhcpd.protocol.names import PLAIN_DOMAINS, decode_name, encode_name
from dhcpd.protocol.records import Member, listed, record, records
from dhcpd.protocol.scalars import FLAG, IP, IPS, IPS_OR_NONE, IPV6, TEXT, U8, U16, U32, opaque, text


def _encode_country(value: object) -> bytes:
    data = TEXT.encode(value)
    want_size(data, 2)
    return data


_COUNTRY: Final = Kind("country", "a country of two letters", "DE", _encode_country, TEXT.decode, 2)
_OPTIONAL_TEXT: Final = text("text", optional=True)

USER_CLASSES: Final = listed(
    "user-classes", "a list of texts, each with its length (RFC 3004 §4)", Member("class", TEXT, 1)
)
URIS: Final = listed(
    "uris",
    "a list of URIs, each with its length (RFC 8572 §8.1)",
    Member("uri", replace(TEXT, example="https://sztp.example.org"), 2),
)
SLP_AGENTS: Final = record(
    "slp-agents", "directory agents, and whether these alone may be used",
    [Member("mandatory", FLAG), Member("addresses", IPS_OR_NONE)],
)  # fmt: skip
SLP_SCOPES: Final = record(
    "slp-scopes", "service scopes, and whether these alone may be used",
    [Member("mandatory", FLAG), Member("scopes", _OPTIONAL_TEXT)],
)  # fmt: skip
ISNS: Final = record(
    "isns", "iSNS functions, access and servers",
    [Member("functions", U16), Member("discovery-access", U16), Member("administrative", U16),
     Member("security", U32), Member("servers", IPS)],
)  # fmt: skip
NDI: Final = record(
    "ndi",
    "type and version of the network interface",
    [Member("type", U8), Member("major", U8), Member("minor", U8)],
)
UUID: Final = record(
    "uuid", "type and octets of the machine's identifier", [Member("type", U8), Member("uuid", opaque("uuid"))]
)
STATUS: Final = record(
    "status", "a status code and a message", [Member("code", U8), Member("message", _OPTIONAL_TEXT)]
)
PORT_PARAMS: Final = record(
    "port-params", "offset, length and value of a port set identifier",
    [Member("offset", U8), Member("psid-length", U8), Member("psid", U16)],
)  # fmt: skip
SIX_RD: Final = record(
    "6rd", "masks, prefix and border relays of 6rd",
    [Member("ipv4-mask-length", U8), Member("prefix-length", U8), Member("prefix", IPV6),
     Member("border-relays", IPS)],
)  # fmt: skip
RDNSS: Final = record(
    "rdnss", "a preference (0 to 3), two DNS servers and the domains that they serve",
    [Member("preference", U8), Member("primary", IP), Member("secondary", IP), Member("domains", PLAIN_DOMAINS)],
)  # fmt: skip
VSS: Final = record(
    "vss",
    "type and identifier of a virtual subnet",
    [Member("type", U8), Member("vpn", opaque("vpn", optional=True))],
)
SUBNET_ALLOCATION: Final = record(
    "subnet-allocation", "flags and sub-options of RFC 6656",
    [Member("flags", U8), Member("suboptions", opaque("suboptions", optional=True))],
)  # fmt: skip
PCP_SERVERS: Final = listed("ip-lists", "a list of lists of IPv4 addresses", Member("addresses", IPS, 1))
BOOT_SERVERS: Final = records(
    "boot-servers", "a list of boot server types with their addresses",
    [Member("type", U16), Member("addresses", IPS, 1)],
)  # fmt: skip
BOOT_MENU: Final = records(
    "boot-menu", "a list of boot server types with their descriptions",
    [Member("type", U16), Member("description", TEXT, 1)],
)  # fmt: skip
MENU_PROMPT: Final = record(
    "menu-prompt", "seconds to wait (255 = for ever) and a text", [Member("timeout", U8), Member("prompt", TEXT)]
)
BACKOFF: Final = record(
    "backoff", "timeouts in seconds and a number of tries",
    [Member("nominal", U32), Member("maximum", U32), Member("retries", U32)],
)  # fmt: skip
CIVIC: Final = record(
    "civic", "what the address is of, a country and elements of RFC 4776",
    [Member("what", U8), Member("country", _COUNTRY),
     Member("elements", records("elements", "elements", [Member("type", U8), Member("value", TEXT, 1)]))],
)  # fmt: skip
VENDOR_CLASSES: Final = records(
    "vendor-classes", "a list of enterprise numbers, each with a list of items (RFC 3925 §3)",
    [Member("enterprise", U32), Member("items", listed("items", "items", Member("item", TEXT, 1)), 1)],
)  # fmt: skip


# --- 120: SIP servers, 0 = names, 1 = addresses (RFC 3361) ---


def _encode_sip(value: object) -> bytes:
    servers = [want_str(row, "a name or an IPv4 address") for row in want_list(value, "a name or an IPv4 address")]
    addresses = [_is_address(server) for server in servers]
    if all(addresses):
        return b"\1" + IPS.encode(servers)
    if any(addresses):
        raise OptionValueError("needs either names or IPv4 addresses, not both")
    return b"\0" + PLAIN_DOMAINS.encode(servers)


def _is_address(server: str) -> bool:
    try:
        IPv4Address(server.strip())
    except ValueError:
        return False
    return True


def _decode_sip(data: bytes) -> Json:
    if data[:1] not in (b"\0", b"\1"):
        raise OptionValueError("must begin with 0 (names) or 1 (addresses)")
    return IPS.decode(data[1:]) if data[0] else PLAIN_DOMAINS.decode(data[1:])


SIP: Final = Kind(
    "sip-servers", "a list of domain names, or one of IPv4 addresses", ["sip.example.org"], _encode_sip, _decode_sip
)


# --- 81: the client's name (RFC 4702): flags, two obsolete octets, and the name as labels if flag E is set ---

_E_FLAG: Final = 0x04


def _encode_fqdn(value: object) -> bytes:
    given = want_object(value, "flags", "name")
    flags = want_int(given["flags"], 0, 15)
    name = want_str(given["name"], "a domain name")
    if not flags & _E_FLAG:
        return bytes((flags, 255, 255)) + name.encode("ascii", "replace")
    labels = encode_name(name) if name else b""
    return bytes((flags, 255, 255)) + (labels if name.endswith(".") else labels[:-1])


def _decode_fqdn(data: bytes) -> Json:
    if len(data) < 3:
        raise OptionValueError("needs at least 3 octets")
    if not data[0] & _E_FLAG:
        return {"flags": data[0], "name": data[3:].rstrip(b"\0").decode("ascii", "replace")}
    ended = data[-1:] == b"\0" or len(data) == 3
    name, _ = decode_name(data if ended else data + b"\0", 3) if len(data) > 3 else ("", 3)
    return {"flags": data[0], "name": f"{name}." if ended and name else name}


FQDN: Final = Kind(
    "fqdn",
    "flags and a name, which ends with a dot if it is complete",
    {"flags": 5, "name": "host.example.org."},
    _encode_fqdn,
    _decode_fqdn,
)


# --- 123, 144: where on Earth (RFC 6225 §2.2): fixed-point numbers, 128 bits in all ---

_DEGREES: Final = 1 << 25
_METRES: Final = 1 << 8


def geo(name: str, precision: str, *, version: bool) -> Kind:
    """Return the kind of a place: latitude and longitude with 25 bits after the point, altitude with 8.

    `precision` = what the 6-bit numbers say: resolution (123) or uncertainty (144).
    """
    members = ("latitude", "longitude", "altitude-type", "altitude", "datum",
               *(f"{what}-{precision}" for what in ("latitude", "longitude", "altitude")))  # fmt: skip
    sizes = ((6, 34), (6, 34), (4, 6, 30))

    def encode(value: object) -> bytes:
        given = want_object(value, *members)
        bits = 0
        for what in ("latitude", "longitude"):
            bits = bits << 6 | want_int(given[f"{what}-{precision}"], 0, 63)
            bits = bits << 34 | _fixed(given[what], 90 if what == "latitude" else 180, _DEGREES, 34)
        bits = bits << 4 | want_int(given["altitude-type"], 0, 15)
        bits = bits << 6 | want_int(given[f"altitude-{precision}"], 0, 63)
        bits = bits << 30 | _fixed(given["altitude"], (1 << 21) - 1, _METRES, 30)
        return (bits << 8 | (0x40 if version else 0) | want_int(given["datum"], 0, 7)).to_bytes(16, "big")

    def decode(data: bytes) -> Json:
        if len(data) != 16:
            raise OptionValueError(f"needs 16 octets, not {len(data)}")
        bits, numbers, at = int.from_bytes(data, "big"), [], 128
        for size in (size for group in sizes for size in group):
            at -= size
            numbers.append(bits >> at & (1 << size) - 1)
        lat_p, lat, lon_p, lon, kind, alt_p, alt = numbers
        values = (_real(lat, _DEGREES, 34), _real(lon, _DEGREES, 34), kind, _real(alt, _METRES, 30), data[15] & 7)
        return dict(zip(members, (*values, lat_p, lon_p, alt_p), strict=True))

    example: dict[str, Json] = dict(zip(members, (52.5, 13.375, 1, 34.5, 1, 20, 20, 10), strict=True))
    return Kind(
        name, "latitude and longitude in degrees, altitude, datum and their precision", example, encode, decode, 16
    )


def _fixed(value: object, limit: int, scale: int, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
        raise OptionValueError(f"needs numbers from {-limit} to {limit}, and {shown(value)} is none")
    return round(value * scale) & (1 << bits) - 1


def _real(number: int, scale: int, bits: int) -> float:
    return (number - (1 << bits) if number >> bits - 1 else number) / scale


GEOCONF: Final = geo("geoconf", "resolution", version=False)
GEOLOC: Final = geo("geoloc", "uncertainty", version=True)

STRUCTURES: Final = (
    USER_CLASSES, URIS, SLP_AGENTS, SLP_SCOPES, ISNS, NDI, UUID, STATUS, PORT_PARAMS, SIX_RD, RDNSS, VSS,
    SUBNET_ALLOCATION, PCP_SERVERS, BOOT_SERVERS, BOOT_MENU, MENU_PROMPT, BACKOFF, CIVIC, VENDOR_CLASSES, SIP, FQDN,
    GEOCONF, GEOLOC,
)  # fmt: skip

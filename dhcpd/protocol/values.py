"""Which kinds of option value are there?"""

from ipaddress import IPv4Network
from typing import Final

from dhcpd.protocol.addresses import format_ipv4, parse_ipv4
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, shown, want_list, want_object, want_str
from dhcpd.protocol.names import DOMAIN, DOMAINS, PLAIN_DOMAINS
from dhcpd.protocol.resolvers import RESOLVERS
from dhcpd.protocol.scalars import (
    DURATION,
    EMPTY,
    FLAG,
    IP,
    IP_PAIRS,
    IPS,
    IPS_OR_NONE,
    IPV6,
    OPAQUE,
    S8,
    S16,
    S32,
    TEXT,
    U8,
    U8S,
    U16,
    U16S,
    U32,
    U32S,
)
from dhcpd.protocol.structures import STRUCTURES


def _encode_routes(value: object) -> bytes:
    """RFC 3442: prefix length, the significant octets of the destination, the router."""
    data = b""
    for row in want_list(value, "a route"):
        route = want_object(row, "destination", "router")
        destination = want_str(route["destination"], "a prefix")
        try:
            network = IPv4Network(destination)
            router = parse_ipv4(want_str(route["router"], "an IPv4 address"))
        except ValueError as error:
            raise OptionValueError(f"has a bad route: {error}") from None
        significant = (network.prefixlen + 7) // 8
        data += bytes((network.prefixlen,)) + network.network_address.packed[:significant]
        data += router.to_bytes(4, "big")
    return data


def _decode_routes(data: bytes) -> Json:
    routes: list[dict[str, Json]] = []
    while data:
        length = data[0]
        significant = (length + 7) // 8
        if length > 32 or len(data) < 5 + significant:
            raise OptionValueError(f"has a route cut short or too long: {shown(data.hex())}")
        address = int.from_bytes(data[1 : 1 + significant].ljust(4, b"\0"), "big")
        router = int.from_bytes(data[1 + significant : 5 + significant], "big")
        routes.append({"destination": f"{format_ipv4(address)}/{length}", "router": format_ipv4(router)})
        data = data[5 + significant :]
    return routes


ROUTES: Final = Kind(
    "routes",
    "a list of routes",
    [{"destination": "10.0.0.0/8", "router": "192.0.2.1"}],
    _encode_routes,
    _decode_routes,
)

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        IP, IPS, IPS_OR_NONE, IP_PAIRS, IPV6, U8, U16, U32, S8, S16, S32, U8S, U16S, U32S, FLAG, EMPTY, TEXT,
        OPAQUE, DOMAIN, DOMAINS, PLAIN_DOMAINS, ROUTES, RESOLVERS, DURATION, *STRUCTURES,
    )
}  # fmt: skip

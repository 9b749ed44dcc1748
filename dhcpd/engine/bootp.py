"""What does a client that speaks BOOTP get? RFC 951, RFC 1497, RFC 1534, RFC 1542."""

from typing import Final, NamedTuple

from dhcpd.engine.allocate import choose
from dhcpd.engine.classify import Request
from dhcpd.engine.leases import Change
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Scope, Subnet
from dhcpd.engine.table import Table
from dhcpd.engine.terms import bind
from dhcpd.protocol.constants import (
    BOOTREPLY,
    DOMAIN_NAME_SERVERS,
    HOST_NAME,
    INFINITE_S,
    MIN_MESSAGE_BYTES,
    OPTIONS_OFFSET,
    RELAY_INFO,
    ROUTERS,
    SUBNET_MASK,
)
from dhcpd.protocol.packet import Packet, encode

_DHCP_ONLY: Final = frozenset(range(50, 62))
"""RFC 2132 §9: these have no meaning in BOOTP."""
_FIRST: Final = (SUBNET_MASK, ROUTERS, DOMAIN_NAME_SERVERS, HOST_NAME)
_VENDOR_BYTES: Final = MIN_MESSAGE_BYTES - OPTIONS_OFFSET - 1  # RFC 951: the field has 64 octets; cookie and END


class Given(NamedTuple):
    """An answer and the changes before it; ip 0 = the client has an address and got only settings."""

    ip: int
    subnet: Subnet
    reply: bytes
    changes: tuple[Change, ...] = ()


def answer(request: Request, table: Table) -> tuple[Reason, Given | None]:
    """Return the outcome: the reserved address, or one of a BOOTP pool, for ever."""
    asked = request.packet
    if not any(subnet.bootp for subnet in request.subnets):
        return Reason.DROP_BOOTP_OFF, None
    if asked.ciaddr:  # RFC 951 §7.3: it knows its address and wants a boot file
        subnet = request.subnet_of(asked.ciaddr) or request.subnets[0]
        return _given(request, 0, subnet, Reason.ANSWERED_BOOTP, ())
    found = choose(request, table)
    if found is None or not found[0].bootp:
        return Reason.DROP_BOOTP_NO_ADDRESS, None
    subnet, ip = found
    if asked.secs < subnet.min_secs:
        return Reason.DROP_TOO_EARLY, None
    reason, changes = bind(request, subnet, ip, INFINITE_S, table, Reason.ASSIGNED_BOOTP)
    return _given(request, ip, subnet, reason, changes)


def _given(
    request: Request, ip: int, subnet: Subnet, reason: Reason, changes: tuple[Change, ...]
) -> tuple[Reason, Given | None]:
    scope, asked = request.scope_of(subnet, ip or request.packet.ciaddr), request.packet
    if asked.sname and asked.sname != scope.sname:  # RFC 951 §7.3: it wants another server
        return Reason.DROP_OTHER_SERVER, None
    reply = Packet(
        op=BOOTREPLY,
        htype=asked.htype,
        xid=asked.xid,
        flags=asked.flags,
        ciaddr=asked.ciaddr,
        yiaddr=ip,
        siaddr=scope.siaddr,
        giaddr=asked.giaddr,
        chaddr=asked.chaddr,
        sname=scope.sname,
        file=scope.file,
        options=_options(request, scope),
    )
    return reason, Given(ip, subnet, encode(reply, limit_bytes=MIN_MESSAGE_BYTES, order=()).data, changes)


def _options(request: Request, scope: Scope) -> dict[int, bytes]:
    """Return what fits into the vendor field, the mask first (RFC 1497); a relay's option 82 above all."""
    chosen: dict[int, bytes] = {}
    room = _VENDOR_BYTES
    offered = dict(scope.options)
    if request.reservation is not None and request.reservation.hostname:
        offered.setdefault(HOST_NAME, request.reservation.hostname.encode("ascii", "replace"))
    relay_info = request.packet.options.get(RELAY_INFO)
    if relay_info is not None:
        chosen[RELAY_INFO] = relay_info
        room -= 2 + len(relay_info)
    rest = sorted(offered.keys() - set(_FIRST) - _DHCP_ONLY)
    for code in (*_FIRST, *rest):
        if code in offered and 2 + len(offered[code]) <= room:
            chosen[code] = offered[code]
            room -= 2 + len(offered[code])
    return chosen

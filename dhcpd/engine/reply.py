"""Which bytes answer the client? RFC 2131 §4.3.1, table 3."""

from dhcpd.engine.classify import Request
from dhcpd.engine.snapshot import Scope, Subnet
from dhcpd.protocol.constants import (
    BOOTREPLY,
    BROADCAST_FLAG,
    CLIENT_ID,
    DEFAULT_DATAGRAM_BYTES,
    HOST_NAME,
    INFINITE_S,
    IP_UDP_HEADER_BYTES,
    LEASE_TIME,
    MAX_MESSAGE_SIZE,
    MESSAGE,
    MESSAGE_TYPE,
    PARAMETER_REQUEST_LIST,
    REBINDING_TIME,
    RELAY_INFO,
    RENEWAL_TIME,
    SERVER_ID,
    STATIC_ROUTES,
    SUBNET_SELECTION,
    MessageType,
)
from dhcpd.protocol.packet import Packet, encode

CLASSLESS_ROUTES = 121
ROUTERS = 3


def grant(request: Request, kind: MessageType, ip: int, subnet: Subnet, lease_s: int | None) -> bytes:
    """Return an OFFER or ACK with the address; lease_s None = settings only (INFORM): no 51, 58, 59."""
    scope = request.scope_of(subnet, ip)
    options = _opening(request, kind)
    if lease_s is not None:
        options[LEASE_TIME] = lease_s.to_bytes(4, "big")
        if lease_s != INFINITE_S:
            renew = subnet.renew_s or lease_s // 2
            rebind = subnet.rebind_s or lease_s * 7 // 8
            options[RENEWAL_TIME] = min(renew, lease_s).to_bytes(4, "big")
            options[REBINDING_TIME] = min(rebind, lease_s).to_bytes(4, "big")
    options.update(_settings(request, scope))
    _close(request, options)
    asked = request.packet
    reply = Packet(
        op=BOOTREPLY,
        htype=asked.htype,
        xid=asked.xid,
        flags=asked.flags,
        ciaddr=asked.ciaddr if kind == MessageType.ACK else 0,
        yiaddr=ip if lease_s is not None else 0,
        siaddr=scope.siaddr,
        giaddr=asked.giaddr,
        chaddr=asked.chaddr,
        sname=scope.sname,
        file=scope.file,
        options=options,
    )
    return _encode(request, reply)


def refuse(request: Request, sentence: str) -> bytes:
    """Return a NAK: only 53, 54, 56, 61 and 82; a relay is told to broadcast it (§4.3.2)."""
    asked = request.packet
    options = _opening(request, MessageType.NAK)
    options[MESSAGE] = sentence.encode("ascii", "replace")[:255]
    _close(request, options)
    reply = Packet(
        op=BOOTREPLY,
        htype=asked.htype,
        xid=asked.xid,
        flags=asked.flags | BROADCAST_FLAG if asked.giaddr else asked.flags,
        giaddr=asked.giaddr,
        chaddr=asked.chaddr,
        options=options,
    )
    return _encode(request, reply)


def _opening(request: Request, kind: MessageType) -> dict[int, bytes]:
    return {MESSAGE_TYPE: bytes((kind,)), SERVER_ID: request.server_id.to_bytes(4, "big")}


def _settings(request: Request, scope: Scope) -> dict[int, bytes]:
    """Return the options that were asked for, and those marked `always`; all of them without a list."""
    wanted = request.packet.options.get(PARAMETER_REQUEST_LIST)
    offered = scope.options
    reservation = request.reservation
    if reservation is not None and reservation.hostname and HOST_NAME not in offered:
        offered = {**offered, HOST_NAME: reservation.hostname.encode("idna", "replace")}
    if wanted is None:
        chosen = dict(offered)
    else:
        chosen = {code: offered[code] for code in wanted if code in offered}
        for code in scope.always:
            chosen.setdefault(code, offered[code])
    if CLASSLESS_ROUTES in chosen:  # RFC 3442: a client that takes 121 must ignore these
        chosen.pop(ROUTERS, None)
        chosen.pop(STATIC_ROUTES, None)
    return chosen


def _close(request: Request, options: dict[int, bytes]) -> None:
    """Echo 61 (RFC 6842), 118 (RFC 3011) and 82 (RFC 3046 §2.2)."""
    for code in (CLIENT_ID, SUBNET_SELECTION, RELAY_INFO):
        value = request.packet.options.get(code)
        if value is not None:
            options[code] = value


def _encode(request: Request, reply: Packet) -> bytes:
    said = request.packet.options.get(MAX_MESSAGE_SIZE, b"")
    limit = max(DEFAULT_DATAGRAM_BYTES, int.from_bytes(said, "big"))  # RFC 2132 §9.10: never below 576
    order = request.packet.options.get(PARAMETER_REQUEST_LIST, b"")
    return encode(reply, limit_bytes=limit - IP_UDP_HEADER_BYTES, order=order).data

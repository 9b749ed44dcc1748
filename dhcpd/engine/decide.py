"""What is done about a packet? Every outcome is a named Reason; nothing is raised for what a client sent."""

from collections.abc import Callable
from typing import Final, NamedTuple

from dhcpd.engine import reply
from dhcpd.engine.allocate import belongs_elsewhere, choose, may_have
from dhcpd.engine.classify import Ingress, Request, classify, names_other_server
from dhcpd.engine.leases import ACTIVE, DECLINED, NEVER, RELEASED, Change, Hold, Lease, LeaseChange, Unhold
from dhcpd.engine.reasons import Reason, explain
from dhcpd.engine.route import Destination, route
from dhcpd.engine.snapshot import Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import (
    BOOTREQUEST,
    HOST_NAME,
    INFINITE_S,
    LEASE_TIME,
    RELAY_INFO,
    REQUESTED_ADDRESS,
    SERVER_ID,
    VENDOR_CLASS,
    MessageType,
)
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet

DECLINE_CAP: Final = 8
"""Quarantined addresses per hardware address: a broken host must not drain a pool."""
TEXT_BYTES: Final = 255


class Decision(NamedTuple):
    """reply None = no answer; changes are to be applied, and lease changes committed, before it leaves."""

    reason: str
    reply: bytes | None = None
    destination: Destination | None = None
    changes: tuple[Change, ...] = ()


def decide(packet: Packet, ingress: Ingress, snapshot: Snapshot, table: Table, *, now: int) -> Decision:
    """Return what is to be done; `now` in whole seconds UTC. The table is only read."""
    if packet.op != BOOTREQUEST:
        return Decision(Reason.DROP_NOT_A_REQUEST)
    if packet.message_type is None:
        return Decision(Reason.DROP_NO_MESSAGE_TYPE)
    handler = _HANDLERS.get(packet.message_type)
    if handler is None:
        return Decision(Reason.DROP_UNHANDLED_TYPE)
    try:
        request = classify(packet, ingress, snapshot, table, now=now)
    except DecodeError:
        return Decision(Reason.DROP_MALFORMED_RELAY_INFO)
    if request is None:
        return Decision(Reason.DROP_NO_SUBNET)
    if not request.server_id:
        return Decision(Reason.DROP_NO_SERVER_ADDRESS)
    if not packet.chaddr and not request.client_id:
        return Decision(Reason.DROP_NO_CLIENT_IDENTITY)
    if request.matched is not None:
        if request.matched.dropped_by:
            return Decision(Reason.DROP_CLASS)
        if not request.subnets:
            return Decision(Reason.DROP_NOT_IN_CLASS)
    if not any(subnet.dhcp_enabled for subnet in request.subnets):
        return Decision(Reason.DROP_DHCP_DISABLED)
    return handler(request, snapshot, table)


def _discover(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    found = choose(request, table)
    if found is None:
        return Decision(Reason.DROP_POOL_EXHAUSTED)
    subnet, ip = found
    again = table.held_for(request.link, request.client_key, request.now) == ip
    hold = Hold(ip, request.link, request.client_key, request.now + snapshot.offer_hold_s)
    data = reply.grant(request, MessageType.OFFER, ip, subnet, _lease_s(request, subnet))
    reason = Reason.OFFERED_AGAIN if again else Reason.OFFERED
    return Decision(reason, data, _route(request, ip), (hold,))


def _request(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    """Tell the four states apart (RFC 2131 §4.3.2, table 4) and answer each."""
    if names_other_server(request):
        return Decision(Reason.DROP_OTHER_SERVER, changes=(Unhold(request.link, request.client_key),))
    asked = int.from_bytes(request.packet.options.get(REQUESTED_ADDRESS, b""), "big")
    ip = asked or request.packet.ciaddr
    if not ip:
        return Decision(Reason.DROP_NO_ADDRESS_NAMED)
    subnet = request.subnet_of(ip)
    if subnet is None or not subnet.dhcp_enabled:
        return _nak(request, Reason.NAK_WRONG_NETWORK)
    if belongs_elsewhere(request, ip, table):
        return _nak(request, Reason.NAK_RESERVATION_MOVED)
    if SERVER_ID not in request.packet.options:
        refusal = _check_record(request, subnet, ip, table)
        if refusal is not None:
            return refusal
    if not may_have(request, ip, table):
        return _nak(request, Reason.NAK_NOT_AVAILABLE)
    return _ack(request, subnet, ip, table)


def _check_record(request: Request, subnet: Subnet, ip: int, table: Table) -> Decision | None:
    """INIT-REBOOT, RENEWING, REBINDING: refuse a known client another address, and mind who is unknown."""
    reserved = request.reservation is not None and request.reservation.ip == ip
    if request.binding is not None and request.binding.ip != ip and not reserved:
        return _nak(request, Reason.NAK_WRONG_ADDRESS)
    if request.binding is None and not reserved:
        if not subnet.authoritative:
            return Decision(Reason.DROP_UNKNOWN_CLIENT)
        return _nak(request, Reason.NAK_UNKNOWN_CLIENT)
    return None


def _ack(request: Request, subnet: Subnet, ip: int, table: Table) -> Decision:
    before = table.leases.get(ip)
    lease_s = _lease_s(request, subnet)
    renewed = before is not None and before.state == ACTIVE and _owns(request, before)
    reason = Reason.RENEWED if renewed else Reason.ASSIGNED
    after = _lease(request, subnet, ip, lease_s, before if renewed else None)
    changes: list[Change] = [LeaseChange(before, after, reason)]
    left = request.binding
    if left is not None and left.ip != ip and left.state == ACTIVE:
        gone = left._replace(state=RELEASED, expires_at=request.now)
        changes.insert(0, LeaseChange(left, gone, Reason.RELEASED))
    data = reply.grant(request, MessageType.ACK, ip, subnet, lease_s)
    return Decision(reason, data, _route(request, ip), tuple(changes))


def _lease(request: Request, subnet: Subnet, ip: int, lease_s: int, renewed: Lease | None) -> Lease:
    packet, now = request.packet, request.now
    relay_info = packet.options.get(RELAY_INFO, b"")
    relay = packet.giaddr
    if renewed is not None and not relay:  # a unicast renewal: what the relay said stays known
        relay, relay_info = renewed.relay, renewed.relay_info
    hostname = _text(packet.options.get(HOST_NAME, b"")) or (renewed.hostname if renewed else "")
    if not hostname and request.reservation is not None:
        hostname = request.reservation.hostname
    return Lease(
        ip,
        ACTIVE,
        subnet.id,
        request.client_key,
        packet.chaddr,
        request.client_id,
        hostname,
        _text(packet.options.get(VENDOR_CLASS, b"")),
        renewed.started_at if renewed else now,
        now,
        NEVER if lease_s == INFINITE_S else now + lease_s,
        renewed.renewals + 1 if renewed else 0,
        relay,
        relay_info,
    )


def _release(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    lease = table.leases.get(request.packet.ciaddr)
    if names_other_server(request):
        return Decision(Reason.DROP_OTHER_SERVER)
    if lease is None or lease.state != ACTIVE or not _owns(request, lease):
        return Decision(Reason.DROP_NOT_THE_OWNER)
    after = lease._replace(state=RELEASED, expires_at=request.now)
    return Decision(Reason.RELEASED, changes=(LeaseChange(lease, after, Reason.RELEASED),))


def _decline(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    ip = int.from_bytes(request.packet.options.get(REQUESTED_ADDRESS, b""), "big")
    lease = table.leases.get(ip)
    if names_other_server(request):
        return Decision(Reason.DROP_OTHER_SERVER)
    if lease is None or lease.state != ACTIVE or not _owns(request, lease):
        return Decision(Reason.DROP_NOT_THE_OWNER)
    if table.declines_of(lease.mac) >= DECLINE_CAP:
        return Decision(Reason.DROP_DECLINE_CAP)
    after = lease._replace(state=DECLINED, expires_at=request.now + snapshot.decline_hold_s)
    return Decision(Reason.DECLINED, changes=(LeaseChange(lease, after, Reason.DECLINED),))


def _inform(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    packet = request.packet
    if not packet.ciaddr:
        return Decision(Reason.DROP_NO_ADDRESS_NAMED)
    subnet = request.subnet_of(packet.ciaddr) or request.subnets[0]
    data = reply.grant(request, MessageType.ACK, packet.ciaddr, subnet, None)
    return Decision(Reason.INFORMED, data, _route(request, packet.ciaddr))


def _nak(request: Request, reason: Reason) -> Decision:
    data = reply.refuse(request, explain(reason))
    destination = route(request.packet, request.ingress, request.relay_info, yiaddr=0, nak=True)
    return Decision(reason, data, destination)


def _route(request: Request, ip: int) -> Destination:
    return route(request.packet, request.ingress, request.relay_info, yiaddr=ip, nak=False)


def _owns(request: Request, lease: Lease) -> bool:
    if lease.client_key == request.client_key:
        return True
    return request.binding is not None and request.binding.ip == lease.ip


def _lease_s(request: Request, subnet: Subnet) -> int:
    """Return the lease time: what the client asks for within the subnet's limits, else the default."""
    asked = request.packet.options.get(LEASE_TIME)
    if asked is None:
        return subnet.lease_s
    if subnet.max_lease_s == INFINITE_S and asked == b"\xff\xff\xff\xff":
        return INFINITE_S
    return max(subnet.min_lease_s, min(int.from_bytes(asked, "big"), subnet.max_lease_s))


def _text(data: bytes) -> str:
    """Return printable text of a client's bytes, at most 255 characters."""
    text = data.rstrip(b"\0").decode("utf-8", "replace")[:TEXT_BYTES]
    return "".join(c if c.isprintable() else "?" for c in text)


_HANDLERS: dict[int, Callable[[Request, Snapshot, Table], Decision]] = {
    MessageType.DISCOVER: _discover,
    MessageType.REQUEST: _request,
    MessageType.DECLINE: _decline,
    MessageType.RELEASE: _release,
    MessageType.INFORM: _inform,
}

"""What is done about a packet? Every outcome is a named Reason; nothing is raised for what a client sent."""

from collections.abc import Callable
from typing import Final, NamedTuple

from dhcpd.engine import bootp, leasequery, reply
from dhcpd.engine.allocate import belongs_elsewhere, choose, may_have, why_nothing
from dhcpd.engine.classify import Ingress, Request, classify, names_other_server
from dhcpd.engine.floods import HOLD_S, QUARANTINE_S, Note
from dhcpd.engine.leases import ACTIVE, DECLINED, RELEASED, Change, Hold, LeaseChange, Unhold
from dhcpd.engine.newcomers import admit, flood_of, is_newcomer
from dhcpd.engine.probing import Probe, wants_probe
from dhcpd.engine.reasons import Reason, explain
from dhcpd.engine.route import Destination, route
from dhcpd.engine.snapshot import Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.engine.terms import bind, lease_seconds, owns
from dhcpd.engine.trace import Trace
from dhcpd.protocol.constants import (
    BOOTREQUEST,
    IPV6_ONLY,
    PARAMETER_REQUEST_LIST,
    RAPID_COMMIT,
    REQUESTED_ADDRESS,
    SERVER_ID,
    MessageType,
)
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet

DECLINE_CAP: Final = 8
"""Quarantined addresses per hardware address: a broken host must not drain a pool."""


class Decision(NamedTuple):
    """reply None = no answer; changes are to be applied, and lease changes committed, before it leaves.

    `probe` is a question to be asked before the packet is decided again; `delay_ms` holds the reply back.
    """

    reason: str
    reply: bytes | None = None
    destination: Destination | None = None
    changes: tuple[Change | Note, ...] = ()
    probe: Probe | None = None
    delay_ms: int = 0


def decide(
    packet: Packet, ingress: Ingress, snapshot: Snapshot, table: Table, *, now: int, trace: Trace | None = None
) -> Decision:
    """Return what is to be done; `now` in whole seconds UTC. The table is only read.

    A `trace` is told how the decision comes about, step by step.
    """
    if packet.op != BOOTREQUEST:
        return Decision(Reason.DROP_NOT_A_REQUEST)
    kind = packet.message_type
    handler = _HANDLERS.get(kind) if kind is not None else _bootp
    if handler is None:
        if kind == MessageType.LEASEQUERY:
            return Decision(*leasequery.answer(packet, ingress, snapshot, table, now=now))
        return Decision(Reason.DROP_UNHANDLED_TYPE)
    try:
        request = classify(packet, ingress, snapshot, table, now=now, trace=trace)
    except DecodeError:
        return Decision(Reason.DROP_MALFORMED_RELAY_INFO)
    if not isinstance(request, Request):
        return Decision(request)
    if not request.server_id:
        return Decision(Reason.DROP_NO_SERVER_ADDRESS)
    if not packet.chaddr and not request.client_id:
        return Decision(Reason.DROP_NO_CLIENT_IDENTITY)
    if request.matched is not None:
        if request.matched.dropped_by:
            return Decision(Reason.DROP_CLASS)
        if not request.subnets:
            return Decision(Reason.DROP_NOT_IN_CLASS)
    if snapshot.denied and packet.chaddr in snapshot.denied:
        return Decision(Reason.DROP_DENIED)
    if not any(subnet.dhcp_enabled for subnet in request.subnets):
        return Decision(Reason.DROP_DHCP_DISABLED)
    return handler(request, snapshot, table)


def _discover(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    wanted = request.packet.options.get(PARAMETER_REQUEST_LIST)
    if wanted is not None and IPV6_ONLY in wanted:
        decision = _without_ipv4(request)
        if decision is not None:
            return decision
    found = choose(request, table)
    if found is None:
        return Decision(why_nothing(request), changes=admit(request, 0, snapshot, table)[1])
    subnet, ip = found
    if request.packet.secs < subnet.min_secs:
        return Decision(Reason.DROP_TOO_EARLY)
    before = table.hold_on(ip, request.now)
    again = before is not None and before.client_key == request.client_key
    refusal, notes = admit(request, ip, snapshot, table) if not again else (None, ())
    if refusal is not None:
        return Decision(refusal, changes=notes)
    hold = _hold(request, ip, snapshot, table, probed=again and before is not None and before.probed)
    if subnet.ping_check and wants_probe(request, ip, table):
        return Decision(Reason.PROBING, changes=(hold, *notes), probe=_probe(request, ip))
    if subnet.rapid_commit and RAPID_COMMIT in request.packet.options:
        request.rapid = True  # RFC 4039 §3.1
        return _ack(request, subnet, ip, snapshot, table, Reason.ASSIGNED_RAPIDLY, notes)
    lease_s = _lease_s(request, subnet, ip, snapshot, table)
    data = reply.grant(request, MessageType.OFFER, ip, subnet, lease_s)
    reason = Reason.OFFERED_AGAIN if again else Reason.OFFERED
    return Decision(reason, data, _route(request, ip), (hold, *notes), delay_ms=subnet.offer_delay_ms)


def _hold(request: Request, ip: int, snapshot: Snapshot, table: Table, *, probed: bool = False) -> Hold:
    """Hold an offer as long as configured; a newcomer's in a flood for a short time."""
    flood = flood_of(request, snapshot, table)
    short = flood is not None and is_newcomer(request, ip, flood)
    hold_s = min(HOLD_S, snapshot.offer_hold_s) if short else snapshot.offer_hold_s
    return Hold(ip, request.link, request.client_key, request.now + hold_s, probed)


def _lease_s(request: Request, subnet: Subnet, ip: int, snapshot: Snapshot, table: Table) -> int:
    """Return the lease time; a newcomer's in a flood is the shortest until it is renewed."""
    flood = flood_of(request, snapshot, table)
    if flood is not None and (is_newcomer(request, ip, flood) or flood.is_trying(request.binding, ip, request.now)):
        return min(subnet.min_lease_s, subnet.lease_s)
    return lease_seconds(request, subnet)


def _probe(request: Request, ip: int) -> Probe:
    return Probe(ip, request.packet.chaddr, request.ingress.interface, relayed=request.packet.giaddr != 0)


def _without_ipv4(request: Request) -> Decision | None:
    """Tell a client that can do without IPv4 so, and spare the address (RFC 8925 §3.3); None = not here."""
    for subnet in request.subnets:
        if request.refusal_in(subnet) is None and IPV6_ONLY in request.scope_of(subnet, 0).options:
            data = reply.offer_nothing(request, subnet)
            return Decision(Reason.IPV6_ONLY, data, _route(request, 0))
    return None


def _bootp(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    reason, given = bootp.answer(request, table)
    if given is None:
        return Decision(reason)
    if not given.ip:  # the client has an address: settings only
        return Decision(reason, given.reply, _route(request, request.packet.ciaddr))
    refusal, notes = admit(request, given.ip, snapshot, table)
    if refusal is not None:
        return Decision(refusal, changes=notes)
    if given.subnet.ping_check and wants_probe(request, given.ip, table):
        hold = _hold(request, given.ip, snapshot, table)
        return Decision(Reason.PROBING, changes=(hold, *notes), probe=_probe(request, given.ip))
    return Decision(reason, given.reply, _route(request, given.ip), (*given.changes, *notes))


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
    if request.refusal_in(subnet) is not None:
        return _nak(request, Reason.NAK_NOT_SERVED)
    if belongs_elsewhere(request, ip, table):
        return _nak(request, Reason.NAK_RESERVATION_MOVED)
    if SERVER_ID not in request.packet.options:
        refusal = _check_record(request, subnet, ip, table)
        if refusal is not None:
            return refusal
    if not may_have(request, subnet, ip, table):
        return _nak(request, Reason.NAK_NOT_AVAILABLE)
    if request.binding is None and table.held_for(request.link, request.client_key, request.now) != ip:
        kept_from, notes = admit(request, ip, snapshot, table)
        if kept_from is not None:
            return Decision(kept_from, changes=notes)
        return _ack(request, subnet, ip, snapshot, table, Reason.ASSIGNED, notes)
    return _ack(request, subnet, ip, snapshot, table, Reason.ASSIGNED)


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


def _ack(
    request: Request,
    subnet: Subnet,
    ip: int,
    snapshot: Snapshot,
    table: Table,
    new: Reason,
    notes: tuple[Note, ...] = (),
) -> Decision:
    lease_s = _lease_s(request, subnet, ip, snapshot, table)
    reason, changes = bind(request, subnet, ip, lease_s, table, new)
    data = reply.grant(request, MessageType.ACK, ip, subnet, lease_s)
    return Decision(reason, data, _route(request, ip), (*changes, *notes))


def _release(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    lease = table.leases.get(request.packet.ciaddr)
    if names_other_server(request):
        return Decision(Reason.DROP_OTHER_SERVER)
    if lease is None or lease.state != ACTIVE or not owns(request, lease):
        return Decision(Reason.DROP_NOT_THE_OWNER)
    after = lease._replace(state=RELEASED, expires_at=request.now)
    return Decision(Reason.RELEASED, changes=(LeaseChange(lease, after, Reason.RELEASED),))


def _decline(request: Request, snapshot: Snapshot, table: Table) -> Decision:
    ip = int.from_bytes(request.packet.options.get(REQUESTED_ADDRESS, b""), "big")
    lease = table.leases.get(ip)
    if names_other_server(request):
        return Decision(Reason.DROP_OTHER_SERVER)
    if lease is None or lease.state != ACTIVE or not owns(request, lease):
        return Decision(Reason.DROP_NOT_THE_OWNER)
    if table.declines_of(lease.mac) >= DECLINE_CAP:
        return Decision(Reason.DROP_DECLINE_CAP)
    flood = flood_of(request, snapshot, table)
    hold_s = snapshot.decline_hold_s if flood is None else min(QUARANTINE_S, snapshot.decline_hold_s)
    after = lease._replace(state=DECLINED, expires_at=request.now + hold_s)
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


_HANDLERS: dict[int, Callable[[Request, Snapshot, Table], Decision]] = {
    MessageType.DISCOVER: _discover,
    MessageType.REQUEST: _request,
    MessageType.DECLINE: _decline,
    MessageType.RELEASE: _release,
    MessageType.INFORM: _inform,
}

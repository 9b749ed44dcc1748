"""Who is asking, from which link, through which relay?"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from dhcpd.engine.facts import Facts
from dhcpd.engine.leases import Lease
from dhcpd.engine.policy import refusals
from dhcpd.engine.reasons import Reason
from dhcpd.engine.scopes import Matched
from dhcpd.engine.snapshot import Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.engine.trace import Trace
from dhcpd.protocol.addresses import format_ipv4, format_mac
from dhcpd.protocol.constants import (
    CLIENT_ID,
    LINK_SELECTION,
    MESSAGE_TYPE,
    RELAY_INFO,
    SERVER_ID,
    SERVER_ID_OVERRIDE,
    SUBNET_SELECTION,
    VIRTUAL_SUBNET,
)
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet
from dhcpd.protocol.relay import RELAY_KINDS, decode_relay_info

DUID_TYPE: Final = 255
"""First octet of a client identifier that holds an IAID of four octets, then a DUID (RFC 4361 §6.1)."""
GLOBAL_VPN: Final = b"\xff"
"""First octet of 82.151 when the relay means the one network that everybody shares (RFC 6607 §3)."""


class Ingress(NamedTuple):
    """How a datagram came in: interface, its address, the sender, and every address of this server."""

    interface: str
    server_ip: int
    source: int
    source_port: int
    own: frozenset[int]


@dataclass(slots=True, eq=False)
class Request:
    """A packet with all that is known of its sender. Addresses are ints; no relay: relay_info empty.

    matched: the sender's classes; None = no class is configured.
    `port` is the sub-option by which the reservation was found, if a relay vouched for it. `refusals` holds, by
    subnet, why this client gets nothing there; None = nothing was asked about it. `trace` None = nobody reads it.
    """

    packet: Packet
    ingress: Ingress
    now: int
    subnets: tuple[Subnet, ...]
    link: int
    client_key: bytes
    client_id: bytes
    relay_info: dict[int, bytes]
    server_id: int
    binding: Lease | None
    reservation: Reservation | None
    matched: Matched | None = None
    trace: Trace | None = None
    port: tuple[int, bytes] | None = None
    refusals: dict[int, Reason] | None = None
    rapid: bool = False

    @property
    def is_bootp(self) -> bool:
        """Tell whether the client speaks BOOTP: without a message type (RFC 1534 §2)."""
        return MESSAGE_TYPE not in self.packet.options

    def subnet_of(self, ip: int) -> Subnet | None:
        """Return the subnet of the link that holds the address."""
        for subnet in self.subnets:
            if subnet.first <= ip <= subnet.last:
                return subnet
        return None

    def refusal_in(self, subnet: Subnet) -> Reason | None:
        """Return why the client gets nothing in the subnet; None = it may."""
        return self.refusals.get(subnet.id) if self.refusals is not None else None

    def scope_of(self, subnet: Subnet, ip: int) -> Scope:
        """Return the settings in force: reservation > pool > class > subnet and what is above it."""
        if self.reservation is not None and self.reservation.subnet_id == subnet.id:
            scope = self.reservation.scope
        else:
            pool = subnet.pool_of(ip)
            scope = pool.scope if pool else subnet.scope
        if self.matched is None or not self.matched.layers:
            return scope
        return scope.for_classes(self.matched)

    def admits(self, guard: str | None) -> bool:
        """Tell whether a pool or subnet with this guard serves the sender."""
        return guard is None or (self.matched is not None and guard in self.matched.names)


def classify(
    packet: Packet,
    ingress: Ingress,
    snapshot: Snapshot,
    table: Table,
    *,
    now: int,
    trace: Trace | None = None,
) -> Request | Reason:
    """Return the request with its link and client, or why it can have none.

    Raises DecodeError on malformed relay information.
    """
    data = packet.options.get(RELAY_INFO)
    relay_info = decode_relay_info(data) if data else {}
    if VIRTUAL_SUBNET in relay_info and relay_info[VIRTUAL_SUBNET][:1] != GLOBAL_VPN:
        return Reason.DROP_VIRTUAL_SUBNET
    link = find_link(packet, relay_info, ingress, snapshot, trace)
    subnets = snapshot.links.get(link) if link is not None else None
    if link is None or not subnets:
        return Reason.DROP_UNKNOWN_RELAY if packet.giaddr else Reason.DROP_NO_SUBNET
    override = relay_info.get(SERVER_ID_OVERRIDE, b"")
    server_id = int.from_bytes(override, "big") if len(override) == 4 else ingress.server_ip
    client_id = packet.options.get(CLIENT_ID, b"")
    use_id = client_id and not subnets[0].ignore_client_id
    key = b"\1" + client_id if use_id else b"\0" + bytes((packet.htype,)) + packet.chaddr
    binding = table.binding(link, key, packet.chaddr)
    request = Request(
        packet, ingress, now, subnets, link, key, client_id, relay_info, server_id, binding, None, trace=trace
    )
    if snapshot.classes is not None:
        relay, said = relay_of(request)
        request.matched = snapshot.classes.match(
            Facts(packet.options, packet.chaddr, relay, ingress.interface, said)
        )
        request.subnets = subnets = tuple([s for s in subnets if request.admits(s.guard)])
    if snapshot.reservations:
        _find_reservation(request, snapshot)
    if link in snapshot.policed:
        request.refusals = refusals(subnets, packet.chaddr, known=request.reservation is not None)
    if trace is not None:
        _tell(request, trace)
    return request


def _find_reservation(request: Request, snapshot: Snapshot) -> None:
    """Note the reservation of the first identifier that has one; and the port, if a relay told it."""
    for kind, value, code in _identifiers(request, snapshot.kinds):
        found = snapshot.reserved_for(request.subnets, ((kind, value),))
        if found is not None:
            request.reservation = found
            request.port = (code, value) if code else None
            return


def _identifiers(request: Request, kinds: frozenset[str]) -> list[tuple[str, bytes, int]]:
    """Return the sender's identifiers of the kinds that reservations use, with the relay's sub-option or 0."""
    found: list[tuple[str, bytes, int]] = []
    client_id = request.client_id
    if request.packet.chaddr:
        found.append(("mac", request.packet.chaddr, 0))
    if client_id:
        found.append(("client_id", client_id, 0))
        if client_id[0] == DUID_TYPE and "duid" in kinds:
            found.append(("duid", client_id[5:], 0))
    if not kinds.isdisjoint(_RELAY_KIND_NAMES):
        _, relay_info = relay_of(request)
        found += [(kind, relay_info[code], code) for kind, code in RELAY_KINDS if code in relay_info]
    return found


_RELAY_KIND_NAMES: Final = frozenset(kind for kind, _ in RELAY_KINDS)


def relay_of(request: Request) -> tuple[int, dict[int, bytes]]:
    """Return the relay and what it said; for a client that renews without its relay, what is stored of it."""
    binding, giaddr = request.binding, request.packet.giaddr
    if giaddr or request.relay_info or binding is None or not binding.relay:
        return giaddr, request.relay_info
    return binding.relay, stored_relay_info(binding)


def stored_relay_info(lease: Lease) -> dict[int, bytes]:
    """Return the sub-options kept with a lease; {} when there are none."""
    try:
        return decode_relay_info(lease.relay_info)
    except DecodeError:  # it was checked when it was stored; an edited row must not stop service
        return {}


def find_link(
    packet: Packet, relay_info: dict[int, bytes], ingress: Ingress, snapshot: Snapshot, trace: Trace | None = None
) -> int | None:
    """Return the link: option 82.5 (RFC 3527), 118 (RFC 3011), giaddr, ciaddr, the receiving interface."""
    selection = relay_info.get(LINK_SELECTION) if relay_info else None
    if selection is not None:
        return _link_of(int.from_bytes(selection, "big"), "the relay's link selection (82.5)", snapshot, trace)
    selection = packet.options.get(SUBNET_SELECTION)
    if selection is not None:
        return _link_of(int.from_bytes(selection, "big"), "the subnet selection option (118)", snapshot, trace)
    if packet.giaddr:
        link = snapshot.relays.get(packet.giaddr)
        if link is not None and trace is not None:
            trace.say("link", f"The relay {format_ipv4(packet.giaddr)} is listed with a subnet.")
        return link if link is not None else _link_of(packet.giaddr, "the relay's address", snapshot, trace)
    if packet.ciaddr:
        subnet = snapshot.subnet_of(packet.ciaddr)
        if subnet:
            return _link_of(packet.ciaddr, "the client's own address", snapshot, trace)
    if trace is not None:
        trace.say("link", f"The packet came in on the interface {ingress.interface}.")
    return snapshot.interfaces.get(ingress.interface)


def _link_of(ip: int, how: str, snapshot: Snapshot, trace: Trace | None) -> int | None:
    subnet = snapshot.subnet_of(ip)
    if trace is not None:
        found = f"lies in subnet {subnet.id}" if subnet else "lies in no subnet that is served"
        trace.say("link", f"{format_ipv4(ip)}, {how}, {found}.")
    return subnet.link if subnet else None


def _tell(request: Request, trace: Trace) -> None:
    packet, binding, reservation = request.packet, request.binding, request.reservation
    names = ", ".join(str(subnet.id) for subnet in request.subnets)
    trace.say("link", f"Subnets on this link: {names}.")
    known = "its client identifier" if request.client_key[:1] == b"\1" else "its hardware address"
    trace.say("client", f"{format_mac(packet.chaddr) or 'The client'} is recognised by {known}.")
    if reservation is not None:
        promised = format_ipv4(reservation.ip) if reservation.ip else "settings, without an address"
        by = " by what its relay says" if request.port else ""
        trace.say("reservation", f"Reservation {reservation.id} matches{by}: {promised}.")
    else:
        trace.say("reservation", "No reservation on this link matches.")
    if binding is not None:
        trace.say("binding", f"Its last lease here is {format_ipv4(binding.ip)}, now {binding.state}.")
    for subnet_id, reason in (request.refusals or {}).items():
        trace.say("policy", f"Subnet {subnet_id} does not serve this client: {reason}.")


def names_other_server(request: Request) -> bool:
    """Tell whether option 54 names a server that is not this one."""
    named = request.packet.options.get(SERVER_ID)
    if named is None:
        return False
    address = int.from_bytes(named, "big")
    return address != request.server_id and address not in request.ingress.own

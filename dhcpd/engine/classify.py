"""Who is asking, from which link, through which relay?"""

from dataclasses import dataclass
from typing import NamedTuple

from dhcpd.engine.facts import Facts
from dhcpd.engine.leases import Lease
from dhcpd.engine.scopes import Matched
from dhcpd.engine.snapshot import Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import CLIENT_ID, RELAY_INFO, SERVER_ID, SUBNET_SELECTION
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet
from dhcpd.protocol.relay import decode_relay_info

CIRCUIT_ID = 1
REMOTE_ID = 2
LINK_SELECTION = 5
SERVER_ID_OVERRIDE = 11


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

    def subnet_of(self, ip: int) -> Subnet | None:
        """Return the subnet of the link that holds the address."""
        for subnet in self.subnets:
            if subnet.first <= ip <= subnet.last:
                return subnet
        return None

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


def classify(packet: Packet, ingress: Ingress, snapshot: Snapshot, table: Table, *, now: int) -> Request | None:
    """Return the request with its link and client; None when no subnet is planned for the link.

    Raises DecodeError on malformed relay information.
    """
    data = packet.options.get(RELAY_INFO)
    relay_info = decode_relay_info(data) if data else {}
    link = find_link(packet, relay_info, ingress, snapshot)
    subnets = snapshot.links.get(link) if link is not None else None
    if link is None or not subnets:
        return None
    override = relay_info.get(SERVER_ID_OVERRIDE, b"")
    server_id = int.from_bytes(override, "big") if len(override) == 4 else ingress.server_ip
    client_id = packet.options.get(CLIENT_ID, b"")
    use_id = client_id and not subnets[0].ignore_client_id
    key = b"\1" + client_id if use_id else b"\0" + bytes((packet.htype,)) + packet.chaddr
    binding = table.binding(link, key, packet.chaddr)
    request = Request(packet, ingress, now, subnets, link, key, client_id, relay_info, server_id, binding, None)
    if snapshot.classes is not None:
        relay, said = _relay_of(request)
        request.matched = snapshot.classes.match(
            Facts(packet.options, packet.chaddr, relay, ingress.interface, said)
        )
        request.subnets = subnets = tuple([s for s in subnets if request.admits(s.guard)])
    if snapshot.reservations:
        request.reservation = snapshot.reserved_for(subnets, _identifiers(request))
    return request


def _identifiers(request: Request) -> list[tuple[str, bytes]]:
    """Return the sender's identifiers."""
    found = [("mac", request.packet.chaddr)] if request.packet.chaddr else []
    if request.client_id:
        found.append(("client_id", request.client_id))
    _, relay_info = _relay_of(request)
    if CIRCUIT_ID in relay_info:
        found.append(("circuit_id", relay_info[CIRCUIT_ID]))
    if REMOTE_ID in relay_info:
        found.append(("remote_id", relay_info[REMOTE_ID]))
    return found


def _relay_of(request: Request) -> tuple[int, dict[int, bytes]]:
    """Return the relay and what it said; for a sender that renews without its relay what is stored of it."""
    binding, giaddr = request.binding, request.packet.giaddr
    if giaddr or request.relay_info or binding is None or not binding.relay:
        return giaddr, request.relay_info
    try:
        return binding.relay, decode_relay_info(binding.relay_info)
    except DecodeError:  # it was checked when it was stored; an edited row must not stop service
        return binding.relay, {}


def find_link(packet: Packet, relay_info: dict[int, bytes], ingress: Ingress, snapshot: Snapshot) -> int | None:
    """Return the link: option 82.5 (RFC 3527), 118 (RFC 3011), giaddr, ciaddr, the receiving interface."""
    for selection in (relay_info.get(LINK_SELECTION, b""), packet.options.get(SUBNET_SELECTION, b"")):
        if len(selection) == 4:
            subnet = snapshot.subnet_of(int.from_bytes(selection, "big"))
            return subnet.link if subnet else None
    if packet.giaddr:
        subnet = snapshot.subnet_of(packet.giaddr)
        return subnet.link if subnet else snapshot.relays.get(packet.giaddr)
    if packet.ciaddr:
        subnet = snapshot.subnet_of(packet.ciaddr)
        if subnet:
            return subnet.link
    return snapshot.interfaces.get(ingress.interface)


def names_other_server(request: Request) -> bool:
    """Tell whether option 54 names a server that is not this one."""
    named = request.packet.options.get(SERVER_ID)
    if named is None:
        return False
    address = int.from_bytes(named, "big")
    return address != request.server_id and address not in request.ingress.own

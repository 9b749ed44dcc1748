"""May a client that nobody knows take an address now? Floods, and the clients behind one port of a relay."""

from typing import Final

from dhcpd.engine.classify import Request, stored_relay_info
from dhcpd.engine.floods import Flood, Newcomer, Note, Returned
from dhcpd.engine.leases import ACTIVE
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import EVERYWHERE, OFF, Snapshot
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import CIRCUIT_ID

COUNTED: Final = 65_536
"""Pools up to this size are counted address by address while a flood lasts, once a second: some 10 ms."""


def flood_of(request: Request, snapshot: Snapshot, table: Table) -> Flood | None:
    """Return the flood on the client's link, if one lasts and the link is defended."""
    if not table.floods or not _is_defended(request, snapshot):
        return None
    flood = table.floods.get(request.link)
    return flood if flood is not None and flood.is_on(request.now) else None


def _is_defended(request: Request, snapshot: Snapshot) -> bool:
    if snapshot.defence == OFF:
        return False
    return not request.packet.giaddr or snapshot.defence == EVERYWHERE


def is_newcomer(request: Request, ip: int, flood: Flood | None) -> bool:
    """Tell whether the client takes an address away from those who are known here."""
    binding = request.binding
    if request.reservation is not None or (binding is not None and binding.ip == ip and binding.state == ACTIVE):
        return False
    return binding is None or (flood is not None and not flood.knows(binding))


def admit(request: Request, ip: int, snapshot: Snapshot, table: Table) -> tuple[Reason | None, tuple[Note, ...]]:
    """Return why a client may not have the address yet (None = it may), and what is to be noted of it.

    Called for an address that the client has not been offered already.
    """
    defended, limit = _is_defended(request, snapshot), snapshot.clients_per_port
    if not defended and not limit:
        return None, ()
    flood = flood_of(request, snapshot, table)
    if not is_newcomer(request, ip, flood):
        return None, (Returned(request.link, request.client_key),) if flood is not None and request.binding else ()
    now, port = request.now, request.relay_info.get(CIRCUIT_ID, b"") if limit else b""
    reason = None
    if port and clients_on(table, request.link, port, now) >= limit:
        reason = Reason.DROP_PORT_FULL
    elif flood is not None:
        reason = _refuse(request, flood)
    known = table.floods.get(request.link)
    counted = defended and known is not None and known.wants_count(now)
    spare = spare_on(snapshot, table, request.link, now) if counted else None
    return reason, (Newcomer(request.link, request.client_key, now, 0 if reason else ip, spare, port),)


def _refuse(request: Request, flood: Flood) -> Reason | None:
    if request.trace is not None:
        request.trace.say("policy", f"New clients flood this network, {flood.rate(request.now):.0f} a second.")
    if not flood.came_back(request.client_key, request.now):
        return Reason.DROP_NEWCOMER
    return Reason.DROP_KEPT_FOR_KNOWN if flood.spare <= 0 else None


def spare_on(snapshot: Snapshot, table: Table, link: int, now: int) -> int:
    """Return how many free addresses of the link's pools are not kept for known clients; of a vast pool, about."""
    spare = 0
    for pool in (pool for subnet in snapshot.links.get(link, ()) for pool in subnet.pools):
        size = pool.last - pool.first + 1
        if size > COUNTED:
            spare += table.left_in(pool)
        else:
            spare += sum(1 for ip in range(pool.first, pool.last + 1) if table.is_free(ip, now))
        spare -= size * snapshot.known_reserve_percent // 100
    return spare


def clients_on(table: Table, link: int, port: bytes, now: int) -> int:
    """Return how many addresses are leased or offered behind a relay's port (82.1)."""
    given = table.on_port.get((link, port), set())
    for ip in [ip for ip in given if table.is_free(ip, now) or not _came_from(table, ip, port, now)]:
        given.discard(ip)
    return len(given)


def _came_from(table: Table, ip: int, port: bytes, now: int) -> bool:
    lease = table.leases.get(ip)
    return table.hold_on(ip, now) is not None or lease is None or stored_relay_info(lease).get(CIRCUIT_ID) == port

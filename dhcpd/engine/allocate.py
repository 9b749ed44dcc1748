"""Which address shall the client have? RFC 2131 §4.3.1."""

from dhcpd.engine.classify import Request, stored_relay_info
from dhcpd.engine.leases import ACTIVE
from dhcpd.engine.policy import admits
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Pool, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import format_ipv4
from dhcpd.protocol.constants import REQUESTED_ADDRESS


def choose(request: Request, table: Table) -> tuple[Subnet, int] | None:
    """Return subnet and address: reserved, offered, bound before, asked for, else a new one."""
    for why, ip in _wishes(request, table):
        subnet = request.subnet_of(ip)
        if subnet is None or not subnet.dhcp_enabled or request.refusal_in(subnet) is not None:
            continue
        fits = may_have(request, subnet, ip, table)
        if request.trace is not None:
            verdict = "it is free for this client" if fits else "it is taken, or outside the client's pools"
            request.trace.say("address", f"{format_ipv4(ip)} ({why}): {verdict}.")
        if fits:
            return subnet, ip
    return _choose_new(request, table)


def _choose_new(request: Request, table: Table) -> tuple[Subnet, int] | None:
    for subnet in request.subnets:
        if not subnet.dhcp_enabled or request.refusal_in(subnet) is not None:
            continue
        for pool in subnet.pools:
            if (subnet.guarded or request.is_bootp) and not _admits(request, pool):
                continue
            found = table.next_free(pool, request.client_key, request.now)
            if request.trace is not None:
                left = f"{format_ipv4(found)} is the next free address" if found else "no address is free"
                request.trace.say("address", f"Pool {pool.id} of subnet {subnet.id}: {left}.")
            if found is not None:
                return subnet, found
    return None


def _wishes(request: Request, table: Table) -> list[tuple[str, int]]:
    wishes = []
    if request.reservation is not None and request.reservation.ip is not None:
        wishes.append(("reserved", request.reservation.ip))
    held = table.held_for(request.link, request.client_key, request.now)
    if held is not None:
        wishes.append(("offered before", held))
    if request.binding is not None:
        wishes.append(("its last lease", request.binding.ip))
    asked = request.packet.options.get(REQUESTED_ADDRESS)
    if asked is not None:
        wishes.append(("asked for", int.from_bytes(asked, "big")))
    return wishes


def _admits(request: Request, pool: Pool) -> bool:
    known = request.reservation is not None
    return request.admits(pool.guard) and admits(pool, known=known, bootp=request.is_bootp)


def may_have(request: Request, subnet: Subnet, ip: int, table: Table) -> bool:
    """Tell whether the address can be this client's: its reservation, its lease, or free in a pool for it."""
    reservation, binding = request.reservation, request.binding
    keys: tuple[bytes, ...] = (request.client_key,)
    if binding is not None and binding.ip == ip and binding.state == ACTIVE:
        keys = (request.client_key, binding.client_key)  # the boot ROM's lease, now asked for by the OS
    if reservation is not None and reservation.ip == ip:
        return table.is_free_for(ip, _keys_of_port(request, ip, table, keys), request.now)
    if not table.is_allocatable(ip, keys, request.now):
        return False
    if not subnet.guarded and not request.is_bootp:
        return True
    pool = subnet.pool_of(ip)
    return pool is not None and _admits(request, pool)


def _keys_of_port(request: Request, ip: int, table: Table, keys: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Add the holder that came through the same port: what is promised to a port goes to the device now on it."""
    holder = table.leases.get(ip)
    if request.port is None or holder is None:
        return keys
    code, value = request.port
    return (*keys, holder.client_key) if stored_relay_info(holder).get(code) == value else keys


def belongs_elsewhere(request: Request, ip: int, table: Table) -> bool:
    """Tell whether another address is reserved for the client and free to move to."""
    reservation = request.reservation
    if reservation is None or reservation.ip is None or reservation.ip == ip:
        return False
    keys = _keys_of_port(request, reservation.ip, table, (request.client_key,))
    return table.is_free_for(reservation.ip, keys, request.now)


def why_nothing(request: Request) -> Reason:
    """Return why `choose` found no address."""
    refused = [request.refusal_in(subnet) for subnet in request.subnets]
    first = next((reason for reason in refused if reason is not None), None)
    return first if first is not None and all(refused) else Reason.DROP_POOL_EXHAUSTED

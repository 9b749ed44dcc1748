"""Which address shall the client have? RFC 2131 §4.3.1."""

from dhcpd.engine.classify import Request
from dhcpd.engine.leases import ACTIVE
from dhcpd.engine.snapshot import Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import REQUESTED_ADDRESS


def choose(request: Request, table: Table) -> tuple[Subnet, int] | None:
    """Return subnet and address: reserved, offered, bound before, asked for, else a new one."""
    for ip in _wishes(request, table):
        subnet = request.subnet_of(ip) if ip else None
        if subnet is not None and subnet.dhcp_enabled and may_have(request, ip, table):
            return subnet, ip
    for subnet in request.subnets:
        for pool in subnet.pools if subnet.dhcp_enabled else ():
            if pool.guard is not None and not request.admits(pool.guard):
                continue
            found = table.next_free(pool, request.client_key, request.now)
            if found is not None:
                return subnet, found
    return None


def _wishes(request: Request, table: Table) -> list[int]:
    reserved = request.reservation.ip if request.reservation else None
    held = table.held_for(request.link, request.client_key, request.now)
    bound = request.binding.ip if request.binding else None
    asked = int.from_bytes(request.packet.options.get(REQUESTED_ADDRESS, b""), "big")
    return [ip for ip in (reserved, held, bound, asked) if ip]


def may_have(request: Request, ip: int, table: Table) -> bool:
    """Tell whether the address can be this client's: its reservation, its lease, or free in a pool."""
    reservation, binding = request.reservation, request.binding
    keys: tuple[bytes, ...] = (request.client_key,)
    if binding is not None and binding.ip == ip and binding.state == ACTIVE:
        keys = (request.client_key, binding.client_key)  # the boot ROM's lease, now asked for by the OS
    if reservation is not None and reservation.ip == ip:
        return table.is_free_for(ip, keys, request.now)
    if request.matched is not None and not _admitted(request, ip):
        return False
    return table.is_allocatable(ip, keys, request.now)


def _admitted(request: Request, ip: int) -> bool:
    """Tell whether the address's pool is open to the client's classes."""
    subnet = request.subnet_of(ip)
    pool = subnet.pool_of(ip) if subnet is not None else None
    return pool is None or request.admits(pool.guard)


def belongs_elsewhere(request: Request, ip: int, table: Table) -> bool:
    """Tell whether another address is reserved for the client and free to move to."""
    reservation = request.reservation
    if reservation is None or reservation.ip is None or reservation.ip == ip:
        return False
    return table.is_free_for(reservation.ip, (request.client_key,), request.now)

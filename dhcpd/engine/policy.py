"""Who is served in which subnet, and by which pool?"""

from collections.abc import Iterable

from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import ALL, BOOTP, DENY, KNOWN, Pool, Subnet
from dhcpd.protocol.addresses import is_locally_administered


def refusals(subnets: Iterable[Subnet], mac: bytes, *, known: bool) -> dict[int, Reason]:
    """Return, by subnet, why the client gets nothing there. `known` = it has a reservation on the link."""
    found: dict[int, Reason] = {}
    for subnet in subnets:
        if subnet.known_only and not known:
            found[subnet.id] = Reason.DROP_KNOWN_CLIENTS_ONLY
        elif _refuses_random(subnet, known=known) and is_locally_administered(mac):
            found[subnet.id] = Reason.DROP_RANDOM_MAC
    return found


def _refuses_random(subnet: Subnet, *, known: bool) -> bool:
    return subnet.random_macs == DENY or (subnet.random_macs == KNOWN and not known)


def admits(pool: Pool, *, known: bool, bootp: bool) -> bool:
    """Tell whether the pool is for such a client; one that speaks BOOTP is served by pools of its own."""
    if bootp or pool.clients == BOOTP:
        return bootp and pool.clients == BOOTP
    return pool.clients == ALL or (pool.clients == KNOWN) == known

"""Is an address to be probed before it is offered, and what does an answer mean? RFC 2131 §4.3.1.

The worker asks (ARP on the link, ICMP echo behind a relay) and goes on serving; the outcome is another input:
silence lets the client's packet be decided again, an answer quarantines the address first.
"""

from typing import NamedTuple

from dhcpd.engine.classify import Request
from dhcpd.engine.leases import ACTIVE, CONFLICT, Hold, Lease, LeaseChange, Unhold
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Snapshot
from dhcpd.engine.table import Table


class Probe(NamedTuple):
    """Does anybody but this client use the address? Asked by ARP on the interface; by ICMP when relayed."""

    ip: int
    client: bytes
    interface: str
    relayed: bool


def wants_probe(request: Request, ip: int, table: Table) -> bool:
    """Tell whether it is unknown who uses the address: it is neither the client's lease nor probed for it."""
    binding = request.binding
    if binding is not None and binding.ip == ip and binding.state == ACTIVE:
        return False
    hold = table.hold_on(ip, request.now)
    return hold is None or not hold.probed or hold.client_key != request.client_key


def on_silence(ip: int, table: Table, *, now: int) -> tuple[Hold, ...]:
    """Return the change after a probe that nobody answered; nothing when the offer is gone."""
    hold = table.hold_on(ip, now)
    return () if hold is None else (hold._replace(probed=True),)


def on_answer(
    ip: int, mac: bytes, snapshot: Snapshot, table: Table, *, now: int
) -> tuple[Unhold | LeaseChange, ...]:
    """Return the changes after an answer: the offer ends and the address is quarantined as a conflict.

    `mac` is the host that answered, empty when unknown (ICMP). Nothing, when somebody leases the address by now.
    """
    before, hold, subnet = table.leases.get(ip), table.hold_on(ip, now), snapshot.subnet_of(ip)
    if subnet is None or (before is not None and before.state == ACTIVE and before.expires_at > now):
        return ()
    until = now + snapshot.decline_hold_s
    lease = Lease(ip, CONFLICT, subnet.id, b"\2" + mac, mac, b"", "", "", now, now, until, 0, 0, b"")
    ended = () if hold is None else (Unhold(hold.link, hold.client_key),)
    return (*ended, LeaseChange(before, lease, Reason.CONFLICT))

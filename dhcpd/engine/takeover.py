"""May a lease that another server gave become ours, so that its client renews it here without noticing?"""

from typing import Final, NamedTuple

from dhcpd.engine.leases import ACTIVE, DECLINED, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Snapshot
from dhcpd.engine.table import Table

TAKEN: Final = "taken"
UNDONE: Final = "undone"


class Foreign(NamedTuple):
    """A lease as another server had it; moments are whole seconds UTC, started_at 0 = unknown."""

    ip: int
    state: str
    htype: int
    mac: bytes
    client_id: bytes
    hostname: str
    vendor_class: str
    started_at: int
    expires_at: int
    relay_info: bytes


def take_over(foreign: Foreign, snapshot: Snapshot, table: Table, *, now: int) -> LeaseChange | str:
    """Return the change that makes the lease ours, or the sentence that says why it is left out."""
    subnet = snapshot.subnet_of(foreign.ip)
    if subnet is None or not subnet.dhcp_enabled:
        return "The address is in no subnet that DHCP serves."
    if foreign.ip in snapshot.blocked:
        return "The address is never leased here: it is a gateway, in use, or excluded."
    if foreign.expires_at <= now:
        return "The lease ran out."
    known = bool(foreign.client_id) and not subnet.ignore_client_id
    key = b"\1" + foreign.client_id if known else b"\0" + bytes((foreign.htype,)) + foreign.mac
    present = table.leases.get(foreign.ip)
    if present is not None and present.state == ACTIVE and present.client_key == key and present.expires_at > now:
        return "The client holds the address here already."
    if not table.is_free_for(foreign.ip, (key,), now):
        return "Another client holds the address here, or was just offered it."
    if _is_promised_to_another(foreign, snapshot, subnet.link):
        return "The address is reserved for another device."
    state = DECLINED if foreign.state == DECLINED else ACTIVE
    after = Lease(
        foreign.ip, state, subnet.id, key, foreign.mac, foreign.client_id, foreign.hostname, foreign.vendor_class,
        foreign.started_at or now, now, foreign.expires_at, 0, 0, foreign.relay_info,
    )  # fmt: skip
    return LeaseChange(present, after, Reason.IMPORTED)


def _is_promised_to_another(foreign: Foreign, snapshot: Snapshot, link: int) -> bool:
    promised = snapshot.reserved.get(foreign.ip)
    if promised is None:
        return False
    keys = [("mac", foreign.mac), ("client_id", foreign.client_id)]
    return snapshot.reserved_for(snapshot.links[link], keys) is not promised


def give_back(foreign: Foreign, table: Table, *, now: int) -> LeaseChange | str:
    """Return the change that undoes a take-over, or the sentence that says why the lease stays."""
    present = table.leases.get(foreign.ip)
    if present is None or present.state not in (ACTIVE, DECLINED) or present.mac != foreign.mac:
        return "The lease has ended already."
    if present.renewals or present.expires_at != foreign.expires_at:
        return "The client has renewed the lease here since."
    return LeaseChange(present, present._replace(state=RELEASED, expires_at=now), Reason.IMPORT_UNDONE)

"""What is a lease, an offer, and a change of either?"""

from typing import Final, NamedTuple

ACTIVE: Final = "active"
RELEASED: Final = "released"
EXPIRED: Final = "expired"
DECLINED: Final = "declined"
CONFLICT: Final = "conflict"
QUARANTINED: Final = frozenset((DECLINED, CONFLICT))
"""States in which nobody may have the address until `expires_at`: a client, or a probe, found it in use."""
NEVER: Final = 1 << 40
"""expires_at of an infinite lease: later than every clock."""


class Lease(NamedTuple):
    """The last binding of an address (an int); moments are whole seconds UTC.

    In a conflict `mac` is the host that answered for the address, empty when only a ping was answered.
    """

    ip: int
    state: str
    subnet_id: int
    client_key: bytes
    mac: bytes
    client_id: bytes
    hostname: str
    vendor_class: str
    started_at: int
    renewed_at: int
    expires_at: int
    renewals: int
    relay: int
    relay_info: bytes


class LeaseChange(NamedTuple):
    """One binding before and after: revert, history and event come from it. before None = never used."""

    before: Lease | None
    after: Lease
    reason: str


class Hold(NamedTuple):
    """An offer kept for a client until `expires_at` (RFC 2131 §4.3.1: SHOULD NOT be reused meanwhile).

    `probed` = nobody answered for the address when it was probed.
    """

    ip: int
    link: int
    client_key: bytes
    expires_at: int
    probed: bool = False


class Unhold(NamedTuple):
    """The client of this key no longer wants our offer."""

    link: int
    client_key: bytes


Change = LeaseChange | Hold | Unhold

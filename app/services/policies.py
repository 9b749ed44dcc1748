"""Whom does a subnet refuse: who has no reservation, or a random hardware address?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, and_, func, select
from sqlalchemy.orm import Session

from app.models import Lease, ReservationIdentifier, Subnet
from app.services.settings import get_settings
from app.services.standings import Identity, identities
from dhcpd.protocol.addresses import is_locally_administered

SETTINGS: Final = ("known_clients_only", "random_macs")
RANDOM: Final = [bytes((octet,)) for octet in range(256) if is_locally_administered(bytes((octet,)))]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a subnet asks of its clients; `random_macs`: allow, known or deny."""

    known_only: bool
    random_macs: str

    def refuses(self, lease: Lease, known: Callable[[Lease], bool]) -> bool:
        """Tell whether the holder of a lease gets no more answers, as the worker decides it."""
        is_random = self.random_macs != "allow" and is_locally_administered(lease.mac)
        if is_random and self.random_macs == "deny":
            return True
        return (self.known_only or is_random) and not known(lease)


def policy_of(session: Session, subnet: Any) -> Policy:
    """Return the policy of a subnet's picture, with what it inherits."""
    return Policy(subnet["known_clients_only"], subnet["random_macs"] or get_settings(session).random_macs)


def known_in(session: Session, subnet_ids: Iterable[int]) -> Callable[[Lease], bool]:
    """Return the question whether the holder of a lease has a reservation in one of the subnets of its link."""
    wanted = ReservationIdentifier.subnet_id.in_(list(subnet_ids))
    pairs: set[Identity] = {
        (kind, value)
        for kind, value in session.execute(
            select(ReservationIdentifier.type, ReservationIdentifier.value).where(wanted)
        )
    }
    return lambda lease: not pairs.isdisjoint(identities(lease))


def link_of(session: Session, subnet_id: int, shared_network: str | None) -> list[int]:
    """Return the subnets that share the link with this one, itself among them."""
    if not shared_network:
        return [subnet_id]
    return [subnet_id, *session.scalars(select(Subnet.id).where(Subnet.shared_network == shared_network))]


def has_random_mac() -> ColumnElement[bool]:
    """Return the condition that a lease's hardware address was made up rather than assigned."""
    return func.substr(Lease.mac, 1, 1, type_=LargeBinary).in_(RANDOM)


def begins_with(octets: bytes) -> ColumnElement[bool]:
    """Return the condition that a lease's hardware address begins with these octets."""
    after = (int.from_bytes(octets, "big") + 1).to_bytes(len(octets) + 1, "big")
    if after[0]:  # every octet is 255
        return Lease.mac >= octets
    return and_(Lease.mac >= octets, Lease.mac < after[1:])

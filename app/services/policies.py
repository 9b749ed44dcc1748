"""Whom does a subnet refuse: who has no reservation, or a random hardware address?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from app.models import Lease, ReservationIdentifier, Subnet
from app.models.types import Address
from app.services.settings import get_settings
from app.services.standings import duid, one_of, told_by_relay
from dhcpd.protocol.addresses import is_locally_administered
from dhcpd.protocol.relay import RELAY_KINDS

SETTINGS: Final = ("known_clients_only", "random_macs")
RANDOM: Final = [bytes((octet,)) for octet in range(256) if is_locally_administered(bytes((octet,)))]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a subnet asks of its clients; `random_macs`: allow, known or deny."""

    known_only: bool
    random_macs: str

    def refuses(self, *, is_random: bool, is_known: bool) -> bool:
        """Tell whether such a client gets no answers, as the worker decides it."""
        if is_random and self.random_macs == "deny":
            return True
        return not is_known and (self.known_only or (is_random and self.random_macs != "allow"))


def policy_of(session: Session, subnet: Any) -> Policy:
    """Return the policy of a subnet's picture, with what it inherits."""
    return Policy(subnet["known_clients_only"], subnet["random_macs"] or get_settings(session).random_macs)


def refused_by(policy: Policy, known: ColumnElement[bool], was: Policy | None = None) -> ColumnElement[bool]:
    """Return the condition that a policy refuses the holder of a lease; with `was`, that this one did not.

    known: the condition that the holder has a reservation.
    """

    def refused(is_random: bool, is_known: bool) -> bool:
        who = {"is_random": is_random, "is_known": is_known}
        return policy.refuses(**who) and not (was and was.refuses(**who))

    found = []
    for is_random, such in ((True, has_random_mac()), (False, ~has_random_mac())):
        strangers, others = refused(is_random, False), refused(is_random, True)
        if strangers or others:
            found.append(such if strangers and others else and_(such, known if others else ~known))
    return or_(*found) if found else false()


def known_in(session: Session, subnet_ids: Select[int] | Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that the holder of a lease has a reservation in one of the subnets of its link."""
    own, here = ReservationIdentifier, ReservationIdentifier.subnet_id.in_(subnet_ids)

    def of(kind: str) -> Select[bytes]:
        return select(own.octets).where(here, own.type == kind)

    return or_(
        Lease.mac.in_(of("mac")),
        Lease.client_id.in_(of("client_id")),
        duid().in_(of("duid")),
        one_of(session, Lease.ip, _known_by_relay(session, here)),
    )


def _known_by_relay(session: Session, here: ColumnElement[bool]) -> list[Address]:
    """Return the addresses whose holder has a reservation by what its relay says of it."""
    own = ReservationIdentifier
    told = select(own.type, own.value).where(here, own.type.in_([kind for kind, _ in RELAY_KINDS]))
    wanted = {(kind, value) for kind, value in session.execute(told)}
    if not wanted:
        return []
    relayed = select(Lease.ip, Lease.relay_info).where(Lease.state == "active", Lease.relay_info != b"")
    return [ip for ip, info in session.execute(relayed) if not wanted.isdisjoint(told_by_relay(info))]


def link_of(session: Session, subnet_id: int, shared_network: str | None) -> list[int]:
    """Return the subnets that share the link with this one, itself among them."""
    if not shared_network:
        return [subnet_id]
    return [subnet_id, *session.scalars(select(Subnet.id).where(Subnet.shared_network == shared_network))]


def has_random_mac() -> ColumnElement[bool]:
    """Return the condition that a lease's hardware address was made up rather than assigned."""
    first = func.substr(Lease.mac, 1, 1, type_=LargeBinary)
    return func.coalesce(first, literal(b"", LargeBinary)).in_(RANDOM)  # of no octets SQLite has no first


def begins_with(octets: bytes) -> ColumnElement[bool]:
    """Return the condition that a lease's hardware address begins with these octets."""
    after = (int.from_bytes(octets, "big") + 1).to_bytes(len(octets) + 1, "big")
    if after[0]:  # every octet is 255
        return Lease.mac >= octets
    return and_(Lease.mac >= octets, Lease.mac < after[1:])

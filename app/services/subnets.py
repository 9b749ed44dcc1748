"""Which subnets are there, how full are they, and which rules hold for them?"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Lease, Pool, Reservation, Subnet
from app.schemas.subnets import SubnetIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.rows import check_version, picture


@dataclass(frozen=True, slots=True)
class Usage:
    """Addresses by state; free = what the pools can still give to a newcomer."""

    total: int
    pool: int
    leased: int
    reserved: int
    static: int
    declined: int
    free: int


def list_subnets(session: Session) -> list[Subnet]:
    """Return all subnets in the order of the address space, parents first."""
    return list(session.scalars(select(Subnet).order_by(Subnet.first, Subnet.prefix_len)))


def get_subnet(session: Session, subnet_id: int) -> Subnet:
    """Return a subnet; raises NotFound."""
    found = session.get(Subnet, subnet_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no subnet {subnet_id}."))
    return found


def create_subnet(session: Session, actor: Actor, data: SubnetIn) -> Subnet:
    """Plan a subnet; raises Invalid or Conflict."""
    network = ip_network(data.cidr)
    row = Subnet(first=network.network_address, last=network.broadcast_address, prefix_len=network.prefixlen)
    _assign(row, data.model_dump(exclude={"cidr"}))
    _check(session, row)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"subnets/{row.id}", None, picture(row))
    return row


def update_subnet(
    session: Session, actor: Actor, subnet_id: int, changes: dict[str, Any], expected_version: int | None = None
) -> Subnet:
    """Change the given fields; raises NotFound, Invalid, Conflict or Stale."""
    row = get_subnet(session, subnet_id)
    check_version(row.version, expected_version)
    before = picture(row)
    with session.no_autoflush:
        _assign(row, changes)
        _check(session, row)
    session.flush()
    record(session, actor, "update", f"subnets/{row.id}", before, picture(row))
    return row


def delete_subnet(session: Session, actor: Actor, subnet_id: int, expected_version: int | None = None) -> None:
    """Remove a subnet with its pools and reservations; its clients keep their lease until it ends."""
    row = get_subnet(session, subnet_id)
    check_version(row.version, expected_version)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"subnets/{subnet_id}", before, None)


def _assign(row: Subnet, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, ip_address(value) if name == "gateway" and value else value)


def _check(session: Session, row: Subnet) -> None:
    gateway = row.gateway
    if gateway is not None and not row.first <= gateway <= row.last:  # type: ignore[operator]  # one family
        raise Invalid(Problem("gateway", "outside", f"{gateway} is outside {row.cidr}."))
    overlapping = select(Subnet).where(Subnet.first <= row.last, Subnet.last >= row.first, Subnet.id != row.id)
    if row.id is None:
        overlapping = select(Subnet).where(Subnet.first <= row.last, Subnet.last >= row.first)
    for other in session.scalars(overlapping):
        if other.cidr == row.cidr:
            raise _conflict("cidr", "duplicate", f"{row.cidr} is planned already.", other)
        if other.dhcp_enabled and row.dhcp_enabled:
            detail = f"{row.cidr} overlaps {other.cidr}, and DHCP can serve only one of them."
            raise _conflict("cidr", "overlap", detail, other)


def _conflict(field: str, code: str, detail: str, other: Subnet) -> Conflict:
    return Conflict(Problem(field, code, detail, "subnets", str(other.id)))


def usage(session: Session, subnets: Sequence[Subnet]) -> dict[int, Usage]:
    """Return the use of each subnet, in five queries however many there are."""
    ids = [s.id for s in subnets]
    states = _counts(session, select(Lease.subnet_id, Lease.state, func.count()), Lease.subnet_id, Lease.state, ids)
    reserved = _count(session, Reservation.subnet_id, ids, Reservation.ip.is_not(None))
    static = _count(session, KnownAddress.subnet_id, ids)
    spans: dict[int, int] = {}
    for pool in session.scalars(select(Pool).where(Pool.subnet_id.in_(ids))):
        if pool.kind == "dynamic":
            spans[pool.subnet_id] = spans.get(pool.subnet_id, 0) + int(pool.last) - int(pool.first) + 1
    taken = _taken_in_pools(session, ids)
    return {
        s.id: Usage(
            total=_usable(s),
            pool=spans.get(s.id, 0),
            leased=states.get((s.id, "active"), 0),
            reserved=reserved.get(s.id, 0),
            static=static.get(s.id, 0),
            declined=states.get((s.id, "declined"), 0),
            free=max(0, spans.get(s.id, 0) - taken.get(s.id, 0)),
        )
        for s in subnets
    }


def _usable(subnet: Subnet) -> int:
    size = int(subnet.last) - int(subnet.first) + 1
    return size - 2 if isinstance(subnet.first, IPv4Address) and subnet.prefix_len < 31 else size


def _counts(session: Session, query: Any, key: Any, state: Any, ids: list[int]) -> dict[tuple[int, str], int]:
    rows = session.execute(query.where(key.in_(ids)).group_by(key, state))
    return {(row[0], row[1]): row[2] for row in rows}


def _count(session: Session, key: Any, ids: list[int], *conditions: Any) -> dict[int, int]:
    query = select(key, func.count()).where(key.in_(ids), *conditions).group_by(key)
    return {row[0]: row[1] for row in session.execute(query)}


def _taken_in_pools(session: Session, ids: list[int]) -> dict[int, int]:
    """Count the addresses of dynamic pools that nobody new can get, each once."""
    taken: dict[int, set[object]] = {}
    inside = (Pool.kind == "dynamic", Pool.subnet_id.in_(ids))
    sources = (
        select(Pool.subnet_id, Lease.ip).join(Lease, Lease.ip.between(Pool.first, Pool.last)).where(
            Lease.state.in_(("active", "declined"))
        ),
        select(Pool.subnet_id, Reservation.ip).join(Reservation, Reservation.ip.between(Pool.first, Pool.last)),
        select(Pool.subnet_id, KnownAddress.ip).join(KnownAddress, KnownAddress.ip.between(Pool.first, Pool.last)),
    )  # fmt: skip
    for source in sources:
        for subnet_id, ip in session.execute(source.where(*inside)):
            taken.setdefault(subnet_id, set()).add(ip)
    return {subnet_id: len(addresses) for subnet_id, addresses in taken.items()}

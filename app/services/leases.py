"""Who holds which address, and how does an administrator end that?"""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, text, union_all
from sqlalchemy.orm import Session, aliased

from app.models import Command, Lease, Subnet
from app.models.leases import OTHER_THAN_MAC
from app.models.types import Address
from app.services import occupancy
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.grants import is_limited
from app.services.listing import Filters, Listing, count_up_to, fields
from app.services.names import leased_as
from dhcpd.protocol.addresses import parse_mac

_FIELDS: Final = (
    "ip", "state", "subnet_id", "mac", "client_id", "hostname", "vendor_class", "started_at", "renewed_at",
    "expires_at", "renewals", "relay", "worker",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeaseFilters:
    """What to look for; None or empty = anything. `q` is an address, a MAC in any spelling, or part of a name."""

    q: str = ""
    state: str | None = None
    subnet_id: int | None = None
    mac: bytes | None = None


def list_leases(session: Session, filters: LeaseFilters, *, after: Address | None, limit: int) -> list[Lease]:
    """Return the leases after an address, in the order of addresses."""
    query = filtered(session, select(Lease), filters).order_by(Lease.ip).limit(limit)
    if after is not None:
        query = query.where(Lease.ip > after)
    return list(session.scalars(query))


def count_leases(session: Session, filters: LeaseFilters) -> int:
    """Return how many leases match."""
    return session.scalar(filtered(session, select(func.count()).select_from(Lease), filters)) or 0


def filtered(session: Session, query: Select[Any], filters: LeaseFilters) -> Select[Any]:
    """Return the query of leases, narrowed by the filters."""
    if filters.state is not None:
        query = query.where(Lease.state == filters.state)
        if filters.state != "active" and filters.mac is None and not filters.q.strip():
            query = query.where(is_not_active())
    if filters.subnet_id is not None:
        query = query.where(_inside(filters.subnet_id))
    if filters.mac is not None:
        query = query.where(Lease.mac == filters.mac)
    text = filters.q.strip()
    if not text:
        return query
    known = _known(session, "q", text)
    return query.where(_matches(text) if known is None else known)


def _inside(subnet_id: int) -> Any:
    """A lease is in the subnet that holds its address; what the worker noted may be older than a split."""
    first = select(Subnet.first).where(Subnet.id == subnet_id).scalar_subquery()
    last = select(Subnet.last).where(Subnet.id == subnet_id).scalar_subquery()
    return Lease.ip.between(first, last)


def _matches(text: str) -> Any:
    try:
        return Lease.ip == ip_address(text)
    except ValueError:
        pass  # not an address: it may be a MAC or a name
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    named = Lease.hostname.ilike(f"%{escaped}%", escape="\\")
    try:
        octets = parse_mac(text)
    except ValueError:
        return named
    return or_(Lease.mac == octets, Lease.client_id == octets, named)


def _known(session: Session, parameter: str, text: str) -> Any:
    """Answer by the names in memory, by the range of a subnet, and by the index on client identifiers."""
    if parameter == "hostname__contains":
        return leased_as(session, Lease.hostname, text)
    if parameter == "subnet_id" and text.isascii() and text.isdecimal() and len(text) < 10:
        subnet = session.get(Subnet, int(text))
        return None if subnet is None else Lease.ip.between(subnet.first, subnet.last)
    if parameter == "client_id":
        with suppress(ValueError):
            return has_client_id(bytes.fromhex(text.replace(":", "")))
    if parameter != "q" or not text.strip():
        return None
    with suppress(ValueError):
        ip_address(text.strip())
        return None
    named = leased_as(session, Lease.hostname, text.strip()[:200])
    with suppress(ValueError):
        octets = parse_mac(text)
        return or_(Lease.mac == (octets[1:] if len(octets) == 7 else octets), named)
    with suppress(ValueError):
        return or_(has_client_id(bytes.fromhex(text.replace(":", ""))), named)
    return named


FEW: Final = 2000
"""So many leases of a state are soon put in any order."""
NARROW: Final = frozenset({"state", "subnet_id", "within"})


def is_not_active() -> ColumnElement[bool]:
    """Return the condition of the index on states, in its own words: leases that are active are not in it."""
    return Lease.state != literal("active", literal_execute=True)


def _hint(session: Session, filters: Filters, first: str) -> Any:
    """Take the index on states where it has the order, or few rows."""
    told = dict(filters)
    if told.get("state", "active") == "active" or not told.keys() <= NARROW:
        return None
    if first != "ip":
        some = select(Lease.ip).where(Lease.state == told["state"], is_not_active())
        if count_up_to(session, some, FEW + 1)[1]:
            return None
    return is_not_active()


def _counted(session: Session, filters: Filters) -> int | None:
    """Count by the marks of those that are active, and the index on the states of the others."""
    told = dict(filters)
    if not told.keys() <= {"state"} or told.get("state", "active") != "active" or is_limited(session):
        return None
    active = occupancy.count_active(session)
    if told:
        return active
    return active + (session.scalar(select(func.count()).select_from(Lease).where(is_not_active())) or 0)


INDEXED: Final = frozenset({"within", "mac", "mac__in", "mac__startswith"})


def has_client_id(octets: bytes) -> Any:
    """Return the condition that a lease's client used the identifier, answered by two indexes.

    One holds the identifiers that are not just a type and the hardware address; those that are stand under that.
    """
    if not octets:
        return Lease.client_id == octets
    row = aliased(Lease)
    same = select(row.ip).where(row.client_id == octets)
    return Lease.ip.in_(union_all(same.where(text(OTHER_THAN_MAC)), same.where(row.mac == octets[1:])))


LISTING: Final = Listing(
    Lease,
    fields(Lease, *_FIELDS),
    key="ip",
    sort="ip",
    span=(Lease.ip, Lease.ip),
    search=_matches,
    known=_known,
    hint=_hint,
    indexed=INDEXED,
    counted=_counted,
)


def get_lease(session: Session, ip: str) -> Lease:
    """Return the lease of an address; raises NotFound."""
    try:
        found = session.get(Lease, ip_address(ip))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(Problem("ip", "not_found", f"No client ever had {ip}."))
    return found


def order(session: Session, actor: Actor, ip: str, action: str) -> Command:
    """Ask the worker to `release` or `quarantine` an address; raises NotFound or Conflict."""
    lease = get_lease(session, ip)
    if action == "release" and lease.state not in ("active", "declined", "conflict"):
        raise Conflict(Problem("ip", "not_active", f"{ip} is not leased now; it is {lease.state}."))
    command = Command(action=action, ip=lease.ip, actor=actor.name)
    session.add(command)
    session.flush()
    record(session, actor, action, f"leases/{ip}", {"state": lease.state}, None)
    return command

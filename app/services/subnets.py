"""Which subnets are there, and which rules hold for them?"""

from ipaddress import ip_address, ip_network
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.schemas.subnets import SubnetIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.options import check_class, checked_options
from app.services.rows import check_version, picture

_FIELDS: Final = (
    "id", "prefix_len", "name", "description", "vlan", "gateway", "interface", "shared_network", "dhcp_enabled",
    "authoritative", "ping_check", "lease_time", "created_at", "updated_at",
)  # fmt: skip


def _search(text: str) -> ColumnElement[bool]:
    """Find subnets by the address or prefix that they hold or lie in, else by name and description."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return or_(*(column.icontains(text, autoescape=True) for column in (Subnet.name, Subnet.description)))
    return and_(Subnet.first <= network.broadcast_address, Subnet.last >= network.network_address)


LISTING: Final = Listing(
    Subnet,
    fields(Subnet, *_FIELDS, cidr="first"),
    sort="cidr,prefix_len",
    span=(Subnet.first, Subnet.last),
    search=_search,
)


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
    row.options = checked_options(session, row.options)
    check_class(session, row.client_class)
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

"""Which pools are there, and which rules hold for them?"""

from ipaddress import ip_address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Pool, Subnet
from app.schemas.pools import PoolIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.kinds import STRING
from app.services.labels import label, tagged
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.nesting import touching
from app.services.options import check_class, checked_options
from app.services.rows import check_version, picture
from app.services.spans import key
from app.services.subnets import get_subnet

LISTING: Final = Listing(
    Pool,
    fields(Pool, "id", "subnet_id", "kind", "clients", start="first", end="last"),
    sort="start",
    span=(Pool.first, Pool.last),
    extra={"tag": (STRING, lambda name: tagged(Pool, name))},
)


_SETTINGS: Final = {
    "kind", "clients", "description", "options", "client_class", "next_server", "server_name", "boot_file",
}  # fmt: skip


def list_pools(session: Session, subnet_id: int | None = None) -> list[Pool]:
    """Return the pools in the order of the address space."""
    query = select(Pool).order_by(Pool.first)
    return list(session.scalars(query if subnet_id is None else query.where(Pool.subnet_id == subnet_id)))


def get_pool(session: Session, pool_id: int) -> Pool:
    """Return a pool; raises NotFound."""
    found = session.get(Pool, pool_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no pool {pool_id}."))
    return found


def create_pool(session: Session, actor: Actor, data: PoolIn) -> Pool:
    """Make a pool; raises NotFound, Invalid or Conflict."""
    lock_plan(session)
    row = Pool(subnet_id=data.subnet_id)
    with session.no_autoflush:
        _fill(session, row, data)
        check(session, row)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"pools/{row.id}", None, picture(row))
    return row


def update_pool(
    session: Session, actor: Actor, pool_id: int, data: PoolIn, expected_version: int | None = None
) -> Pool:
    """Replace a pool's range and settings; raises NotFound, Invalid, Conflict or Stale."""
    lock_plan(session)
    row = get_pool(session, pool_id)
    check_version(row.version, expected_version)
    before = picture(row)
    with session.no_autoflush:
        _fill(session, row, data)
        check(session, row)
    session.flush()
    record(session, actor, "update", f"pools/{row.id}", before, picture(row))
    return row


def delete_pool(session: Session, actor: Actor, pool_id: int, expected_version: int | None = None) -> None:
    """Remove a pool; its clients move elsewhere at their next renewal."""
    lock_plan(session)
    row = get_pool(session, pool_id)
    check_version(row.version, expected_version)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"pools/{pool_id}", before, None)


def _fill(session: Session, row: Pool, data: PoolIn) -> None:
    row.first, row.last = ip_address(data.start), ip_address(data.end)
    for name, value in data.model_dump(include=_SETTINGS).items():
        setattr(row, name, value)
    label(session, "pools", row, data.tags, data.custom_fields)


def check(session: Session, row: Pool) -> None:
    """Raise Invalid or Conflict for a wrong range or setting.

    An excluded range may lie in a dynamic one; two of a kind never overlap.
    """
    row.options = checked_options(session, row.options)
    check_class(session, row.client_class)
    subnet = get_subnet(session, row.subnet_id)
    if row.first.version != row.last.version or key(row.first) > key(row.last):
        raise Invalid(Problem("end", "order", f"{row.last} is before the start, {row.first}."))
    for field, address in (("start", row.first), ("end", row.last)):
        if not key(subnet.first) <= key(address) <= key(subnet.last):
            detail = f"{address} is outside the subnet {subnet.cidr}."
            raise Invalid(Problem(field, "outside", detail, "subnets", str(subnet.id)))
    if row.kind == "excluded" and row.clients != "all":
        raise Invalid(Problem("clients", "excluded", "An excluded range serves nobody; clients must be all."))
    for nested in session.scalars(select(Subnet).where(touching(row.first, row.last))):
        if nested.prefix_len > subnet.prefix_len and not subnet.dhcp_enabled:
            detail = f"{row.first}-{row.last} reaches into the narrower subnet {nested.cidr}; make the pool there."
            raise Conflict(Problem("start", "nested", detail, "subnets", str(nested.id)))
        if nested.dhcp_enabled and nested.id != subnet.id:
            detail = f"{row.first}-{row.last} is served in {nested.cidr}; make the pool there."
            raise Conflict(Problem("start", "nested", detail, "subnets", str(nested.id)))
    query = select(Pool).where(Pool.subnet_id == row.subnet_id, Pool.first <= row.last, Pool.last >= row.first)
    for other in session.scalars(query.where(Pool.kind == row.kind)):
        if other is not row:
            detail = f"{row.first}-{row.last} overlaps the pool {other.first}-{other.last}."
            raise Conflict(Problem("start", "overlap", detail, "pools", str(other.id)))

"""Which VLANs are there, and which subnets are on each?"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.models import Subnet, Vlan
from app.schemas.labels import VlanIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.kinds import STRING
from app.services.labels import label, tagged
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.rows import check_version, picture


def _search(text: str) -> ColumnElement[bool]:
    named = or_(*(column.icontains(text, autoescape=True) for column in (Vlan.name, Vlan.group, Vlan.description)))
    return or_(Vlan.vid == int(text), named) if text.isdecimal() and len(text) < 5 else named


LISTING: Final = Listing(
    Vlan,
    fields(Vlan, "id", "vid", "group", "name", "description"),
    sort="group,vid",
    search=_search,
    extra={"tag": (STRING, lambda name: tagged(Vlan, name))},
)


def get_vlan(session: Session, vlan_id: int) -> Vlan:
    """Return a VLAN; raises NotFound."""
    found = session.get(Vlan, vlan_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no VLAN {vlan_id}."))
    return found


def find_vlan(session: Session, group: str, vid: int) -> Vlan | None:
    """Return the VLAN of a group's number."""
    return session.scalar(select(Vlan).where(Vlan.group == group, Vlan.vid == vid))


def subnet_counts(session: Session, rows: Sequence[Vlan]) -> dict[int, int]:
    """Return how many subnets are on each VLAN, in one query."""
    key = tuple_(Subnet.vlan_group, Subnet.vlan)
    wanted: dict[tuple[str, int | None], int] = {(row.group, row.vid): row.id for row in rows}
    query = select(Subnet.vlan_group, Subnet.vlan, func.count()).where(key.in_(wanted)).group_by(*key)
    counts = {row.id: 0 for row in rows}
    for group, vid, count in session.execute(query):
        counts[wanted[group, vid]] = count
    return counts


def ensure_vlan(session: Session, group: str, vid: int | None) -> None:
    """Make the VLAN that a subnet names, if it is not there yet."""
    if vid is not None and find_vlan(session, group, vid) is None:
        session.add(Vlan(group=group, vid=vid))


def create_vlan(session: Session, actor: Actor, data: VlanIn) -> Vlan:
    """Make a VLAN; raises Invalid or Conflict."""
    lock_plan(session)
    row = Vlan()
    _fill(session, row, data)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"vlans/{row.id}", None, picture(row))
    return row


def update_vlan(
    session: Session, actor: Actor, vlan_id: int, data: VlanIn, expected_version: int | None = None
) -> Vlan:
    """Change a VLAN; its subnets follow a new number or group. Raises NotFound, Invalid, Conflict or Stale."""
    lock_plan(session)
    row = get_vlan(session, vlan_id)
    check_version(row.version, expected_version)
    before = picture(row)
    old = (row.group, row.vid)
    with session.no_autoflush:
        _fill(session, row, data)
    session.flush()
    if (row.group, row.vid) != old:
        for subnet in session.scalars(select(Subnet).where(Subnet.vlan_group == old[0], Subnet.vlan == old[1])):
            was = picture(subnet)
            subnet.vlan_group, subnet.vlan = row.group, row.vid
            session.flush()
            record(session, actor, "update", f"subnets/{subnet.id}", was, picture(subnet))
    record(session, actor, "update", f"vlans/{row.id}", before, picture(row))
    return row


def delete_vlan(session: Session, actor: Actor, vlan_id: int, expected_version: int | None = None) -> None:
    """Remove a VLAN that no subnet is on; raises NotFound, Conflict or Stale."""
    lock_plan(session)
    row = get_vlan(session, vlan_id)
    check_version(row.version, expected_version)
    query = select(Subnet).where(Subnet.vlan_group == row.group, Subnet.vlan == row.vid).order_by(Subnet.first)
    users = list(session.scalars(query.limit(4)))
    if users:
        names = ", ".join(subnet.cidr for subnet in users[:3]) + (" and more" if len(users) > 3 else "")
        detail = f"VLAN {row.vid} is named by {names}; take it away there first."
        raise Conflict(Problem("id", "in_use", detail, "subnets", str(users[0].id)))
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"vlans/{vlan_id}", before, None)


def _fill(session: Session, row: Vlan, data: VlanIn) -> None:
    for name in ("vid", "group", "name", "description"):
        setattr(row, name, getattr(data, name))
    label(session, "vlans", row, data.tags, data.custom_fields)
    other = find_vlan(session, row.group, row.vid)
    if other is not None and other is not row:
        where = f" in {row.group}" if row.group else ""
        raise Conflict(
            Problem("vid", "duplicate", f"There is a VLAN {row.vid}{where} already.", "vlans", str(other.id))
        )

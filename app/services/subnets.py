"""Which subnets are there, and which rules hold for them?"""

from collections.abc import Collection, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import Reservation, Subnet
from app.schemas.subnets import SubnetIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.contents import adopt, clear_out, switch
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.facts import edges_of
from app.services.kinds import STRING
from app.services.labels import label, tagged
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.nesting import holding, touching
from app.services.octets import number_of, raw, text_of
from app.services.options import check_class, checked_options
from app.services.rows import check_version, picture
from app.services.spans import key
from app.services.texts import holding_text
from app.services.vlans import ensure_vlan

_FIELDS: Final = (
    "id", "prefix_len", "name", "description", "vlan", "vlan_group", "gateway", "interface", "shared_network",
    "dhcp_enabled", "authoritative", "ping_check", "lease_time", "created_at", "updated_at",
)  # fmt: skip


def _search(text: str) -> ColumnElement[bool]:
    """Find subnets by the address or prefix that they hold or lie in, else by name and description."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return holding_text(Subnet, text)
    return touching(network.network_address, network.broadcast_address)


def _known(session: Session, parameter: str, text: str) -> ColumnElement[bool] | None:
    """Answer what a prefix asks by look-ups of the prefixes around it."""
    if parameter not in ("contains", "overlaps"):
        return None
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    condition = holding if parameter == "contains" else touching
    return condition(network.network_address, network.broadcast_address)


LISTING: Final = Listing(
    Subnet,
    fields(Subnet, *_FIELDS, cidr="first"),
    sort="cidr,prefix_len",
    span=(Subnet.first, Subnet.last),
    search=_search,
    known=_known,
    extra={"tag": (STRING, lambda name: tagged(Subnet, name))},
)


def list_subnets(session: Session) -> list[Subnet]:
    """Return all subnets in the order of the address space, parents first."""
    return list(session.scalars(select(Subnet).order_by(Subnet.first, Subnet.prefix_len)))


def count_subnets(session: Session) -> int:
    """Return how many subnets are planned."""
    return session.scalar(select(func.count()).select_from(Subnet)) or 0


def first_served(session: Session) -> int | None:
    """Return the id of the first subnet that DHCP serves; None = there is none."""
    return session.scalar(select(Subnet.id).where(Subnet.dhcp_enabled).order_by(Subnet.first).limit(1))


class Label(NamedTuple):
    """By what a subnet is known to people."""

    id: int
    cidr: str
    name: str


def labels(session: Session, *conditions: ColumnElement[bool], limit: int | None = None) -> dict[int, Label]:
    """Return the labels of subnets, by id, in the order of the address space: sooner than the rows."""
    columns = (Subnet.id, raw(session, Subnet.first), Subnet.prefix_len, Subnet.name)
    query = select(*columns).where(*conditions).order_by(Subnet.first, Subnet.prefix_len).limit(limit)
    return {
        id_: Label(id_, f"{text_of(number_of(first))}/{length}", name)
        for id_, first, length, name in session.execute(query)
    }


def on_shared_networks(session: Session) -> list[tuple[str, Subnet]]:
    """Return (shared network, subnet) of each subnet that is on one, in the order of the address space."""
    query = select(Subnet).where(Subnet.shared_network != "").order_by(Subnet.first, Subnet.prefix_len)
    return [(row.shared_network or "", row) for row in session.scalars(query)]


def named(session: Session, ids: Collection[int]) -> Sequence[Subnet]:
    """Return the subnets with these ids, in no order."""
    return session.scalars(select(Subnet).where(Subnet.id.in_(ids))).all()


def get_subnet(session: Session, subnet_id: int) -> Subnet:
    """Return a subnet; raises NotFound."""
    found = session.get(Subnet, subnet_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no subnet {subnet_id}."))
    return found


def create_subnet(session: Session, actor: Actor, data: SubnetIn) -> Subnet:
    """Plan a subnet; it takes over what belongs to it from those around it. Raises Invalid or Conflict."""
    lock_plan(session)
    network = ip_network(data.cidr)
    row = Subnet(first=network.network_address, last=network.broadcast_address, prefix_len=network.prefixlen)
    with session.no_autoflush:
        _assign(session, row, data.model_dump(exclude={"cidr"}))
        check(session, row)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"subnets/{row.id}", None, picture(row))
    adopt(session, actor, row)
    if row.dhcp_enabled:
        switch(session, actor, row)
    return row


def update_subnet(
    session: Session, actor: Actor, subnet_id: int, changes: dict[str, Any], expected_version: int | None = None
) -> Subnet:
    """Change the given fields; raises NotFound, Invalid, Conflict or Stale."""
    lock_plan(session)
    row = get_subnet(session, subnet_id)
    check_version(row.version, expected_version)
    before = picture(row)
    with session.no_autoflush:
        was_served = row.dhcp_enabled
        _assign(session, row, changes)
        check(session, row)
    session.flush()
    if row.dhcp_enabled != was_served:
        switch(session, actor, row)
    record(session, actor, "update", f"subnets/{row.id}", before, picture(row))
    return row


def delete_subnet(session: Session, actor: Actor, subnet_id: int, expected_version: int | None = None) -> None:
    """Remove a subnet with its pools and reservations; its clients keep their lease until it ends.

    Known addresses stay in the plan when there is a subnet around it. Subnets in it stay.
    """
    lock_plan(session)
    row = get_subnet(session, subnet_id)
    check_version(row.version, expected_version)
    clear_out(session, actor, row)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"subnets/{subnet_id}", before, None)


def _assign(session: Session, row: Subnet, changes: dict[str, Any]) -> None:
    labels = {name: changes[name] for name in ("tags", "custom_fields") if name in changes}
    for name, value in changes.items():
        if name not in labels:
            setattr(row, name, ip_address(value) if name == "gateway" and value else value)
    if labels:
        tags, values = labels.get("tags", row.tags or []), labels.get("custom_fields", row.custom_fields or {})
        label(session, "subnets", row, tags, values)
    ensure_vlan(session, row.vlan_group or "", row.vlan)


def check(session: Session, row: Subnet) -> None:
    """Raise Invalid or Conflict when the subnet breaks a rule by itself or with another one."""
    row.options = checked_options(session, row.options)
    check_class(session, row.client_class)
    if row.dhcp_enabled and row.first.version == 6:
        detail = f"DHCPv6 is not served yet: {row.cidr} can be planned, with DHCP switched off."
        raise Invalid(Problem("dhcp_enabled", "ipv6", detail))
    _check_gateway(session, row)
    for other in session.scalars(select(Subnet).where(touching(row.first, row.last))):
        if other is row:
            continue
        if other.cidr == row.cidr:
            raise _conflict("cidr", "duplicate", f"{row.cidr} is planned already.", other)
        if other.dhcp_enabled and row.dhcp_enabled:
            detail = f"{row.cidr} overlaps {other.cidr}, and DHCP can serve only one of them."
            raise _conflict("cidr", "overlap", detail, other)


def _check_gateway(session: Session, row: Subnet) -> None:
    gateway = row.gateway
    if gateway is None:
        return
    if not key(row.first) <= key(gateway) <= key(row.last):
        raise Invalid(Problem("gateway", "outside", f"{gateway} is outside {row.cidr}."))
    if gateway.version == 4 and key(gateway) in edges_of(row.first, row.last, row.prefix_len):
        raise Invalid(Problem("gateway", "edge", f"No host can have {gateway} in {row.cidr}."))
    other = session.scalar(select(Reservation).where(Reservation.ip == gateway))
    if other is not None:
        raise Conflict(Problem("gateway", "reserved", f"{gateway} is reserved.", "reservations", str(other.id)))


def _conflict(field: str, code: str, detail: str, other: Subnet) -> Conflict:
    return Conflict(Problem(field, code, detail, "subnets", str(other.id)))

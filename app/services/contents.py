"""What does a subnet hold, and what becomes of it when a subnet appears around it or goes?

See `nesting` for what belongs where. A pool or a reservation that moves is told in the audit, so that a trial run
shows it and an undo finds it; a known address simply is where its range says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Pool, Reservation, Subnet
from app.models.types import Address
from app.services import watched
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Problem
from app.services.facts import edges_of
from app.services.nesting import ancestors, home_of, inside
from app.services.rows import picture
from app.services.spans import Span, key

Item: TypeAlias = Pool | Reservation | KnownAddress


@dataclass(frozen=True, slots=True)
class Contents:
    """What some subnets hold, or the part of it that touches a range."""

    pools: list[Pool]
    reservations: list[Reservation]
    addresses: list[KnownAddress]

    @property
    def items(self) -> list[Item]:
        """All of it."""
        return [*self.pools, *self.reservations, *self.addresses]


def of(session: Session, subnet_ids: Sequence[int], bounds: tuple[Address, Address] | None = None) -> Contents:
    """Return what the subnets hold; with bounds, what of it has an address there."""
    pools = select(Pool).where(Pool.subnet_id.in_(subnet_ids))
    reservations = select(Reservation).where(Reservation.subnet_id.in_(subnet_ids))
    known = select(KnownAddress).where(KnownAddress.subnet_id.in_(subnet_ids))
    if bounds is not None:
        first, last = bounds
        pools = pools.where(Pool.first <= last, Pool.last >= first)
        reservations = reservations.where(Reservation.ip.between(first, last))
        known = known.where(KnownAddress.ip.between(first, last))
    return Contents(
        list(session.scalars(pools.order_by(Pool.first))),
        list(session.scalars(reservations.order_by(Reservation.ip, Reservation.id))),
        list(session.scalars(known.order_by(KnownAddress.ip))),
    )


def name_of(item: Item) -> str:
    """Return the object's name in the audit."""
    return f"addresses/{item.ip}" if isinstance(item, KnownAddress) else f"{item.__tablename__}/{item.id}"


def told(item: Item) -> str:
    """Return how a sentence names the object."""
    if isinstance(item, Pool):
        return f"the pool {item.first}-{item.last}"
    return f"the reservation of {item.ip}" if isinstance(item, Reservation) else f"the address {item.ip}"


def move(session: Session, actor: Actor, item: Item, subnet_id: int) -> None:
    """Put an object into another subnet."""
    if item.subnet_id == subnet_id:
        return
    before = picture(item)
    item.subnet_id = subnet_id
    if isinstance(item, KnownAddress):
        session.flush()
        return
    for identifier in item.identifiers if isinstance(item, Reservation) else ():
        identifier.subnet_id = subnet_id
    session.flush()
    record(session, actor, "update", name_of(item), before, picture(item))


def remove(session: Session, actor: Actor, item: Item) -> None:
    """Delete an object."""
    before, name = picture(item), name_of(item)
    session.delete(item)
    session.flush()
    record(session, actor, "delete", name, before, None)


def adopt(session: Session, actor: Actor, row: Subnet) -> None:
    """Take over what lies in a new subnet from those around it, none of which is served.

    Raises Conflict when a pool lies across its edge, or an address would be one that no host can have.
    """
    around = [found for found in ancestors(session, row.first, row.last) if found.id != row.id]
    if not around or any(outer.dhcp_enabled for outer in around):
        return
    found = of(session, [outer.id for outer in around], (row.first, row.last))
    problems = [*across(row, found.pools), *on_edges(row, found)]
    if problems:
        raise Conflict(*problems)
    for item in found.items:
        move(session, actor, item, row.id)


def across(row: Subnet, pools: Sequence[Pool]) -> list[Problem]:
    """Return a problem for each pool that lies partly in the subnet."""
    return [
        problem("cidr", "pool_across", f"{capital(told(pool))} lies across the edge of {row.cidr}.", pool)
        for pool in pools
        if key(pool.first) < key(row.first) or key(pool.last) > key(row.last)
    ]


def on_edges(row: Subnet, found: Contents) -> list[Problem]:
    """Return a problem for each address that no host can have in the subnet."""
    edges = edge_keys(row)
    items: list[Reservation | KnownAddress] = [*found.reservations, *found.addresses]
    return [
        problem("cidr", "edge", f"{capital(told(i))} would be the {kind_of_edge(row, i.ip)} of {row.cidr}.", i)
        for i in items
        if i.ip is not None and (key(i.ip) in edges or i.ip == row.gateway)
    ]


def edge_keys(row: Subnet) -> tuple[int, ...]:
    """Return the keys of the addresses that no host can have in the subnet."""
    return edges_of(row.first, row.last, row.prefix_len)


def kind_of_edge(row: Subnet, address: Address) -> str:
    """Return what the address is in the subnet, in words."""
    if address == row.gateway:
        return "gateway"
    return "network address" if address == row.first else "broadcast address"


def problem(field: str, code: str, detail: str, item: Item) -> Problem:
    """Return what is wrong with an object, which is named beside the sentence."""
    resource, _, name = name_of(item).partition("/")
    return Problem(field, code, detail, resource, name)


def capital(text: str) -> str:
    """Return the text as a sentence begins."""
    return text[:1].upper() + text[1:]


def lies_in(item: Item, bounds: Span) -> bool:
    """Tell whether an object lies within a span; settings without an address lie in every one."""
    if isinstance(item, Pool):
        return bounds[0] <= key(item.first) and key(item.last) <= bounds[1]
    return item.ip is None or bounds[0] <= key(item.ip) <= bounds[1]


def clear_out(session: Session, actor: Actor, row: Subnet) -> None:
    """Empty a subnet that is about to go: known addresses go to where they belong then, the rest is deleted."""
    watched.forget(session, actor, row)
    found = of(session, [row.id])
    items: list[Item] = [*found.pools, *found.reservations]
    for item in items:
        remove(session, actor, item)
    for known in found.addresses:
        home = home_of(session, known.ip, without=row.id)
        if home is None:
            remove(session, actor, known)
        else:
            move(session, actor, known, home.id)


def switch(session: Session, actor: Actor, row: Subnet) -> None:
    """Put what lies in a subnet where it belongs now that DHCP is on or off there.

    Raises Conflict when DHCP is on and a narrower subnet holds pools or reservations: it would serve them no more.
    """
    nested = inside(session, row)
    if not nested:
        return
    found = of(session, [row.id, *(inner.id for inner in nested)], (row.first, row.last))
    items: list[Item] = [*found.pools, *found.reservations]
    for item in items if row.dhcp_enabled else ():
        if item.subnet_id != row.id:
            narrower = next(inner for inner in nested if inner.id == item.subnet_id)
            detail = f"{capital(told(item))} is in the narrower subnet {narrower.cidr}; serve that one."
            raise Conflict(problem("dhcp_enabled", "nested", detail, item))
    for known in found.addresses:
        home = home_of(session, known.ip)
        if home is not None:
            move(session, actor, known, home.id)

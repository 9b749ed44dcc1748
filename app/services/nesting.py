"""Which subnets lie in which, and to which of them does an address belong? Computed from ranges, never stored.

An address, and whatever has one, belongs to the subnet that DHCP serves around it, of which there is at most one;
where none is served, to the narrowest. So a part of a served subnet can have a name without touching its clients.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.models.types import Address
from app.services.octets import driver_rows, number_of, raw
from app.services.spans import IPV4_BASE, address_of, key, merge, span

PLACES_AT_ONCE: Final = 100
"""The places of more subnets than these are read off the whole tree."""
STARTS_AT_ONCE: Final = 2000
"""Values in one query."""
FEW: Final = 16
"""For more addresses it pays to ask which prefix lengths there are."""
Range: TypeAlias = tuple[int, int, int]
"""(id, first, last) of a subnet, as keys."""


@dataclass(slots=True)
class Node:
    """The place of a subnet: the narrowest one around it, how many are around it, how many directly in it."""

    parent_id: int | None
    depth: int
    children: int = 0


def tree(session: Session) -> dict[int, Node]:
    """Return the place of every subnet, by id, in one pass over the ranges."""
    return nested(ranges(session))


def nested(rows: Iterable[Range]) -> dict[int, Node]:
    """Return the place that each of the ranges has among them."""
    nodes: dict[int, Node] = {}
    around: list[tuple[int, int]] = []
    for id_, _, last in sorted(rows, key=lambda row: (row[1], -row[2])):
        while around and around[-1][1] < last:
            around.pop()
        parent = around[-1][0] if around else None
        nodes[id_] = Node(parent, len(around))
        if parent is not None:
            nodes[parent].children += 1
        around.append((id_, last))
    return nodes


def ranges(session: Session, *conditions: ColumnElement[bool]) -> list[Range]:
    """Return the subnets that meet the conditions, as keys."""
    query = select(Subnet.id, raw(session, Subnet.first), raw(session, Subnet.last)).where(*conditions)
    return [(id_, number_of(first), number_of(last)) for id_, first, last in driver_rows(session, query)]


def starts_around(address: Address, lengths: Iterable[int] | None = None) -> list[Address]:
    """Return the first address of every prefix that could hold the address: 33 of IPv4, 129 of IPv6, no doubles.

    lengths: the prefix lengths that there are; None = any.
    """
    number, bits = key(address), address.max_prefixlen
    base = IPV4_BASE if bits == 32 else 0
    hosts = range(bits + 1) if lengths is None else [bits - length for length in lengths if length <= bits]
    masked = {base | (number - base) >> host << host for host in hosts}
    return [address_of(start) for start in sorted(masked)]


def lengths_for(session: Session, count: int) -> list[int] | None:
    """Return the prefix lengths that there are if it pays to ask for so many addresses; None = any."""
    return list(session.scalars(select(Subnet.prefix_len).distinct())) if count > FEW else None


def holding(first: Address, last: Address) -> ColumnElement[bool]:
    """Return the condition "holds this whole range", answered by a look-up for each possible prefix."""
    return and_(Subnet.first.in_(starts_around(first)), Subnet.last >= last)


def touching(first: Address, last: Address) -> ColumnElement[bool]:
    """Return the condition "shares an address with this range": is around its first address, or begins in it."""
    return or_(holding(first, first), Subnet.first.between(first, last))


def ancestors(session: Session, first: Address, last: Address) -> list[Subnet]:
    """Return the subnets around a range (or equal to it), the narrowest first."""
    query = select(Subnet).where(holding(first, last)).order_by(Subnet.prefix_len.desc())
    return list(session.scalars(query))


def home_of(session: Session, address: Address, *, without: int | None = None) -> Subnet | None:
    """Return the subnet that an address belongs to, as if the one of the id `without` were not there."""
    query = select(Subnet).where(holding(address, address), Subnet.id != (without or 0))
    return session.scalars(query.order_by(Subnet.dhcp_enabled.desc(), Subnet.prefix_len.desc()).limit(1)).first()


def homes_of(session: Session, addresses: Iterable[Address]) -> dict[Address, Subnet]:
    """Return the subnet of each address that is in one, as `home_of` does, in few queries."""
    return {
        address: max(found, key=lambda row: (row.dhcp_enabled, row.prefix_len))
        for address, found in holders(session, addresses).items()
        if found
    }


def holders(session: Session, addresses: Iterable[Address]) -> dict[Address, list[Subnet]]:
    """Return all subnets around each address, in few queries."""
    asked = set(addresses)
    lengths = lengths_for(session, len(asked))
    wanted = {address: starts_around(address, lengths) for address in asked}
    starts = list({start for around in wanted.values() for start in around})
    found: dict[int, list[Subnet]] = {}
    for at in range(0, len(starts), STARTS_AT_ONCE):
        for row in session.scalars(select(Subnet).where(Subnet.first.in_(starts[at : at + STARTS_AT_ONCE]))):
            found.setdefault(key(row.first), []).append(row)
    return {
        address: [row for start in around for row in found.get(key(start), ()) if key(row.last) >= key(address)]
        for address, around in wanted.items()
    }


def inside(session: Session, row: Subnet) -> list[Subnet]:
    """Return the subnets in a subnet, at any depth, in order."""
    within = and_(Subnet.first >= row.first, Subnet.first <= row.last, Subnet.last <= row.last)
    query = select(Subnet).where(within).order_by(Subnet.first, Subnet.prefix_len)
    return [found for found in session.scalars(query) if found.id != row.id]


def places(session: Session, rows: Sequence[Subnet]) -> dict[int, Node]:
    """Return the places of some subnets, from those around and in them: by index, unless they are very many."""
    if not rows:
        return {}
    if len(rows) > PLACES_AT_ONCE:
        nodes = tree(session)
    else:
        starts = {start for row in rows for start in starts_around(row.first)}
        spans = merge(span(row.first, row.last) for row in rows)
        begun = or_(*(Subnet.first.between(address_of(low), address_of(high)) for low, high in spans))
        nodes = nested({*ranges(session, Subnet.first.in_(starts)), *ranges(session, begun)})
    return {row.id: nodes[row.id] for row in rows}

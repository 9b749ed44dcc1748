"""What is still free in a subnet: prefixes for subnets, addresses for hosts? And who takes it first?

An allocation takes the plan's lock before it looks, so that a hundred at once get a hundred different results.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from app.models import Pool, Subnet
from app.models.types import Address
from app.schemas.addresses import AddressIn, AddressOut
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, reservations
from app.services.actors import Actor
from app.services.errors import Conflict, Invalid, Problem
from app.services.facts import Facts, edges_of, load, load_plan
from app.services.locks import lock_plan
from app.services.nesting import ancestors, ranges
from app.services.pools import get_pool
from app.services.spans import Span, address_of, intersect, key, prefixes, span, subtract
from app.services.subnets import create_subnet, get_subnet
from app.services.workers import offers

MAX_SHOWN: Final = 256
"""So many free prefixes are named; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """What no subnet, pool or address takes: `gaps` as the fewest prefixes, `prefixes` of the wished length.

    `count` is how many prefixes of the length there are; both lists end after MAX_SHOWN.
    """

    prefix_len: int
    count: int
    gaps: list[str]
    prefixes: list[str]


def free_space(session: Session, subnet: Subnet, prefix_len: int) -> FreeSpace:
    """Return the free space for subnets of a length in a subnet; raises Invalid for a length that can't be."""
    _check_length(subnet, prefix_len)
    gaps = _gaps(session, subnet)
    block = 1 << (_bits(subnet) - prefix_len)
    count = sum(max(0, (last + 1) // block - -(-first // block)) for first, last in gaps)
    whole = [part for gap in gaps for part in _first(prefixes(gap))]
    found = [cidr_of(part, _bits(subnet)) for part in _first(_blocks(gaps, block))]
    return FreeSpace(prefix_len, count, [cidr_of(part, _bits(subnet)) for part in whole[:MAX_SHOWN]], found)


def take_subnet(
    session: Session, actor: Actor, subnet_id: int, prefix_len: int, settings: dict[str, Any]
) -> Subnet:
    """Plan the first free subnet of a length; raises NotFound, Invalid, or Conflict when there is none."""
    lock_plan(session)
    parent = get_subnet(session, subnet_id)
    _check_length(parent, prefix_len)
    block = 1 << (_bits(parent) - prefix_len)
    found = next(_blocks(_gaps(session, parent), block), None)
    if found is None:
        raise Conflict(Problem("prefix_len", "full", f"There is no free /{prefix_len} in {parent.cidr}."))
    return create_subnet(session, actor, SubnetIn(cidr=cidr_of(found, _bits(parent)), **settings))


def _check_length(subnet: Subnet, prefix_len: int) -> None:
    if not subnet.prefix_len < prefix_len <= _bits(subnet):
        detail = f"A subnet in {subnet.cidr} has a length from {subnet.prefix_len + 1} to {_bits(subnet)}."
        raise Invalid(Problem("prefix_len", "length", detail))


def _bits(subnet: Subnet) -> int:
    return subnet.first.max_prefixlen


def cidr_of(part: Span, bits: int) -> str:
    """Return an aligned span in CIDR notation."""
    return f"{address_of(part[0])}/{bits - (part[1] - part[0]).bit_length()}"


def _gaps(session: Session, subnet: Subnet) -> list[Span]:
    """Return what nothing takes, in order; what subnets inside have taken is not looked at."""
    left = _outside_inner(session, subnet)
    facts = _with_own(session, subnet, load_plan(session, left))
    singles = ((number, number) for number in (*facts.known, *facts.reserved, *facts.gateways))
    return subtract(left, [*(pool.span for pool in facts.pools), *singles])


def _with_own(session: Session, subnet: Subnet, facts: Facts) -> Facts:
    """Add the subnet's own edges and gateway to the facts of what is in it; part of a served subnet has none."""
    if any(row.dhcp_enabled for row in ancestors(session, subnet.first, subnet.last)):
        return facts  # which have those of the served one
    edges = edges_of(subnet.first, subnet.last, subnet.prefix_len)
    gateways = () if subnet.gateway is None else (key(subnet.gateway),)
    return replace(facts, edges=facts.edges.union(edges), gateways=facts.gateways.union(gateways))


def _outside_inner(session: Session, subnet: Subnet) -> list[Span]:
    """Return what is in the subnet and in none inside it."""
    within = (Subnet.first >= subnet.first, Subnet.last <= subnet.last, Subnet.id != subnet.id)
    inner = [(first, last) for _, first, last in ranges(session, *within)]
    return subtract([span(subnet.first, subnet.last)], inner)


def _blocks(gaps: Sequence[Span], block: int) -> Iterator[Span]:
    """Yield the aligned blocks of a size in the gaps; keys are aligned as addresses are."""
    for first, last in gaps:
        start = -(-first // block) * block
        while start + block - 1 <= last:
            yield start, start + block - 1
            start += block


def _first(parts: Iterator[Span]) -> list[Span]:
    return [part for _, part in zip(range(MAX_SHOWN), parts, strict=False)]


def next_address(session: Session, subnet_id: int, pool_id: int | None = None) -> Address:
    """Return the address to take next; raises NotFound, Invalid, or Conflict when there is none.

    The lowest free one outside dynamic pools; an excluded range is kept free for just this. Of a pool the highest
    free one: the worker gives from the other end.
    """
    subnet = get_subnet(session, subnet_id)
    pool = get_pool(session, pool_id) if pool_id is not None else None
    if pool is not None and pool.subnet_id != subnet.id:
        raise Invalid(Problem("pool_id", "outside", f"The pool {pool.first}-{pool.last} is not in {subnet.cidr}."))
    found = next(_candidates(session, subnet, pool), None)
    if found is None:
        where = f"the pool {pool.first}-{pool.last}" if pool else f"{subnet.cidr} outside its pools"
        raise Conflict(Problem("pool_id" if pool else "", "full", f"No address is free in {where}."))
    return address_of(found)


def _candidates(session: Session, subnet: Subnet, pool: Pool | None) -> Iterator[int]:
    own = [span(subnet.first, subnet.last)] if subnet.dhcp_enabled else _outside_inner(session, subnet)
    facts = _with_own(session, subnet, load(session, own))
    singles = {*facts.edges, *facts.gateways, *facts.known, *facts.reserved}
    closed = [(number, number) for number in singles]
    if pool is None:
        bounds = own
        closed += [known.span for known in facts.pools if known.kind == "dynamic"]
    else:
        bounds = intersect(own, [span(pool.first, pool.last)])
        closed += [known.span for known in facts.pools if known.kind == "excluded" and pool.kind == "dynamic"]
    offered = offers(session)
    for first, last in subtract(bounds, closed) if pool is None else reversed(subtract(bounds, closed)):
        step = 1 if pool is None else -1
        number = first if pool is None else last
        while first <= number <= last:
            if not facts.occupancy.state(number) and address_of(number) not in offered:
                yield number
            number += step


def take_address(
    session: Session, actor: Actor, subnet_id: int, data: AddressIn, pool_id: int | None = None
) -> AddressOut:
    """Note the next free address as static; raises what `next_address` raises."""
    lock_plan(session)
    ip = next_address(session, subnet_id, pool_id)
    return addresses.put_address(session, actor, str(ip), data)


def take_reservation(
    session: Session, actor: Actor, subnet_id: int, data: ReservationIn, pool_id: int | None = None
) -> AddressOut:
    """Reserve the next free address; raises what `next_address` and a reservation raise."""
    lock_plan(session)
    ip = next_address(session, subnet_id, pool_id)
    row = reservations.create_reservation(
        session, actor, data.model_copy(update={"ip": str(ip), "subnet_id": None})
    )
    return addresses.get_address(session, str(row.ip))

"""How do the addresses of a subnet look from afar, and one by one?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from sqlalchemy.orm import Session

from app.models import Subnet
from app.models.types import Address
from app.schemas.addresses import AddressOut
from app.services.addresses import describe
from app.services.errors import Invalid, Problem
from app.services.facts import PoolRange, load_part
from app.services.plan_map import map_for, marks_in
from app.services.spans import Span, address_of, key
from app.services.usage import MapTally, Tally, Usage

CELLS: Final = 256
"""A /24 fills one grid; of more addresses there are buckets, of at least as many each."""
BUCKETS: Final = 256


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of a grid, both ends included, and its addresses by state."""

    first: Address
    last: Address
    usage: Usage


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells or buckets of the addresses from one to another; the other is None."""

    first: Address
    last: Address
    cells: list[AddressOut] | None
    buckets: list[Bucket] | None


def grid(session: Session, subnet: Subnet, start: str = "", end: str = "") -> Grid:
    """Return the grid from an address of the subnet to another; none given = the subnet's own ends.

    Raises Invalid for what is no address, lies outside, or ends before it begins.
    """
    first = _address(subnet, "from", start) if start else subnet.first
    last = _address(subnet, "to", end) if end else subnet.last
    bounds = (key(first), key(last))
    if bounds[1] < bounds[0]:
        raise Invalid(Problem("to", "order", f"{last} is before {first}."))
    if bounds[1] - bounds[0] < CELLS:
        cells = describe(session, [address_of(number) for number in range(bounds[0], bounds[1] + 1)])
        return Grid(first, last, cells, None)
    return Grid(first, last, None, _buckets(session, bounds))


def _address(subnet: Subnet, name: str, text: str) -> Address:
    try:
        found = ip_address(text.strip())
    except ValueError:
        raise Invalid(Problem(name, "not_an_address", f"{text[:60]!r} is not an IP address.")) from None
    if found.version != subnet.first.version or not key(subnet.first) <= key(found) <= key(subnet.last):
        raise Invalid(Problem(name, "outside", f"{found} is not in {subnet.cidr}."))
    return found


def width_of(count: int) -> int:
    """Return how many addresses a bucket has when there are so many: a power of two, at least `CELLS`."""
    return max(CELLS, 1 << (-(-count // BUCKETS) - 1).bit_length())


def _buckets(session: Session, bounds: Span) -> list[Bucket]:
    width = width_of(bounds[1] - bounds[0] + 1)
    parts = list(_parts(bounds, width))
    plan = map_for(session, [bounds])
    if plan is None:
        tally: Tally | MapTally = _cut_tally(session, bounds, parts, width)
    else:
        tally = MapTally(plan, marks_in(session, plan, [bounds]))
    return [Bucket(address_of(part[0]), address_of(part[1]), tally.subnet(part)) for part in parts]


def _cut_tally(session: Session, bounds: Span, parts: list[Span], width: int) -> Tally:
    """Return what counts within the parts alone, with pools cut at their ends."""
    facts = load_part(session, bounds)
    pieces = (piece for pool in facts.pools for piece in _pieces(pool, parts, width))
    return Tally(replace(facts, pools=tuple(sorted(pieces, key=lambda pool: pool.span))))


def _parts(bounds: Span, width: int) -> Iterator[Span]:
    """Yield the aligned parts of a span; the first and the last may be cut."""
    first, last = bounds
    while first <= last:
        end = min(first // width * width + width - 1, last)
        yield first, end
        first = end + 1


def _pieces(pool: PoolRange, parts: list[Span], width: int) -> Iterator[PoolRange]:
    """Yield the pieces of a pool in the parts, so that each part counts its own."""
    base = parts[0][0] // width
    start, end = (min(max(n // width - base, 0), len(parts) - 1) for n in pool.span)
    for first, last in parts[start : end + 1]:
        low, high = max(first, pool.span[0]), min(last, pool.span[1])
        if low <= high:
            yield replace(pool, span=(low, high))

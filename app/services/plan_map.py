"""How full are many subnets, pools or parts of them? Counted over the whole plan, which is kept until it changes.

What the plan says of addresses is sorted once a revision, so that any range is counted in a few look-ups; for each
block of 64 addresses there are masks, so that a question reads the blocks' marks and nothing else.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from app.models import Subnet
from app.services.covers import ALL, IN_BLOCK, Cover, bits_by_block, inside, spliced, within, without
from app.services.facts import Facts, PoolRange, load_plan, plan_of_parts
from app.services.kept import Kept, kept_for
from app.services.marks import Counts, Marks, Masks, count_marks
from app.services.nesting import Node, Range, nested, places, ranges
from app.services.occupancy import BLOCK_BITS, SPANS_AT_ONCE, block_ranges, blocks_of
from app.services.plan_changes import Changed
from app.services.spans import IPV4_BASE, Span, merge, size, span

PLAN_MAP: Final = "plan map"
MARKS: Final = "marks"
"""Keys in Session.info: the map of the plan, and what the session's transaction has read of the marks."""
LARGE: Final = 1 << 17
"""Questions about fewer addresses do not wait for the whole plan; after changes of more of them it is read anew."""
MOST: Final = 4
"""Questions about a fourth of the plan, or more of it, read the marks of all of it."""
MASKS_KEPT: Final = 300_000
"""Masks and counts of more blocks, and parts of the plan, than these are worked out anew."""
MOST_PATCHED: Final = 20_000
"""Where more is known of the spans that changed, the plan is read anew."""


class Part(NamedTuple):
    """What the plan says of a span: `open` and `excluded` are those that nothing else is known of."""

    edges: int
    gateways: int
    static: int
    reserved: int
    pool: int
    open: int
    excluded: int


class Sorted(NamedTuple):
    """Addresses by what they are first of all, each in order: edges, gateways, static (in use), promised."""

    edges: list[int]
    gateways: list[int]
    static: list[int]
    reserved: list[int]


def _sorted(facts: Facts) -> Sorted:
    edges, gateways = facts.edges, facts.gateways - facts.edges
    static = facts.known - edges - gateways
    return Sorted(*map(sorted, (edges, gateways, static, facts.reserved - edges - gateways - static)))


def _start(pool: PoolRange) -> int:
    return pool.span[0]


def _spans(pools: Sequence[PoolRange]) -> tuple[list[Span], list[Span]]:
    """Return what dynamic pools span, and what excluded ranges do."""
    dynamic, holes = (merge(pool.span for pool in pools if pool.kind == kind) for kind in ("dynamic", "excluded"))
    return dynamic, holes


class PlanMap:
    """What the plan says of every address.

    subnets: their ranges; dynamic: the pools that clients get addresses from; inside: what is in subnets;
    places: where each subnet stands; bound: by block, as bits, what is not left to a pool; marks: of all that is
    inside, as they were when last asked for.
    """

    def __init__(self, facts: Facts, subnets: Sequence[Range]) -> None:
        """Take the ranges of all subnets and the facts within them."""
        self._take_subnets(subnets)
        self.known = own = _sorted(facts)
        self._all_pools: Sequence[PoolRange] = sorted(facts.pools, key=_start)
        self.dynamic: list[PoolRange] = [pool for pool in self._all_pools if pool.kind == "dynamic"]
        dynamic, holes = _spans(facts.pools)
        self.pools, self.holes = Cover(dynamic), Cover(holes)
        self.open = Cover(list(without(dynamic, self.holes)))
        taken = sorted(number for numbers in own for number in numbers)
        self.in_open = [number for number in taken if self.open.holds(number)]
        self.in_holes = [number for number in taken if self.holes.holds(number)] if self.holes.ends else []
        self._reserved = bits_by_block(own.reserved)
        self._fixed = bits_by_block(number for numbers in own[:3] for number in numbers)
        self.bound = bits_by_block(taken)
        self._masks: dict[int, Masks] = {}
        self._parts: dict[Span, Part] = {}
        self._counted: dict[int, tuple[int, int, Counts]] = {}
        self.marks = Marks(self, ())

    def _take_subnets(self, subnets: Sequence[Range]) -> None:
        self.subnets: Sequence[Range] = subnets
        self.inside = merge((first, last) for _, first, last in subnets)
        self.size = size(self.inside)
        self.places = nested(subnets)

    def _touching(self, bounds: Span) -> list[PoolRange]:
        """Return the pools with an address of the bounds: none begins before the cover that reaches in."""
        low = min(cover.start_of(bounds[0]) for cover in (self.pools, self.holes))
        start = bisect_left(self._all_pools, low, key=_start)
        end = bisect_right(self._all_pools, bounds[1], key=_start)
        return [pool for pool in self._all_pools[start:end] if pool.span[1] >= bounds[0]]

    def _patch_pools(self, found: Sequence[PoolRange], spans: Sequence[Span]) -> None:
        """Take other pools for those that touch some spans."""
        there = {pool.id: pool for bounds in spans for pool in self._touching(bounds)}
        if there == {pool.id: pool for pool in found}:
            return
        apart = (pool for pool in self._all_pools if pool.id not in there)
        self._all_pools = sorted([*apart, *found], key=_start)
        self.dynamic = [pool for pool in self._all_pools if pool.kind == "dynamic"]
        dynamic, holes = _spans(found)
        self.pools, self.holes = self.pools.patched(spans, dynamic), self.holes.patched(spans, holes)
        self.open = self.open.patched(spans, list(without(dynamic, Cover(holes))))

    def patched(self, facts: Facts, spans: Sequence[Span], subnets: Sequence[Range] | None) -> "PlanMap":
        """Return the map with what is within some spans replaced by the facts there, and with other subnets."""
        new, where = copy(self), Cover(spans)
        counted = new.__dict__.pop("of_subnets", None)
        if subnets is not None:
            new._take_subnets(subnets)
        new._patch_pools(facts.pools, spans)
        found = _sorted(facts)
        new.known = Sorted(*(spliced(now, spans, there) for now, there in zip(self.known, found, strict=True)))
        taken = sorted(number for numbers in found for number in numbers)
        new.in_open = spliced(self.in_open, spans, [number for number in taken if new.open.holds(number)])
        new.in_holes = spliced(self.in_holes, spans, [number for number in taken if new.holes.holds(number)])
        blocks = [block for low, high in block_ranges(spans) for block in range(low, high + 1)]
        new._renew_blocks(blocks)
        low, high = spans[0][0], spans[-1][1]
        parts = self._parts.copy().items()  # others may be asking the old map for more of them
        new._parts = {b: part for b, part in parts if b[1] < low or b[0] > high or not where.touches(b)}
        if counted is not None and subnets is None:
            new.of_subnets = [
                new._of_subnet(row) if row[1] <= high and row[2] >= low else was
                for was, row in zip(counted, self.subnets, strict=True)
            ]
        new.marks = self.marks.over(new, blocks, same=subnets is None)
        return new

    def known_in(self, spans: Sequence[Span]) -> int:
        """Return how much is known within some spans: addresses and pools."""
        starts = self.pools.starts
        return sum(within(points, bounds) for bounds in spans for points in (*self.known, starts))

    def _renew_blocks(self, blocks: Sequence[int]) -> None:
        """Take copies of what is kept by block, and work some of them out anew."""
        self._fixed, self._reserved, self.bound = self._fixed.copy(), self._reserved.copy(), self.bound.copy()
        self._masks, self._counted = self._masks.copy(), self._counted.copy()
        for block in blocks:
            low = IPV4_BASE + (block << BLOCK_BITS)
            there = [inside(numbers, (low, low | IN_BLOCK)) for numbers in self.known]
            fixed = bits_by_block(number for numbers in there[:3] for number in numbers).get(block, 0)
            reserved = bits_by_block(there[3]).get(block, 0)
            self._fixed[block], self._reserved[block], self.bound[block] = fixed, reserved, fixed | reserved
            self._masks.pop(block, None)
            self._counted.pop(block, None)

    def part(self, bounds: Span) -> Part:
        """Return what the plan says of a span."""
        found = self._parts.get(bounds)
        if found is None:
            found = Part(
                edges=within(self.known.edges, bounds),
                gateways=within(self.known.gateways, bounds),
                static=within(self.known.static, bounds),
                reserved=within(self.known.reserved, bounds),
                pool=self.pools.within(bounds),
                open=self.open.within(bounds) - within(self.in_open, bounds),
                excluded=self.holes.within(bounds) - within(self.in_holes, bounds),
            )
            if len(self._parts) < MASKS_KEPT:
                self._parts[bounds] = found
        return found

    @cached_property
    def of_subnets(self) -> list[tuple[int, int, int]]:
        """Of every subnet its id and, of its `Part`, `pool` and `open`."""
        return [self._of_subnet(row) for row in self.subnets]

    def _of_subnet(self, row: Range) -> tuple[int, int, int]:
        part = self.part((row[1], row[2]))
        return row[0], part.pool, part.open

    def counts(self, block: int, active: int, declined: int) -> Counts:
        """Return what the marks of a block mean; those of most blocks are as they were when last asked for."""
        known = self._counted.get(block)
        if known is not None and known[0] == active and known[1] == declined:
            return known[2]
        found = count_marks(self.masks(block), active & ALL, declined & ALL)
        if known is not None or len(self._counted) < MASKS_KEPT:
            self._counted[block] = (active, declined, found)
        return found

    def contested(self, block: int, bits: int) -> Iterator[tuple[int, bool]]:
        """Yield marked addresses of a block, and whether each is promised."""
        start, reserved = IPV4_BASE + (block << BLOCK_BITS), self.masks(block).reserved
        while bits:
            low = bits & -bits
            bits ^= low
            yield start + low.bit_length() - 1, bool(reserved & low)

    def masks(self, block: int) -> Masks:
        """Return the masks of a block."""
        found = self._masks.get(block)
        if found is None:
            fixed, reserved = self._fixed.get(block, 0), self._reserved.get(block, 0)
            idle = ALL & ~(fixed | reserved)
            found = Masks(fixed, reserved, self.open.bits(block) & idle, self.holes.bits(block) & idle)
            if len(self._masks) < MASKS_KEPT:
                self._masks[block] = found
        return found


def read_map(session: Session) -> PlanMap:
    """Return the map of the plan as the session sees it."""
    subnets = ranges(session)
    return PlanMap(load_plan(session, [(first, last) for _, first, last in subnets]), subnets)


def renew_map(session: Session, plan: PlanMap, changed: Changed) -> PlanMap | None:
    """Return the map after some changes of the plan; None = it must be read anew."""
    spans = changed.spans
    if not spans:
        return plan
    ipv4 = size(bounds for bounds in spans if bounds[0] >= IPV4_BASE)
    if ipv4 > LARGE or plan.known_in(spans) > MOST_PATCHED:
        return None
    subnets: list[Range] | None = None
    if changed.told:
        there = [row for row in plan.subnets if changed.holds(row[1], row[2])]
        now = ranges(session, changed.subnets)
        if set(now) != set(there):
            subnets = [*(row for row in plan.subnets if not changed.holds(row[1], row[2])), *now]
    return plan.patched(plan_of_parts(session, spans), spans, subnets)


def map_of(session: Session) -> PlanMap:
    """Return the map that is kept, or one of its own for a session that sees another plan."""
    kept: Kept[PlanMap] | None = kept_for(session, PLAN_MAP)
    return read_map(session) if kept is None else kept.get(session)


def map_for(session: Session, bounds: Sequence[Span]) -> PlanMap | None:
    """Return the map for a large question, or if it is there for any; None = read what the question needs."""
    kept: Kept[PlanMap] | None = kept_for(session, PLAN_MAP)
    if kept is None:
        return None
    return kept.peek(session) if size(bounds) < LARGE else kept.get(session)


def marks_in(session: Session, plan: PlanMap, bounds: Sequence[Span]) -> Marks:
    """Return what leases mark in the bounds; of the whole plan only what changed since the last time is counted."""
    if len(bounds) > SPANS_AT_ONCE or size(merge(bounds)) * MOST >= plan.size:
        return _marks_of_all(session, plan)
    return Marks(plan, blocks_of(session, bounds))


def _marks_of_all(session: Session, plan: PlanMap) -> Marks:
    """Return the marks of the whole plan; what a transaction has read of them once it does not read again."""
    own = session.get_transaction(), plan
    known: tuple[object, Marks] | None = session.info.get(MARKS)
    if known is not None and known[0] == own:
        return known[1]
    plan.marks = found = plan.marks.renewed(session)
    session.info[MARKS] = own, found
    return found  # and not what another thread may have put there meanwhile


def contested(session: Session, plan: PlanMap, bounds: Sequence[Span]) -> Iterator[tuple[int, bool]]:
    """Yield the leased addresses (keys) of the bounds that are promised (True) or known to be in use, in order."""
    found = marks_in(session, plan, bounds).contested
    for first, last in bounds:
        yield from found[bisect_left(found, (first,)) : bisect_right(found, (last, True))]


def places_of(session: Session, rows: Sequence[Subnet]) -> dict[int, Node]:
    """Return the places of subnets in the tree: of many, or of large ones, off the map."""
    plan = map_for(session, [span(row.first, row.last) for row in rows])
    if plan is None or any(row.id not in plan.places for row in rows):
        return places(session, rows)
    return {row.id: plan.places[row.id] for row in rows}

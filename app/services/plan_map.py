"""How full are many subnets, pools or parts of them? Counted over the whole plan, which is kept until it changes.

What the plan says of addresses is sorted once a revision, so that any range is counted in a few look-ups; for each
block of 64 addresses there are masks, so that a question reads the blocks' marks and nothing else.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from app.models import Subnet
from app.services.facts import Facts, PoolRange, load_plan
from app.services.kept import Kept, kept_for
from app.services.nesting import Node, Range, nested, places, ranges
from app.services.occupancy import BLOCK_BITS, SPANS_AT_ONCE, Row, Told, blocks_of, told
from app.services.spans import IPV4_BASE, Span, merge, size, span

PLAN_MAP: Final = "plan map"
MARKS: Final = "marks"
"""Keys in Session.info: the map of the plan, and what the session's transaction has read of the marks."""
LARGE: Final = 1 << 17
"""Questions about fewer addresses do not wait for the whole plan to be read."""
MOST: Final = 4
"""Questions about a fourth of the plan, or more of it, read the marks of all of it."""
MASKS_KEPT: Final = 300_000
"""Masks and counts of more blocks, and parts of the plan, than these are worked out anew."""
_ALL: Final = (1 << 64) - 1
_IN_BLOCK: Final = (1 << BLOCK_BITS) - 1
_LAST: Final = (1 << 32) - 1


class Masks(NamedTuple):
    """The addresses of a block, as bits: edges, gateways and static ones; promised; else free, or excluded."""

    fixed: int
    reserved: int
    open: int
    closed: int


class Counts(NamedTuple):
    """Addresses that leases mark: `of_*` are those that would else count as reserved, free or excluded."""

    leased: int
    declined: int
    of_reserved: int
    of_free: int
    of_excluded: int


_NONE: Final = Counts(0, 0, 0, 0, 0)
Cut: TypeAlias = tuple[int, int, list[tuple[int, int]]]
"""The rows of a span, from and to, and of the first and the last of them what lies outside: (row, bits)."""


class Part(NamedTuple):
    """What the plan says of a span: `open` and `excluded` are those that nothing else is known of."""

    edges: int
    gateways: int
    static: int
    reserved: int
    pool: int
    open: int
    excluded: int


class Cover:
    """Spans that do not overlap, in order: how many addresses of a range lie in them?"""

    def __init__(self, parts: Sequence[Span]) -> None:
        self.starts = [first for first, _ in parts]
        self.ends = [last for _, last in parts]
        self._before = [0, *accumulate(last - first + 1 for first, last in parts)]

    def within(self, bounds: Span) -> int:
        """Return how many addresses of the bounds are covered."""
        start, end = bisect_left(self.ends, bounds[0]), bisect_right(self.starts, bounds[1])
        if start >= end:
            return 0
        cut_off = max(bounds[0] - self.starts[start], 0) + max(self.ends[end - 1] - bounds[1], 0)
        return self._before[end] - self._before[start] - cut_off

    def holds(self, number: int) -> bool:
        """Tell whether an address is covered."""
        found = bisect_left(self.ends, number)
        return found < len(self.ends) and self.starts[found] <= number

    def bits(self, block: int) -> int:
        """Return the covered addresses of a block of IPv4."""
        low = IPV4_BASE + (block << BLOCK_BITS)
        high, bits = low | _IN_BLOCK, 0
        for index in range(bisect_left(self.ends, low), bisect_right(self.starts, high)):
            first, last = max(self.starts[index], low), min(self.ends[index], high)
            bits |= (_ALL >> (_IN_BLOCK - (last - first))) << (first - low)
        return bits


def within(points: Sequence[int], bounds: Span) -> int:
    """Return how many of the points, which are in order, lie in the bounds."""
    return bisect_right(points, bounds[1]) - bisect_left(points, bounds[0])


class PlanMap:
    """What the plan says of every address.

    subnets: their ranges; dynamic: the pools that clients get addresses from; inside: what is in subnets;
    places: where each subnet stands; bound: by block, as bits, what is not left to a pool; marks: of all that is
    inside, as they were when last asked for.
    """

    def __init__(self, facts: Facts, subnets: Sequence[Range]) -> None:
        """Take the ranges of all subnets and the facts within them."""
        self.subnets: Sequence[Range] = subnets
        self.dynamic: list[PoolRange] = [pool for pool in facts.pools if pool.kind == "dynamic"]
        self.inside = merge((first, last) for _, first, last in subnets)
        self.size = size(self.inside)
        self.places = nested(subnets)
        edges, gateways = facts.edges, facts.gateways - facts.edges
        static = facts.known - edges - gateways
        fixed = edges | gateways | static
        reserved = facts.reserved - fixed
        self.edges, self.gateways = sorted(edges), sorted(gateways)
        self.static, self.reserved = sorted(static), sorted(reserved)
        dynamic = merge(pool.span for pool in self.dynamic)
        holes = merge(pool.span for pool in facts.pools if pool.kind == "excluded")
        self.pools, self.holes = Cover(dynamic), Cover(holes)
        self.open = Cover(list(_without(dynamic, self.holes)))
        taken = sorted(fixed | reserved)
        self.in_open = [number for number in taken if self.open.holds(number)]
        self.in_holes = [number for number in taken if self.holes.holds(number)] if holes else []
        self._fixed, self._reserved, self.bound = _bits(fixed), _bits(reserved), _bits(fixed | reserved)
        self._masks: dict[int, Masks] = {}
        self._parts: dict[Span, Part] = {}
        self._counted: dict[int, tuple[int, int, Counts]] = {}
        self.marks = Marks(self, ())

    def part(self, bounds: Span) -> Part:
        """Return what the plan says of a span."""
        found = self._parts.get(bounds)
        if found is None:
            found = Part(
                edges=within(self.edges, bounds),
                gateways=within(self.gateways, bounds),
                static=within(self.static, bounds),
                reserved=within(self.reserved, bounds),
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
        parts = ((id_, self.part((first, last))) for id_, first, last in self.subnets)
        return [(id_, part.pool, part.open) for id_, part in parts]

    def counts(self, block: int, active: int, declined: int) -> Counts:
        """Return what the marks of a block mean; those of most blocks are as they were when last asked for."""
        known = self._counted.get(block)
        if known is not None and known[0] == active and known[1] == declined:
            return known[2]
        found = count_marks(self.masks(block), active & _ALL, declined & _ALL)
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
            idle = _ALL & ~(fixed | reserved)
            found = Masks(fixed, reserved, self.open.bits(block) & idle, self.holes.bits(block) & idle)
            if len(self._masks) < MASKS_KEPT:
                self._masks[block] = found
        return found


def _without(parts: Iterable[Span], holes: Cover) -> Iterable[Span]:
    """Yield the parts less the holes."""
    for low, high in parts:
        first = low
        for index in range(bisect_left(holes.ends, low), bisect_right(holes.starts, high)):
            if holes.starts[index] > first:
                yield first, holes.starts[index] - 1
            first = holes.ends[index] + 1
        if first <= high:
            yield first, high


def _bits(numbers: Iterable[int]) -> dict[int, int]:
    """Return the addresses (keys) of IPv4 by block, as bits."""
    found: dict[int, int] = {}
    for number in numbers:
        block = (number - IPV4_BASE) >> BLOCK_BITS
        found[block] = found.get(block, 0) | 1 << (number & _IN_BLOCK)
    return found


class Marks:
    """What leases mark of what the plan says, ready to be counted in any range."""

    def __init__(self, plan: PlanMap, rows: Sequence[Row], known: "Marks | None" = None) -> None:
        """Take rows of (block, active, declined) in the order of blocks; the bits are signed 64-bit numbers.

        `known` are the marks of the same blocks at another moment: only what differs is counted.
        """
        self._plan, self._rows, self._told = plan, rows, Told()
        if known is None:
            self._blocks = [row[0] for row in rows]
            self._counts = [plan.counts(*row) for row in rows]
            self._cuts: dict[Span, Cut] = {}
            self._of_subnets: list[Cut] | None = None
        else:
            self._blocks, self._counts, self._cuts = known._blocks, known._counts.copy(), known._cuts
            self._of_subnets = known._of_subnets
            for index, (row, before) in enumerate(zip(rows, known._rows, strict=True)):
                if row != before:
                    self._counts[index] = plan.counts(*row)
        columns = zip(*self._counts, strict=True) if rows else ()
        self._before: list[list[int]] = [[0, *accumulate(column)] for column in columns]

    def at(self, told: Told) -> "Marks":
        """Return the marks that are told, which are mostly the same."""
        if told == self._told:
            return self
        alike = told.blocks == self._told.blocks and bool(self._rows)
        found = Marks(self._plan, told.rows(), self if alike else None)
        found._told = told
        return found

    @cached_property
    def contested(self) -> list[tuple[int, bool]]:
        """The leased addresses (keys) that are promised (True) or known to be in use, in order."""
        bound = self._plan.bound
        both = ((row[0], row[1] & bound.get(row[0], 0)) for row in self._rows)
        return [pair for block, bits in both if bits for pair in self._plan.contested(block, bits)]

    def count(self, bounds: Span) -> Counts:
        """Return the counts of a span (keys)."""
        return self._counted(self._cut(bounds))

    def _counted(self, found: Cut) -> Counts:
        start, end, cut = found
        if start == end:
            return _NONE
        leased, declined, reserved, free, excluded = (column[end] - column[start] for column in self._before)
        for index, outside in cut:
            own = self._part(index, outside)
            leased, declined, reserved = leased - own[0], declined - own[1], reserved - own[2]
            free, excluded = free - own[3], excluded - own[4]
        return Counts(leased, declined, reserved, free, excluded)

    def of_subnets(self) -> list[tuple[int, int]]:
        """Return how many are leased in every subnet, and how many of the free are taken, in the plan's order."""
        if self._of_subnets is None:
            self._of_subnets = [self._cut((first, last)) for _, first, last in self._plan.subnets]
        if not self._rows:
            return [(0, 0)] * len(self._of_subnets)
        leased, free = self._before[0], self._before[3]
        return [
            self._leased_and_free((start, end, cut))
            if cut
            else (leased[end] - leased[start], free[end] - free[start])
            for start, end, cut in self._of_subnets
        ]

    def _leased_and_free(self, found: Cut) -> tuple[int, int]:
        counts = self._counted(found)
        return counts.leased, counts.of_free

    def of_free(self, bounds: Span) -> int:
        """Return the one count alone."""
        start, end, cut = self._cut(bounds)
        if start == end:
            return 0
        found = self._before[3][end] - self._before[3][start]
        for index, outside in cut:
            block, active, declined = self._rows[index]
            found -= ((active | declined) & outside & self._plan.masks(block).open).bit_count()
        return found

    def _cut(self, bounds: Span) -> Cut:
        found = self._cuts.get(bounds)
        if found is None:
            found = self._find(bounds)
            if len(self._cuts) < MASKS_KEPT:
                self._cuts[bounds] = found
        return found

    def _find(self, bounds: Span) -> Cut:
        first, last = max(bounds[0] - IPV4_BASE, 0), min(bounds[1] - IPV4_BASE, _LAST)
        if last < first:
            return 0, 0, []
        blocks, cut = self._blocks, list[tuple[int, int]]()
        start, end = bisect_left(blocks, first >> BLOCK_BITS), bisect_right(blocks, last >> BLOCK_BITS)
        if start < end:
            below, above = (1 << (first & _IN_BLOCK)) - 1, _ALL & ~((2 << (last & _IN_BLOCK)) - 1)
            if below and blocks[start] == first >> BLOCK_BITS:
                cut.append((start, below))
            if above and blocks[end - 1] == last >> BLOCK_BITS:
                cut.append((end - 1, above))
        return start, end, cut

    def _part(self, index: int, wanted: int) -> Counts:
        block, active, declined = self._rows[index]
        return count_marks(self._plan.masks(block), active & wanted, declined & wanted)


def count_marks(masks: Masks, active: int, declined: int) -> Counts:
    """Return what unsigned marks of a block mean."""
    fixed, reserved, open_, closed = masks
    taken = active | declined
    return Counts(
        (active & ~fixed).bit_count(),
        (declined & ~fixed).bit_count(),
        (taken & reserved).bit_count(),
        (taken & open_).bit_count(),
        (taken & closed).bit_count(),
    )


def read_map(session: Session) -> PlanMap:
    """Return the map of the plan as the session sees it."""
    subnets = ranges(session)
    return PlanMap(load_plan(session, [(first, last) for _, first, last in subnets]), subnets)


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
    plan.marks = found = plan.marks.at(told(session, plan.inside))
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

"""How full are subnets and pools? Exact at each moment, and no dearer with a million leases than with none.

Each address counts once, as what it is first of all: network or broadcast, gateway, static (known to be in use),
declined, leased, reserved (and not leased), excluded, free (a pool can give it), unused.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Pool, Subnet
from app.services.facts import Facts, PoolRange, load
from app.services.marks import Marks
from app.services.plan_map import PlanMap, map_for, map_of, marks_in
from app.services.spans import IPV4_BASE, Span, clip, size, span


class Usage(NamedTuple):
    """Addresses by state, those of nested subnets included. total = without network and broadcast addresses."""

    total: int
    pool: int
    leased: int
    reserved: int
    static: int
    gateway: int
    declined: int
    excluded: int
    free: int
    unused: int


class PoolUsage(NamedTuple):
    """Addresses of a pool by state; free = what it can still give to a newcomer. `size` = all of them, also a
    network or broadcast address that it spans."""

    size: int
    leased: int
    reserved: int
    static: int
    declined: int
    excluded: int
    free: int

    @property
    def percent(self) -> int:
        """How much is taken of what excluded ranges leave; 100 of nothing."""
        room = self.size - self.excluded
        return 100 * (room - self.free) // room if room else 100


def usage(session: Session, subnets: Sequence[Subnet]) -> dict[int, Usage]:
    """Return the use of each subnet, in five queries however many there are."""
    return usage_of(session, {row.id: span(row.first, row.last) for row in subnets})


def usage_of(session: Session, spans: Mapping[int, Span]) -> dict[int, Usage]:
    """Return the use of subnets by their id, as `usage` does."""
    tally = tally_of(session, list(spans.values()))
    return {id_: tally.subnet(bounds) for id_, bounds in spans.items()}


def pool_usage(session: Session, pools: Sequence[Pool]) -> dict[int, PoolUsage]:
    """Return the use of each pool, in six queries however many there are."""
    ids = {row.subnet_id for row in pools}
    subnets = session.execute(select(Subnet.first, Subnet.last).where(Subnet.id.in_(ids)))
    tally = tally_of(session, [span(first, last) for first, last in subnets])
    return {row.id: tally.pool(span(row.first, row.last), row.kind) for row in pools}


def of_all_pools(session: Session) -> Iterator[tuple[str, int, tuple[int, int, int, int, int]]]:
    """Yield (`subnet` or `pool`, id, figures) of every subnet with dynamic IPv4 pools, then of every such pool.

    The figures are the size (of its pools, for a subnet), free, leased, reserved and declined.
    """
    plan = map_of(session)
    marks = marks_in(session, plan, plan.inside)

    def figures(bounds: Span, size: int) -> tuple[int, int, int, int, int]:
        part, marked = plan.part(bounds), marks.count(bounds)
        free, reserved = part.open - marked.of_free, part.reserved - marked.of_reserved
        return size, free, marked.leased, reserved, marked.declined

    for id_, first, last in plan.subnets:
        size = plan.part((first, last)).pool if first >= IPV4_BASE else 0
        if size:
            yield "subnet", id_, figures((first, last), size)
    for pool in plan.dynamic:
        if pool.span[0] >= IPV4_BASE:
            yield "pool", pool.id, figures(pool.span, pool.span[1] - pool.span[0] + 1)


def pools_over(session: Session, percent: int, subnet_id: int | None) -> list[tuple[PoolRange, PoolUsage]]:
    """Return the dynamic pools, of one subnet or of all, whose `percent` is so high or higher."""
    plan = map_of(session)
    pools = [pool for pool in plan.dynamic if subnet_id in (None, pool.subnet_id)]
    marks = marks_in(session, plan, [pool.span for pool in pools])
    tally, found = MapTally(plan, marks), []
    for pool in pools:
        size, free = pool.span[1] - pool.span[0] + 1, plan.part(pool.span).open - marks.of_free(pool.span)
        if 100 * (size - free) >= percent * size:  # less is taken of what excluded ranges leave
            used = tally.pool(pool.span, pool.kind)
            if used.percent >= percent:
                found.append((pool, used))
    return found


def tally_of(session: Session, spans: Sequence[Span]) -> "Tally | MapTally":
    """Return what counts within the spans, which are whole subnets: by the map of the plan if they are large."""
    plan = map_for(session, spans)
    return Tally(load(session, spans)) if plan is None else MapTally(plan, marks_in(session, plan, spans))


class MapTally:
    """Counts any span by the map of the plan and the marks of leases."""

    def __init__(self, plan: PlanMap, marks: Marks) -> None:
        self._plan, self._marks = plan, marks

    def subnet(self, bounds: Span) -> Usage:
        """Return the use of a whole subnet, or of a part of one."""
        part, marked = self._plan.part(bounds), self._marks.count(bounds)
        total = bounds[1] - bounds[0] + 1 - part.edges
        reserved, free = part.reserved - marked.of_reserved, part.open - marked.of_free
        leased, declined, excluded = marked.leased, marked.declined, part.excluded - marked.of_excluded
        known = part.gateways + part.static + leased + declined + reserved + excluded + free
        return Usage(
            total,
            part.pool,
            leased,
            reserved,
            part.static,
            part.gateways,
            declined,
            excluded,
            free,
            unused=total - known,
        )

    def pool(self, bounds: Span, kind: str) -> PoolUsage:
        """Return the use of a pool."""
        part, marked = self._plan.part(bounds), self._marks.count(bounds)
        return PoolUsage(
            size=bounds[1] - bounds[0] + 1,
            leased=marked.leased,
            reserved=part.reserved - marked.of_reserved,
            static=part.static + part.gateways,
            declined=marked.declined,
            excluded=part.excluded - marked.of_excluded,
            free=part.open - marked.of_free if kind == "dynamic" else 0,
        )


class _Marks:
    """Weighted points of the address space that are summed over a span."""

    def __init__(self, points: Iterable[int], weights: Sequence[int] | None = None) -> None:
        """Take points, sorted when they have weights; each weighs 1 otherwise."""
        self._points = sorted(points)
        self._before = None if weights is None else [0, *accumulate(weights)]

    def within(self, bounds: Span) -> int:
        start, end = bisect_left(self._points, bounds[0]), bisect_right(self._points, bounds[1])
        return end - start if self._before is None else self._before[end] - self._before[start]


class Tally:
    """Counts any span of the facts in a few look-ups."""

    def __init__(self, facts: Facts) -> None:
        self._occupancy = facts.occupancy
        gateways = facts.gateways - facts.edges
        static = facts.known - facts.edges - gateways
        fixed = facts.edges | gateways | static
        states = {number: self._occupancy.state(number) for number in fixed}
        idle = [n for n in facts.reserved - fixed if not self._occupancy.state(n)]
        self._edges, self._gateways, self._static = _Marks(facts.edges), _Marks(gateways), _Marks(static)
        self._fixed_active = _Marks(n for n, state in states.items() if state == "active")
        self._fixed_declined = _Marks(n for n, state in states.items() if state == "declined")
        self._idle = _Marks(idle)
        self._quiet = _Marks([*idle, *(n for n, state in states.items() if not state)])
        self._holes = [pool.span for pool in facts.pools if pool.kind == "excluded"]
        self._hole_starts = [first for first, _ in self._holes]
        self._excluded = _Marks(self._hole_starts, [self._closed(hole) for hole in self._holes])
        dynamic = [pool.span for pool in facts.pools if pool.kind == "dynamic"]
        starts = [first for first, _ in dynamic]
        self._sizes = _Marks(starts, [last - first + 1 for first, last in dynamic])
        self._free = _Marks(starts, [self._open(bounds) for bounds in dynamic])

    def subnet(self, bounds: Span) -> Usage:
        """Return the use of a whole subnet."""
        active, declined = self._occupancy.count(bounds)
        total = size([bounds]) - self._edges.within(bounds)
        gateway, static = self._gateways.within(bounds), self._static.within(bounds)
        leased = active - self._fixed_active.within(bounds)
        declined -= self._fixed_declined.within(bounds)
        reserved, excluded = self._idle.within(bounds), self._excluded.within(bounds)
        free = self._free.within(bounds)
        unused = total - gateway - static - leased - declined - reserved - excluded - free
        pool = self._sizes.within(bounds)
        return Usage(total, pool, leased, reserved, static, gateway, declined, excluded, free, unused)

    def pool(self, bounds: Span, kind: str) -> PoolUsage:
        """Return the use of a pool."""
        active, declined = self._occupancy.count(bounds)
        excluded = self._closed(bounds) if kind == "excluded" else sum(map(self._closed, self._holes_in(bounds)))
        return PoolUsage(
            size=size([bounds]),
            leased=active - self._fixed_active.within(bounds),
            reserved=self._idle.within(bounds),
            static=self._static.within(bounds) + self._gateways.within(bounds),
            declined=declined - self._fixed_declined.within(bounds),
            excluded=excluded,
            free=self._open(bounds) if kind == "dynamic" else 0,
        )

    def _closed(self, hole: Span) -> int:
        """Count the addresses of an excluded range that nothing else is known of."""
        return size([hole]) - self._occupancy.taken(hole) - self._quiet.within(hole)

    def _open(self, bounds: Span) -> int:
        """Count the addresses of a dynamic pool that are free for a newcomer."""
        closed = sum(self._closed(hole) for hole in self._holes_in(bounds))
        return size([bounds]) - self._occupancy.taken(bounds) - self._quiet.within(bounds) - closed

    def _holes_in(self, bounds: Span) -> list[Span]:
        """Return the parts of excluded ranges in a span; they never overlap, so their ends are sorted too."""
        end = bisect_right(self._hole_starts, bounds[1])
        start = bisect_left(self._holes, bounds[0], hi=end, key=lambda hole: hole[1])
        return clip(self._holes[start:end], bounds)

"""What do leases mark of what the plan says of addresses, ready to be counted in any range?"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple, Protocol, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import LeaseEvent
from app.services import events
from app.services.covers import ALL, IN_BLOCK, LAST
from app.services.nesting import Range
from app.services.occupancy import BLOCK_BITS, Row, blocks_between, blocks_named
from app.services.spans import IPV4_BASE, Span, key

CUTS_KEPT: Final = 300_000
MOST_EVENTS: Final = 2000
"""After more events than these, the marks of the whole plan are read anew."""
WHOLE_EVERY_S: Final = 60.0
"""So are they at least so often, whatever wrote them."""
NEVER: Final = -1
SHIFTED_AT_ONCE: Final = 8
"""Where more blocks than these changed, everything is summed up anew."""


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


class Plan(Protocol):
    """What the plan says of the addresses that are marked; see `plan_map.PlanMap`."""

    subnets: Sequence[Range]
    inside: list[Span]
    bound: dict[int, int]

    def counts(self, block: int, active: int, declined: int) -> Counts:
        """Return what the marks of a block mean."""

    def contested(self, block: int, bits: int) -> Iterator[tuple[int, bool]]:
        """Yield marked addresses of a block, and whether each is promised."""

    def masks(self, block: int) -> Masks:
        """Return the masks of a block."""


class Marks:
    """What leases mark of what the plan says, ready to be counted in any range."""

    def __init__(self, plan: Plan, rows: Sequence[Row], known: "Marks | None" = None) -> None:
        """Take rows of (block, active, declined) in the order of blocks; the bits are signed 64-bit numbers.

        `known` are the marks of the same blocks at another moment: only what differs is counted.
        """
        self._plan, self._rows = plan, rows
        self._newest, self._read_at = NEVER, 0.0
        self._before: list[list[int]] = []
        if known is None:
            self._blocks = [row[0] for row in rows]
            self._counts = [plan.counts(*row) for row in rows]
            self._cuts: dict[Span, Cut] = {}
            self._of_subnets: list[Cut] | None = None
            self._sum()
        else:
            self._blocks, self._counts, self._cuts = known._blocks, known._counts.copy(), known._cuts
            self._of_subnets = known._of_subnets
            pairs = enumerate(zip(rows, known._rows, strict=True))
            self._count([index for index, (row, before) in pairs if row != before], known._before)

    def _count(self, changed: Sequence[int], before: list[list[int]]) -> None:
        """Count some rows anew: the sums of so many that come after each are then other by as much."""
        known = [self._counts[index] for index in changed]
        for index in changed:
            self._counts[index] = self._plan.counts(*self._rows[index])
        if len(changed) > SHIFTED_AT_ONCE or not before:
            self._sum()
            return
        self._before = before.copy()
        for index, old in zip(changed, known, strict=True):
            for column, (now, then) in enumerate(zip(self._counts[index], old, strict=True)):
                if now != then:
                    sums = self._before[column]
                    self._before[column] = sums[: index + 1] + [total + now - then for total in sums[index + 1 :]]

    def _sum(self) -> None:
        columns = zip(*self._counts, strict=True) if self._counts else ()
        self._before = [[0, *accumulate(column)] for column in columns]

    def renewed(self, session: Session) -> "Marks":
        """Return the marks of the whole plan as they are now: where leases changed since, or all of them anew.

        Each change of a lease is an event, in the order of their ids, written together with its marks.
        """
        newest, now = events.latest_id(session), time.monotonic()
        new = newest - self._newest
        if self._newest == NEVER or not 0 <= new <= MOST_EVENTS or now - self._read_at > WHOLE_EVERY_S:
            found = self._of(blocks_between(session, self._plan.inside))
            found._read_at = now
        elif new:
            found = self._of(self._changed(session))
            found._read_at = self._read_at
        else:
            return self
        found._newest = newest
        return found

    def _changed(self, session: Session) -> Sequence[Row]:
        """Return the rows with those in which leases changed since."""
        since = session.scalars(select(LeaseEvent.ip).where(LeaseEvent.id > self._newest))
        blocks = {(key(ip) - IPV4_BASE) >> BLOCK_BITS for ip in since}
        found = {row[0]: row for row in blocks_named(session, self._plan.inside, blocks)}
        rows = [found.pop(row[0], row) for row in self._rows]
        return sorted([*rows, *found.values()]) if found else rows

    def _of(self, rows: Sequence[Row]) -> "Marks":
        """Return other marks, of which only what differs is counted if they are of the same blocks."""
        alike = bool(rows) and self._blocks == [row[0] for row in rows]
        return Marks(self._plan, rows, self if alike else None)

    def over(self, plan: Plan, blocks: Iterable[int], *, same: bool) -> "Marks":
        """Return the marks over another plan, which tells some blocks otherwise; same = of the same subnets."""
        new = copy(self)
        new.__dict__.pop("contested", None)
        new._plan, new._counts, new._cuts = plan, self._counts.copy(), self._cuts.copy()
        if not same:
            new._of_subnets, new._newest = None, NEVER
        found = ((bisect_left(self._blocks, block), block) for block in blocks)
        there = [i for i, block in found if i < len(self._blocks) and self._blocks[i] == block]
        new._count(there, self._before)
        return new

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
            if len(self._cuts) < CUTS_KEPT:
                self._cuts[bounds] = found
        return found

    def _find(self, bounds: Span) -> Cut:
        first, last = max(bounds[0] - IPV4_BASE, 0), min(bounds[1] - IPV4_BASE, LAST)
        if last < first:
            return 0, 0, []
        blocks, cut = self._blocks, list[tuple[int, int]]()
        start, end = bisect_left(blocks, first >> BLOCK_BITS), bisect_right(blocks, last >> BLOCK_BITS)
        if start < end:
            below, above = (1 << (first & IN_BLOCK)) - 1, ALL & ~((2 << (last & IN_BLOCK)) - 1)
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

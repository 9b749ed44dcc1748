"""How many addresses are leased and how many are free, over the whole plan? Exact at each moment.

What the plan says is kept in memory until the plan changes: for each block of 64 addresses those that count when
they are leased, and those that are free unless they are taken. What remains at each question is to read the blocks.
"""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import LeaseBlock
from app.services.audit import REVISION, current_revision
from app.services.facts import Facts, load_plan
from app.services.grants import is_limited
from app.services.nesting import spans
from app.services.occupancy import BLOCK_BITS, Occupancy, blocks_of
from app.services.spans import IPV4_BASE, Span, clip, merge, size, subtract

TOTALS: Final = "totals"
"""Key in Session.info."""
MASKS_KEPT: Final = 300_000
"""Masks of more blocks than these are worked out anew."""
_ALL: Final = (1 << 64) - 1
_IN_BLOCK: Final = (1 << BLOCK_BITS) - 1


class Plan:
    """What the plan says of each address: may it count as leased, and may a newcomer get it?"""

    def __init__(self, facts: Facts, bounds: Iterable[Span]) -> None:
        """Take the facts of the bounds, which are the subnets."""
        fixed = facts.edges | facts.gateways | facts.known
        pools = [pool.span for pool in facts.pools if pool.kind == "dynamic"]
        self._starts = [first for first, _ in pools]
        self._sizes = [0, *accumulate(last - first + 1 for first, last in pools)]
        self._inside = merge(bounds)
        self._open = _without(merge(pools), [pool.span for pool in facts.pools if pool.kind == "excluded"])
        self._fixed, self._closed = _bits(fixed), _bits(fixed | facts.reserved)
        self._points = sorted(fixed | facts.reserved)
        self.open = sum(each[1] - each[0] + 1 - self._points_in(each) for each in self._open)
        self._masks: dict[int, tuple[int, int]] = {}

    def count(self, blocks: Iterable[Sequence[int]]) -> tuple[int, int]:
        """Return how many addresses are leased and free, by (block, active, declined) of all blocks."""
        leased, free, masks = 0, self.open, self._masks
        for block, active, declined in blocks:
            mask = masks.get(block) or self._mask(block)
            leased += (active & mask[0]).bit_count()
            free -= ((active | declined) & mask[1]).bit_count()
        return leased, free

    def open_in(self, bounds: Span) -> int:
        """Return how many addresses of a span are free unless they are taken."""
        start = bisect_left(self._open, bounds[0], key=lambda each: each[1])
        end = bisect_right(self._open, bounds[1], lo=start, key=lambda each: each[0])
        parts = clip(self._open[start:end], bounds)
        return size(parts) - sum(map(self._points_in, parts))

    def pool_in(self, bounds: Span) -> int:
        """Return how many addresses the dynamic pools have that begin in a span."""
        start, end = bisect_left(self._starts, bounds[0]), bisect_right(self._starts, bounds[1])
        return self._sizes[end] - self._sizes[start]

    def marks(self, blocks: Iterable[Sequence[int]]) -> Occupancy:
        """Return marks that count, in any span, what is leased, and what is taken of the addresses of `open_in`."""
        masks = ((block, self._masks.get(block) or self._mask(block), bits, more) for block, bits, more in blocks)
        return Occupancy((block, bits & mask[0], (bits | more) & mask[1]) for block, mask, bits, more in masks)

    def _points_in(self, bounds: Span) -> int:
        return bisect_right(self._points, bounds[1]) - bisect_left(self._points, bounds[0])

    def _mask(self, block: int) -> tuple[int, int]:
        """Return the addresses of a block that count when they are leased, and those that are free otherwise."""
        inside = _covered(self._inside, block) & ~self._fixed.get(block, 0)
        open_ = _covered(self._open, block) & ~self._closed.get(block, 0)
        if len(self._masks) < MASKS_KEPT:
            self._masks[block] = inside, open_
        return inside, open_


def _without(spans: list[Span], holes: list[Span]) -> list[Span]:
    """Return the spans less the holes; both are in order, and only what meets a hole is cut."""
    ends = [last for _, last in spans]
    cut: dict[int, list[Span]] = {}
    for hole in merge(holes):
        for index in range(bisect_left(ends, hole[0]), len(spans)):
            if spans[index][0] > hole[1]:
                break
            cut.setdefault(index, []).append(hole)
    return [part for i, each in enumerate(spans) for part in (subtract([each], cut[i]) if i in cut else [each])]


def _bits(numbers: Iterable[int]) -> dict[int, int]:
    """Return the addresses (keys) of IPv4 by block, as bits."""
    found: dict[int, int] = {}
    for number in numbers:
        block = (number - IPV4_BASE) >> BLOCK_BITS
        found[block] = found.get(block, 0) | 1 << (number & _IN_BLOCK)
    return found


def _covered(spans: list[Span], block: int) -> int:
    """Return the addresses of a block that lie in one of the spans, as bits; the spans are in order."""
    low = IPV4_BASE + (block << BLOCK_BITS)
    high, bits = low | _IN_BLOCK, 0
    start = bisect_left(spans, low, key=lambda each: each[1])
    end = bisect_right(spans, high, lo=start, key=lambda each: each[0])
    for first, last in clip(spans[start:end], (low, high)):
        bits |= (_ALL >> (_IN_BLOCK - (last - first))) << (first - low)
    return bits


class Counted(NamedTuple):
    """Addresses of a span: those of the pools that begin in it, those that are leased, and those that are free."""

    pool: int
    leased: int
    free: int


class Totals:
    """Keeps the plan of the newest revision that was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = -1
        self._plan: Plan | None = None

    def plan(self, session: Session) -> Plan:
        """Return the plan as it is; several that ask for a new one at once wait for the first."""
        revision = current_revision(session)  # before the plan: what is read later is never older than it
        with self._lock:
            if self._plan is None or revision != self._revision:
                self._plan, self._revision = read_plan(session), revision
            return self._plan


def read_plan(session: Session) -> Plan:
    """Return the plan as the session sees it."""
    bounds = merge(spans(session))
    return Plan(load_plan(session, bounds), bounds)


def plan_of(session: Session) -> Plan:
    """Return the plan that is kept, or one of its own for a session that sees another."""
    kept: Totals | None = session.info.get(TOTALS)
    own = is_limited(session) or REVISION in session.info
    return read_plan(session) if kept is None or own else kept.plan(session)


def free_in(session: Session, bounds: Sequence[Span]) -> list[int]:
    """Return how many addresses of each span are free."""
    plan = plan_of(session)
    marks = plan.marks(blocks_of(session, bounds))
    return [plan.open_in(each) - marks.count(each)[1] for each in bounds]


def counted(session: Session, bounds: Mapping[int, Span]) -> dict[int, Counted]:
    """Return what is counted of each of many spans, by the same keys."""
    plan = plan_of(session)
    marks = plan.marks(_marked(session))
    found: dict[int, Counted] = {}
    for name, each in bounds.items():
        leased, taken = marks.count(each)
        found[name] = Counted(plan.pool_in(each), leased, plan.open_in(each) - taken)
    return found


def totals(session: Session) -> tuple[int, int]:
    """Return how many addresses are leased and how many are free, over all that the session sees."""
    return plan_of(session).count(_marked(session))


def _marked(session: Session) -> Iterable[Sequence[int]]:
    """Return (block, active, declined) of every block in which something is leased or declined, in order."""
    columns = (LeaseBlock.block, LeaseBlock.active, LeaseBlock.declined)
    marked = or_(LeaseBlock.active != 0, LeaseBlock.declined != 0)
    return session.execute(select(*columns).where(marked).order_by(LeaseBlock.block))

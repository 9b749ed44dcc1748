"""How many addresses of a range are leased or declined? Answered from 64 addresses a row, never from the leases."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

from sqlalchemy import Executable, delete, select, text
from sqlalchemy.orm import Session

from app.models import Lease, LeaseBlock
from app.services.octets import driver_rows
from app.services.spans import IPV4_BASE, Span, key, merge

BLOCK_BITS: Final = 6
QUARANTINED: Final = ("declined", "conflict")
"""States of a lease whose address nobody may have for a while; they are counted as declined."""
_IN_BLOCK: Final = (1 << BLOCK_BITS) - 1
_ALL: Final = (1 << 64) - 1
_LAST: Final = (1 << 32) - 1
SPANS_AT_ONCE: Final = 1000
"""More ranges than these are read as one, from the first to the last."""
BLOCKS_AT_ONCE: Final = 200
RANGES_AT_ONCE: Final = 100
Row = tuple[int, int, int]
_IN_RANGES: Final = """
    WITH wanted (low, high) AS (VALUES {wanted})
    SELECT block, active, declined FROM wanted JOIN lease_blocks ON block BETWEEN low AND high
"""


_TOLD: Final = """
    SELECT {join[0]}, {join[1]}, {join[2]} FROM (
      SELECT block, active, declined FROM lease_blocks WHERE block BETWEEN :low AND :high ORDER BY block
    ) AS marked
"""
_COLUMNS: Final = ("block", "active", "declined")
_JOINED: Final = {
    "sqlite": _TOLD.format(join=[f"group_concat({name})" for name in _COLUMNS]),
    "postgresql": _TOLD.format(join=[f"string_agg({name}::text, ',')" for name in _COLUMNS]),
}


class Occupancy:
    """The marks of some ranges, ready to be counted in any part of them; an IPv6 address has none so far."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take rows of (block, active, declined) in the order of blocks; the bits are signed 64-bit numbers."""
        known = list(rows)
        self._blocks = [row[0] for row in known]
        self._active = [row[1] & _ALL for row in known]
        self._declined = [row[2] & _ALL for row in known]
        self._active_before = [0, *accumulate(bits.bit_count() for bits in self._active)]
        self._declined_before = [0, *accumulate(bits.bit_count() for bits in self._declined)]

    def count(self, bounds: Span) -> tuple[int, int]:
        """Return how many addresses of a span (keys) are leased and how many are declined."""
        first, last = max(bounds[0] - IPV4_BASE, 0), min(bounds[1] - IPV4_BASE, _LAST)
        if last < first:
            return 0, 0
        start = bisect_left(self._blocks, first >> BLOCK_BITS)
        end = bisect_right(self._blocks, last >> BLOCK_BITS)
        if start == end:
            return 0, 0
        active = self._active_before[end] - self._active_before[start]
        declined = self._declined_before[end] - self._declined_before[start]
        if self._blocks[start] == first >> BLOCK_BITS:
            below = (1 << (first & _IN_BLOCK)) - 1
            active -= (self._active[start] & below).bit_count()
            declined -= (self._declined[start] & below).bit_count()
        if self._blocks[end - 1] == last >> BLOCK_BITS:
            above = (last & _IN_BLOCK) + 1
            active -= (self._active[end - 1] >> above).bit_count()
            declined -= (self._declined[end - 1] >> above).bit_count()
        return active, declined

    def taken(self, bounds: Span) -> int:
        """Return how many addresses of a span are leased or declined."""
        return sum(self.count(bounds))

    def state(self, number: int) -> str:
        """Return `active`, `declined` or nothing for an address (its key)."""
        block, bit = divmod(number - IPV4_BASE, 1 << BLOCK_BITS)
        found = bisect_left(self._blocks, block)
        if found == len(self._blocks) or self._blocks[found] != block:
            return ""
        if self._active[found] >> bit & 1:
            return "active"
        return "declined" if self._declined[found] >> bit & 1 else ""


def read(session: Session, spans: Sequence[Span]) -> Occupancy:
    """Return the marks of the spans."""
    return Occupancy(blocks_of(session, spans))


def blocks_of(session: Session, spans: Sequence[Span]) -> list[Row]:
    """Return (block, active, declined) of the blocks that the spans touch, in order; the bits are signed."""
    found: list[Row] = []
    for query in _queries(block_ranges(spans)):
        found += driver_rows(session, query)
    return sorted(found)


def blocks_between(session: Session, spans: Sequence[Span]) -> list[Row]:
    """Return the same of all blocks from the first of the spans to the last.

    The database joins them to texts, numbers and commas, which are read in a third of the time of rows.
    """
    ranges = block_ranges(spans)
    if not ranges:
        return []
    query = text(_JOINED[session.get_bind().dialect.name])
    read = session.execute(query, {"low": ranges[0][0], "high": ranges[-1][1]}).one()
    columns = (json.loads(f"[{column or ''}]") for column in read)
    return sorted(zip(*columns, strict=True))  # a database may join them in another order than it read


def blocks_named(session: Session, spans: Sequence[Span], blocks: Iterable[int]) -> list[Row]:
    """Return the same of those of some blocks that lie there."""
    ranges = block_ranges(spans)
    wanted = [block for block in blocks if ranges and ranges[0][0] <= block <= ranges[-1][1]]
    if not wanted:
        return []
    rows = select(LeaseBlock.block, LeaseBlock.active, LeaseBlock.declined).where(LeaseBlock.block.in_(wanted))
    return sorted(map(tuple, driver_rows(session, rows)))


def count_active(session: Session) -> int:
    """Return how many addresses are leased."""
    marks = session.scalars(select(LeaseBlock.active).where(LeaseBlock.active != 0))
    return sum((bits & _ALL).bit_count() for bits in marks)


def block_ranges(spans: Sequence[Span]) -> list[Span]:
    """Return the blocks that the IPv4 spans touch, as disjoint ranges."""
    pairs = ((max(first - IPV4_BASE, 0), min(last - IPV4_BASE, _LAST)) for first, last in spans)
    return merge((first >> BLOCK_BITS, last >> BLOCK_BITS) for first, last in pairs if first <= last)


def _queries(ranges: list[Span]) -> list[Executable]:
    rows = select(LeaseBlock.block, LeaseBlock.active, LeaseBlock.declined)
    if len(ranges) > SPANS_AT_ONCE:
        ranges = [(ranges[0][0], ranges[-1][1])]
    if len(ranges) <= 1:
        return [rows.where(LeaseBlock.block.between(*bounds)) for bounds in ranges]
    wanted = ", ".join(f"({low:d}, {high:d})" for low, high in ranges)  # numbers: a hundred are written in a tenth
    return [text(_IN_RANGES.format(wanted=wanted))]


def rebuild(session: Session) -> None:
    """Count every lease anew; for whoever wrote leases past the workers (a restored file), with none running."""
    bits: dict[int, list[int]] = {}
    query = select(Lease.ip, Lease.state).where(Lease.state.in_(("active", *QUARANTINED)))
    for ip, state in session.execute(query.execution_options(yield_per=10_000)):
        block, bit = divmod(key(ip) - IPV4_BASE, 1 << BLOCK_BITS)
        bits.setdefault(block, [0, 0])[state in QUARANTINED] |= 1 << bit
    session.execute(delete(LeaseBlock))
    session.bulk_insert_mappings(
        LeaseBlock.__mapper__,
        [{"block": block, "active": _signed(a), "declined": _signed(d)} for block, (a, d) in bits.items()],
    )


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def marked(session: Session, spans: Sequence[Span], state: str) -> Iterator[int]:
    """Yield the addresses (keys) of the spans that are leased (`active`) or `declined`, in order."""
    marks = LeaseBlock.active if state == "active" else LeaseBlock.declined
    ranges = block_ranges(spans)
    if len(ranges) > RANGES_AT_ONCE:
        ranges = [(ranges[0][0], ranges[-1][1])]
    for position, high in ranges:
        while True:
            query = select(LeaseBlock.block, marks).where(LeaseBlock.block.between(position, high), marks != 0)
            rows = session.execute(query.order_by(LeaseBlock.block).limit(BLOCKS_AT_ONCE)).all()
            for block, bits in rows:
                yield from numbers_within(spans, IPV4_BASE + (block << BLOCK_BITS), bits & _ALL)
            if len(rows) < BLOCKS_AT_ONCE:
                break
            position = rows[-1][0] + 1


def numbers_within(spans: Sequence[Span], start: int, bits: int) -> Iterator[int]:
    """Yield the marked addresses of a block that lie in one of the spans, which are in order."""
    index = bisect_left(spans, start, key=lambda bounds: bounds[1])
    while bits:
        number = start + (bits & -bits).bit_length() - 1
        bits &= bits - 1
        while index < len(spans) and spans[index][1] < number:
            index += 1
        if index < len(spans) and spans[index][0] <= number:
            yield number

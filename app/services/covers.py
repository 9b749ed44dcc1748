"""How many addresses of a range lie in some spans, or are some points? Answered from rows that are in order."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from app.services.occupancy import BLOCK_BITS
from app.services.spans import IPV4_BASE, Span, clip, merge

ALL: Final = (1 << 64) - 1
"""Every address of a block, as bits."""
IN_BLOCK: Final = (1 << BLOCK_BITS) - 1
LAST: Final = (1 << 32) - 1
_IPV4: Final = IPV4_BASE >> 32


class Cover:
    """Spans that do not overlap, in order: how many addresses of a range lie in them?"""

    def __init__(self, parts: Sequence[Span]) -> None:
        self.starts = [first for first, _ in parts]
        self.ends = [last for _, last in parts]
        self._before = [0, *accumulate(last - first + 1 for first, last in parts)]

    def patched(self, spans: Iterable[Span], found: Sequence[Span]) -> "Cover":
        """Return the cover with what is in the spans replaced by what was found, which may reach out of them."""
        starts, ends = self.starts.copy(), self.ends.copy()
        for low, high in spans:
            start, end = bisect_left(ends, low), bisect_right(starts, high)
            pieces = clip(found, (low, high))
            if start < end and starts[start] < low:
                pieces.insert(0, (starts[start], low - 1))
            if start < end and ends[end - 1] > high:
                pieces.append((high + 1, ends[end - 1]))
            pieces = merge(pieces)
            starts[start:end] = [first for first, _ in pieces]
            ends[start:end] = [last for _, last in pieces]
        return Cover(list(zip(starts, ends, strict=True)))

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

    def start_of(self, number: int) -> int:
        """Return where the span begins that an address lies in, the address itself if it is not covered."""
        found = bisect_left(self.ends, number)
        return min(self.starts[found], number) if found < len(self.ends) else number

    def touches(self, bounds: Span) -> bool:
        """Tell whether any address of the bounds is covered."""
        found = bisect_left(self.ends, bounds[0])
        return found < len(self.ends) and self.starts[found] <= bounds[1]

    def bits(self, block: int) -> int:
        """Return the covered addresses of a block of IPv4."""
        low = IPV4_BASE + (block << BLOCK_BITS)
        high, bits = low | IN_BLOCK, 0
        for index in range(bisect_left(self.ends, low), bisect_right(self.starts, high)):
            first, last = max(self.starts[index], low), min(self.ends[index], high)
            bits |= (ALL >> (IN_BLOCK - (last - first))) << (first - low)
        return bits


def without(parts: Iterable[Span], holes: Cover) -> Iterable[Span]:
    """Yield the parts less the holes."""
    for low, high in parts:
        first = low
        for index in range(bisect_left(holes.ends, low), bisect_right(holes.starts, high)):
            if holes.starts[index] > first:
                yield first, holes.starts[index] - 1
            first = holes.ends[index] + 1
        if first <= high:
            yield first, high


def within(points: Sequence[int], bounds: Span) -> int:
    """Return how many of the points, which are in order, lie in the bounds."""
    return bisect_right(points, bounds[1]) - bisect_left(points, bounds[0])


def inside(points: Sequence[int], bounds: Span) -> Sequence[int]:
    """Return those of the points, which are in order, that lie in the bounds."""
    return points[bisect_left(points, bounds[0]) : bisect_right(points, bounds[1])]


def spliced(points: list[int], spans: Iterable[Span], found: Sequence[int]) -> list[int]:
    """Return the points, in order, with what is in the spans replaced by what was found in them."""
    new = points.copy()
    for bounds in spans:
        new[bisect_left(new, bounds[0]) : bisect_right(new, bounds[1])] = inside(found, bounds)
    return new


def bits_by_block(numbers: Iterable[int]) -> dict[int, int]:
    """Return the addresses (keys) of IPv4 by block, as bits."""
    found: dict[int, int] = {}
    for number in numbers:
        if number >> 32 == _IPV4:
            block = (number - IPV4_BASE) >> BLOCK_BITS
            found[block] = found.get(block, 0) | 1 << (number & IN_BLOCK)
    return found

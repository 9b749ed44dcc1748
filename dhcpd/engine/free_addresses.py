"""Which address of a pool comes next? O(1) amortised, however full the pool (RFC 2131 §4.3.1)."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

QUEUE_SLACK: Final = 1024
"""Stale entries that a queue of addresses given back may hold beside twice the pool's size."""


class FreeAddresses:
    """Those of one pool: never used ones in order, then the least recently used.

    With several workers on one database each takes from its own part first, the addresses that leave `rank` when
    divided by `parts`, so that two seldom try the same one; the others' are for when that part is used up.
    """

    __slots__ = ("_cursor", "_first", "_last", "_others", "_parts", "_rank", "_reusable", "_scan")

    def __init__(self, first: int, last: int, rank: int, parts: int) -> None:
        self._first = first
        self._last = last
        self._rank = rank
        self._parts = parts
        self._cursor = first + (rank - first) % parts
        self._scan = first if parts > 1 else last + 1
        self._reusable: deque[int] = deque()
        self._others: deque[int] = deque()

    def unused(self, is_unused: Callable[[int], bool]) -> int | None:
        """Return the next address of the own part that nobody ever had; it stays the next one until it is used."""
        while self._cursor <= self._last:
            if is_unused(self._cursor):
                return self._cursor
            self._cursor += self._parts
        return None

    def used(self, may_have: Callable[[int], bool], is_unused: Callable[[int], bool]) -> int | None:
        """Return the least recently used address, the own part's first; None when nothing is left."""
        return (
            _first_of(self._reusable, may_have)
            or self._unused_of_others(is_unused)
            or _first_of(self._others, may_have)
        )

    def _unused_of_others(self, is_unused: Callable[[int], bool]) -> int | None:
        while self._scan <= self._last:
            if is_unused(self._scan):
                return self._scan
            self._scan += 1
        return None

    def give_back(self, ip: int, *, first: bool) -> None:
        """Take an address back: to be given last, or, when nobody came to have it, `first`."""
        queue = self._reusable if ip % self._parts == self._rank else self._others
        if not first:
            queue.append(ip)
        elif not queue or queue[0] != ip:
            queue.appendleft(ip)
        if len(queue) > 2 * (self._last - self._first) + QUEUE_SLACK:
            latest = list(dict.fromkeys(reversed(queue)))  # what was taken again and given back stands there twice
            queue.clear()
            queue.extend(reversed(latest))

    def given_back(self) -> Iterator[int]:
        """Yield what was given back, the own part's first; some of it may be in use again."""
        yield from self._reusable
        yield from self._others

    def left(self) -> int:
        """Return about how many addresses are free, without a look at each."""
        return (self._last - self._cursor) // self._parts + 1 + len(self._reusable)


def _first_of(queue: deque[int], may_have: Callable[[int], bool]) -> int | None:
    """Return the first address that may be had; what is in front of it is in use again and forgotten."""
    while queue:
        if may_have(queue[0]):
            return queue[0]
        queue.popleft()
    return None

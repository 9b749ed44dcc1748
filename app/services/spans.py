"""What is left, shared or missing between ranges of addresses? Pure arithmetic over both families.

A span is a pair of keys, both ends included; a key is the address as a 128-bit number, IPv4 mapped into
::ffff:0:0/96 as the database sorts it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from app.models.types import Address, unpack_address

Span: TypeAlias = tuple[int, int]
IPV4_BASE: Final = 0xFFFF << 32


def key(address: Address) -> int:
    """Return the number of an address of either family."""
    return IPV4_BASE + int(address) if address.version == 4 else int(address)


def address_of(number: int) -> Address:
    """Return the address of a key."""
    return unpack_address(number.to_bytes(16, "big"))


def span(first: Address, last: Address) -> Span:
    """Return the span between two addresses of one family."""
    return key(first), key(last)


def size(spans: Iterable[Span]) -> int:
    """Return how many addresses disjoint spans hold."""
    return sum(last - first + 1 for first, last in spans)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the same addresses as the fewest spans, in order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def clip(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """Return the parts of the spans that lie within the bounds."""
    pairs = ((max(first, bounds[0]), min(last, bounds[1])) for first, last in spans)
    return [(first, last) for first, last in pairs if first <= last]


def intersect(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return what is in both of two rows of spans, each in order and without overlap."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first <= last:
            found.append((first, last))
        i, j = (i + 1, j) if one[i][1] < other[j][1] else (i, j + 1)
    return found


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Return what is in the spans and in no hole, in order."""
    left: list[Span] = []
    cut, passed = merge(holes), 0
    for first, last in merge(spans):
        while passed < len(cut) and cut[passed][1] < first:
            passed += 1
        at = passed
        while at < len(cut) and cut[at][0] <= last:
            if cut[at][0] > first:
                left.append((first, cut[at][0] - 1))
            first, at = cut[at][1] + 1, at + 1
        if first <= last:
            left.append((first, last))
    return left


def prefixes(bounds: Span) -> Iterator[Span]:
    """Yield the fewest aligned power-of-two blocks that make up a span, in order."""
    first, last = bounds
    while first <= last:
        aligned = first & -first if first else 1 << 128
        block = min(aligned, 1 << ((last - first + 1).bit_length() - 1))
        yield first, first + block - 1
        first += block

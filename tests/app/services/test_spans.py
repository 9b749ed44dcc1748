"""Is the arithmetic of ranges that of sets?"""

import itertools
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from app.services.spans import Span, address_of, clip, key, merge, prefixes, size, subtract

Spans = list[Span]
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (min(p), max(p))), max_size=6)


def addresses(found: Spans) -> set[int]:
    return {number for first, last in found for number in range(first, last + 1)}


@given(spans)
def test_merged_spans_hold_the_same_and_never_touch(some: Spans) -> None:
    merged = merge(some)
    assert addresses(merged) == addresses(some)
    assert size(merged) == len(addresses(some))
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(merged))


@given(spans, spans)
def test_difference_is_that_of_sets(some: Spans, holes: Spans) -> None:
    assert addresses(subtract(some, holes)) == addresses(some) - addresses(holes)


@given(spans, st.tuples(st.integers(0, 30), st.integers(30, 60)))
def test_clipped_spans_stay_in_bounds(some: Spans, bounds: Span) -> None:
    assert addresses(clip(some, bounds)) == addresses(some) & addresses([bounds])


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_prefixes_are_aligned_and_cover_the_span(first: int, length: int) -> None:
    found = list(prefixes((first, first + length)))
    assert addresses(found) == addresses([(first, first + length)])
    for low, high in found:
        block = high - low + 1
        assert block & (block - 1) == 0
        assert low % block == 0


def test_keys_sort_as_the_database_does() -> None:
    texts = ["0.0.0.0", "10.0.0.1", "255.255.255.255", "2001:db8::1"]
    keys = [key(ip_address(text)) for text in texts]
    assert keys == sorted(keys)
    assert [str(address_of(number)) for number in keys] == texts

"""Is the day on which a pool is full told from its trend, and only when there is one?"""

from hypothesis import given
from hypothesis import strategies as st

from app.services.forecast import FARTHEST_DAYS, LEAST_DAYS, days_to_full

PEAKS = st.lists(st.integers(0, 5000), min_size=LEAST_DAYS, max_size=14).map(
    lambda found: list(enumerate(found, 20))
)
SIZES = st.integers(1, 6000)


@given(st.integers(0, 100), st.integers(1, 20), st.integers(LEAST_DAYS, 14), st.integers(1, 100))
def test_even_growth_is_continued(start: int, slope: int, days: int, left: int) -> None:
    peaks = [(day, start + slope * day) for day in range(days)]
    taken = peaks[-1][1]
    assert days_to_full(peaks, size=taken + slope * left, taken=taken).days == left


@given(PEAKS, SIZES, st.integers(0, 6000))
def test_an_answer_is_a_number_of_days_or_a_reason(peaks: list[tuple[int, int]], size: int, taken: int) -> None:
    found = days_to_full(peaks, size=size, taken=taken)
    assert (found.days is None) != (found.reason is None)
    assert found.days is None or 0 <= found.days <= FARTHEST_DAYS
    assert (taken < size) or found.days == 0


@given(PEAKS, SIZES, st.integers(0, 5000), st.integers(2, 9))
def test_the_unit_of_counting_does_not_matter(
    peaks: list[tuple[int, int]], size: int, taken: int, factor: int
) -> None:
    larger = [(day, factor * n) for day, n in peaks]
    one = days_to_full(peaks, size=size, taken=taken)
    other = days_to_full(larger, size=factor * size, taken=factor * taken)
    assert one.reason == other.reason
    assert abs((one.days or 0) - (other.days or 0)) <= 1  # the last digit of a float


@given(PEAKS, SIZES, st.integers(0, 5000), st.integers(1, 1000))
def test_a_larger_pool_is_never_full_sooner(peaks: list[tuple[int, int]], size: int, taken: int, more: int) -> None:
    one, other = (days_to_full(peaks, size=n, taken=taken) for n in (size, size + more))
    if one.days is not None and other.days is not None:
        assert other.days >= one.days


@given(st.integers(1, 20), st.integers(0, 13), st.integers(0, 5000))
def test_one_odd_day_hardly_turns_the_trend(slope: int, odd: int, height: int) -> None:
    peaks = [(day, 100 + slope * day) for day in range(14)]
    right = days_to_full(peaks, size=100 + slope * 33, taken=100 + slope * 13)
    peaks[odd] = (odd, height)
    found = days_to_full(peaks, size=100 + slope * 33, taken=100 + slope * 13)
    assert right.days == 20
    assert found.days is not None and abs(found.days - 20) <= 3


@given(st.lists(st.integers(0, 100), min_size=LEAST_DAYS, max_size=14))
def test_what_shrinks_or_stays_is_never_full(peaks: list[int]) -> None:
    falling = list(enumerate(sorted(peaks, reverse=True)))
    assert days_to_full(falling, size=200, taken=falling[-1][1]).reason == "no_growth"


def test_too_few_days_no_pool_and_far_ends_are_named() -> None:
    rising = [(day, day) for day in range(14)]
    assert days_to_full(rising[: LEAST_DAYS - 1], size=100, taken=2).reason == "too_little_history"
    assert days_to_full(rising, size=0, taken=0).reason == "no_pool"
    assert days_to_full(rising, size=10_000, taken=13).reason == "too_far"

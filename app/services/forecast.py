"""When will a pool be full? A line through the highest use of each day, which a single odd day does not turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final, Literal

LEAST_DAYS: Final = 4
"""Fewer days than these tell no trend."""
FARTHEST_DAYS: Final = 730
"""What lies farther away is not told: two weeks say nothing about it."""
Reason = Literal["no_pool", "too_little_history", "no_growth", "too_far"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """In how many days the last address is taken; 0 = none is left. None: `reason` says why it is not told."""

    days: int | None
    reason: Reason | None = None


def days_to_full(peaks: Sequence[tuple[int, int]], *, size: int, taken: int) -> Forecast:
    """Return when a pool of a size is full, from (day, most addresses taken on it), days rising.

    The slope is the median of the slopes between any two days (Theil 1950, Sen 1968), so less than a quarter of odd
    days hardly changes it. It goes on from the last day's level on that line, or from what is taken now if that is
    more.
    """
    if size <= 0:
        return Forecast(None, "no_pool")
    if taken >= size:
        return Forecast(0)
    if len(peaks) < LEAST_DAYS:
        return Forecast(None, "too_little_history")
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(peaks, 2))
    if slope <= 0:
        return Forecast(None, "no_growth")
    last = peaks[-1][0]
    level = max(median(n + slope * (last - day) for day, n in peaks), taken)
    days = max(0.0, (size - level) / slope)
    return Forecast(int(days)) if days <= FARTHEST_DAYS else Forecast(None, "too_far")

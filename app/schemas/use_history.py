"""How does the use of a pool or a subnet over time look from outside?"""

from datetime import datetime
from typing import Literal

from app.schemas.fields import Shape

RangeName = Literal["24h", "7d", "30d", "2y"]


class UsePointOut(Shape):
    """The addresses at the end of the stretch of time that begins at `at`; `peak`: the most taken in it.

    `size` are all addresses of the pools, `free` those that they can still give; the others are taken.
    """

    at: datetime
    size: int
    free: int
    leased: int
    reserved: int
    declined: int
    peak: int


class ForecastOut(Shape):
    """When the last address is taken, from the daily peaks of two weeks; 0 = within a day, or already.

    null: `reason` is no_pool, too_little_history (under four whole days), no_growth, or too_far (beyond 2 years).
    """

    days_to_full: int | None
    reason: Literal["no_pool", "too_little_history", "no_growth", "too_far"] | None


class UseHistoryOut(Shape):
    """The use over time, oldest first, from the first record on; `step_s` is the time between two points.

    `peak_7d`: the most addresses taken at any minute of the last 7 days; null before the first record.
    """

    range: RangeName
    step_s: int
    peak_7d: int | None
    forecast: ForecastOut
    points: list[UsePointOut]

"""How busy was the server over time? Reads and rolls up what the workers record each second."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, delete, func, insert, select, type_coerce
from sqlalchemy.orm import Session

from app.models import RateSample
from app.models.base import utc_now

KEPT_S: Final = {1: 600, 60: 30 * 86400, 3600: 2 * 366 * 86400}
"""Step -> how long samples of it are kept, in seconds: 1 s for 10 min, 1 min for 30 days, 1 h for 2 years."""
LATE_S: Final = 5
"""A step is rolled up so long after its end: a worker may write its last second late."""
RANGES: Final = {"10m": (600, 1), "24h": (86400, 60), "7d": (7 * 86400, 60), "30d": (30 * 86400, 3600),
                 "2y": (2 * 365 * 86400, 3600)}  # fmt: skip
SUMS: Final = ("received", "answered", "naks", "drops")
POINTS: Final = 720
"""No chart gets more points than this; more are put together."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """Packets a second from a moment (Unix seconds) on, over all workers."""

    at: int
    received: float
    answered: float
    naks: float
    drops: float
    p99_us: int
    commit_us: int


def rates(session: Session, range_name: str, now: datetime | None = None) -> list[RatePoint]:
    """Return the rates of a range of `RANGES`, oldest first, at most `POINTS`."""
    length_s, step_s = RANGES[range_name]
    until = now or utc_now()
    width = max(step_s, -(-length_s // POINTS // step_s) * step_s)
    return _grouped(session, step_s, width, until - timedelta(seconds=length_s))


def present(session: Session, seconds: int = 10) -> RatePoint:
    """Return the mean rates of the last seconds, and the worst answer time among them."""
    since = utc_now() - timedelta(seconds=seconds)
    sums = [func.coalesce(func.sum(getattr(RateSample, name)), 0) for name in SUMS]
    worst = [func.coalesce(func.max(column), 0) for column in (RateSample.p99_us, RateSample.commit_us)]
    row = session.execute(select(*sums, *worst).where(RateSample.step_s == 1, RateSample.at >= since)).one()
    return _point(int(since.timestamp()), seconds, row)


def _grouped(session: Session, step_s: int, width: int, since: datetime) -> list[RatePoint]:
    slot = (_seconds() // width).label("slot")
    sums = [func.sum(getattr(RateSample, name)) for name in SUMS]
    query = (
        select(slot, *sums, func.max(RateSample.p99_us), func.max(RateSample.commit_us))
        .where(RateSample.step_s == step_s, RateSample.at >= since)
        .group_by(slot)
        .order_by(slot)
    )
    return [_point(int(row[0]) * width, width, row[1:]) for row in session.execute(query)]


def _point(at: int, seconds: int, row: Sequence[Any]) -> RatePoint:
    """Return the rates of a row: the four sums, then the two worst times."""
    received, answered, naks, drops = (float(value) / seconds for value in row[:4])
    return RatePoint(at, received, answered, naks, drops, int(row[4]), int(row[5]))


def _seconds() -> ColumnElement[int]:
    """Return the moment as the whole number that it is stored as."""
    return type_coerce(RateSample.at, BigInteger())


def roll_up(session: Session, now: datetime | None = None) -> None:
    """Put finished seconds together to minutes, finished minutes to hours, and forget what is too old."""
    moment = now or utc_now()
    for fine, coarse in ((1, 60), (60, 3600)):
        until = int(moment.timestamp() - LATE_S) // coarse * coarse
        for start in _missing(session, fine, coarse, until):
            _put_together(session, fine, coarse, start)
    for step_s, kept_s in KEPT_S.items():
        old = moment - timedelta(seconds=kept_s)
        session.execute(delete(RateSample).where(RateSample.step_s == step_s, RateSample.at < old))


def _missing(session: Session, fine: int, coarse: int, until: int) -> list[int]:
    """Return the starts of coarse steps that ended, have fine samples and are not there yet."""
    newest = session.scalar(select(func.max(RateSample.at)).where(RateSample.step_s == coarse))
    begin = int(newest.timestamp()) + coarse if newest else 0
    slot = (_seconds() // coarse).label("slot")
    query = select(slot).where(
        RateSample.step_s == fine,
        RateSample.at >= _moment(begin),
        RateSample.at < _moment(until),
    )
    return [int(row[0]) * coarse for row in session.execute(query.group_by(slot).order_by(slot))]


def _put_together(session: Session, fine: int, coarse: int, start: int) -> None:
    sums = [func.sum(getattr(RateSample, name)).label(name) for name in SUMS]
    worst = [func.max(getattr(RateSample, name)).label(name) for name in ("p99_us", "commit_us")]
    query = (
        select(RateSample.worker, *sums, *worst)
        .where(RateSample.step_s == fine, RateSample.at >= _moment(start), RateSample.at < _moment(start + coarse))
        .group_by(RateSample.worker)
    )
    rows: list[dict[str, Any]] = [
        {**row, "step_s": coarse, "at": _moment(start)} for row in session.execute(query).mappings()
    ]
    if rows:
        session.execute(insert(RateSample), rows)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, utc_now().tzinfo)

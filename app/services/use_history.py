"""How full was a pool, a subnet or everything over time, how full at most, and when will it be full?"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from app.models import Pool, Subnet, UseSample, UseSeries
from app.models.base import utc_now
from app.services.forecast import Forecast, days_to_full
from app.services.kept import Kept, kept_for
from app.services.octets import driver_rows
from app.services.plan_changes import Changed
from app.services.use_samples import FIGURES, HOUR_S, MINUTE_S, Figures, recorded_at, total

RANGES: Final = {"24h": (86400, MINUTE_S), "7d": (7 * 86400, MINUTE_S), "30d": (30 * 86400, HOUR_S),
                 "2y": (2 * 365 * 86400, HOUR_S)}  # fmt: skip
"""Name -> (length in seconds, step of the samples that it is read from)."""
POINTS: Final = 360
"""No history has more points than this; samples between are put together."""
DAY_S: Final = 86400
PEAK_S: Final = 7 * DAY_S
RECENT_S: Final = 4 * 3600
FORECAST_DAYS: Final = 14
OUTLOOKS: Final = "outlooks"
PEAKS: Final = "peaks"
"""Keys in Session.info."""
OUTLOOKS_KEPT: Final = 2000
Sample: TypeAlias = tuple[int, Figures, int]
"""(Unix seconds, figures from then on, peak)."""


@dataclass(frozen=True, slots=True)
class UsePoint:
    """Figures at the end of a stretch of time that begins at `at` (Unix seconds), and the most taken in it."""

    at: int
    figures: Figures
    peak: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a series says of the last days and of the next.

    peak: most addresses taken in 7 days, peak_share: of the pool as large as it was then, from 0 to 1; None = not
    known. recent: the highest share of each `RECENT_S` of these days.
    """

    peak: int | None
    forecast: Forecast
    peak_share: float | None = None
    recent: tuple[float, ...] = ()


UNKNOWN: Final = Outlook(None, Forecast(None, "too_little_history"))
Outlooks: TypeAlias = dict[int, Outlook]


def history(
    session: Session, owner: Pool | Subnet | None, range_name: str, now: datetime | None = None
) -> list[UsePoint]:
    """Return the use of a pool, a subnet or (None) all pools over a range of `RANGES`, oldest first.

    It begins when the owner was recorded first, and ends at `now`. Whoever sees only some pools gets their sum.
    """
    length_s, step_s = RANGES[range_name]
    until = int((now or utc_now()).timestamp())
    width = width_of(range_name)
    since = (until - length_s) // width * width + width
    series = list(session.scalars(select(UseSeries.id).where(*_of(session, owner))))
    lines = [line(rows, since, until, width) for rows in _samples(session, series, step_s, since).values()]
    return lines[0] if len(lines) == 1 else _sum(lines)


def width_of(range_name: str) -> int:
    """Return the seconds from one point of a range to the next."""
    length_s, step_s = RANGES[range_name]
    return max(step_s, -(-length_s // POINTS // step_s) * step_s)


def _of(session: Session, owner: Pool | Subnet | None) -> tuple[ColumnElement[bool], ...]:
    if isinstance(owner, Pool):
        return (UseSeries.pool_id == owner.id,)
    if isinstance(owner, Subnet):
        return (UseSeries.subnet_id == owner.id,)
    everything = (UseSeries.subnet_id.is_(None), UseSeries.pool_id.is_(None))
    seen = session.scalar(select(UseSeries.id).where(*everything)) is not None
    return everything if seen else (UseSeries.pool_id.is_not(None),)


def line(samples: Sequence[Sample], since: int, until: int, width: int) -> list[UsePoint]:
    """Return a point for each width of time; samples are in order, and each holds until the next.

    A sample before `since` tells what was carried on into it.
    """
    points: list[UsePoint] = []
    index = bisect_left(samples, since, key=lambda sample: sample[0])
    held = samples[index - 1][1] if index else None
    for start in range(since, until + 1, width):
        peak = held.taken if held else 0
        while index < len(samples) and samples[index][0] < start + width:
            _, held, most = samples[index]
            peak = max(peak, most)
            index += 1
        if held is not None:
            points.append(UsePoint(start, held, peak))
    return points


def _sum(lines: Sequence[Sequence[UsePoint]]) -> list[UsePoint]:
    """Return the sum of several lines over the same stretches of time; some begin later."""
    by_start: dict[int, list[UsePoint]] = {}
    for points in lines:
        for point in points:
            by_start.setdefault(point.at, []).append(point)
    return [
        UsePoint(start, total(p.figures for p in points), sum(p.peak for p in points))
        for start, points in sorted(by_start.items())
    ]


def _samples(session: Session, ids: Sequence[int], step_s: int, since: int) -> dict[int, list[Sample]]:
    """Return the samples of each series, in order, from the last one before a moment on."""
    at = type_coerce(UseSample.at, BigInteger)
    columns = [UseSample.series_id, at, UseSample.peak, *(getattr(UseSample, name) for name in FIGURES)]
    mine = select(*columns).where(UseSample.series_id.in_(ids), UseSample.step_s == step_s)
    earlier = aliased(UseSample)
    carried = select(func.max(earlier.at)).where(
        earlier.series_id == UseSeries.id, earlier.step_s == step_s, type_coerce(earlier.at, BigInteger) < since
    )
    edges = mine.join(UseSeries, UseSeries.id == UseSample.series_id).where(
        UseSeries.id.in_(ids), UseSample.at == carried.scalar_subquery()
    )
    found: dict[int, list[Sample]] = {id_: [] for id_ in ids}
    for query in (edges, mine.where(at >= since).order_by(UseSample.series_id, UseSample.at)):
        for id_, moment, peak, *figures in driver_rows(session, query):
            found[id_].append((moment, Figures._make(figures), peak))
    return found


def outlooks(
    session: Session, kind: type[Pool | Subnet], ids: Sequence[int], now: datetime | None = None
) -> Outlooks:
    """Return the peak of 7 days and the forecast of pools, or of subnets, by their id.

    Both are read from the hours of the last two weeks. An owner that was never recorded is left out.
    """
    if not ids:
        return {}
    kept: Kept[dict[tuple[type, int], Outlook | None]] | None = None if now else kept_for(session, OUTLOOKS)
    known = kept.get(session) if kept else {}
    missing = [id_ for id_ in ids if (kind, id_) not in known]
    read = _read_outlooks(session, kind, missing, now or utc_now()) if missing else {}
    if len(known) < OUTLOOKS_KEPT:
        known.update(((kind, id_), read.get(id_)) for id_ in missing)
    found = {id_: read.get(id_) or known.get((kind, id_)) for id_ in ids}
    return {id_: each for id_, each in found.items() if each is not None}


def _read_outlooks(session: Session, kind: type, ids: Sequence[int], now: datetime) -> Outlooks:
    column = UseSeries.pool_id if kind is Pool else UseSeries.subnet_id
    query = select(UseSeries.id, column).where(column.in_(ids))
    series = {id_: owner for id_, owner in session.execute(query) if owner is not None}
    until = int(now.timestamp())
    since = (until // DAY_S - FORECAST_DAYS) * DAY_S
    samples = _samples(session, list(series), HOUR_S, since)
    return {owner: _outlook(samples[id_], since, until) for id_, owner in series.items()}


def kept_use() -> dict[str, Any]:
    """Return what is kept of the use until another minute is recorded, or the plan changes."""
    kept = {OUTLOOKS: Kept(lambda session: {}, beside=recorded, renew=unless_moved)}
    return kept | {PEAKS: Kept(_read_peaks, beside=recorded, renew=unless_moved)}


def recorded(session: Session) -> object:
    """Return what changes when another minute is recorded, and with the hour."""
    return recorded_at(session), int(utc_now().timestamp()) // HOUR_S


def unless_moved(session: Session, value: Any, changed: Changed) -> Any:
    """Return what is kept of the use, unless subnets or pools came or went."""
    return None if changed.kinds & {"pools", "subnets"} else value


def peak_shares(session: Session, now: datetime | None = None) -> dict[int, float]:
    """Return the largest share of its pools that was taken in 7 days, from 0 to 1, of every subnet by its id.

    It is read from the hours of these days, whose peaks count what was taken before each change, and from the last
    figures of what has not changed since. A subnet that was never recorded is left out.
    """
    kept: Kept[dict[int, float]] | None = None if now else kept_for(session, PEAKS)
    return kept.get(session) if kept else _read_peaks(session, now)


def _read_peaks(session: Session, now: datetime | None = None) -> dict[int, float]:
    until = int((now or utc_now()).timestamp())
    since = datetime.fromtimestamp((until - PEAK_S) // HOUR_S * HOUR_S, utc_now().tzinfo)
    subnets = (UseSeries.subnet_id.is_not(None),)
    still = select(UseSeries.subnet_id, _share(UseSeries.size - UseSeries.free, UseSeries.size))
    still = still.where(*subnets, UseSeries.at < since)
    most = select(UseSeries.subnet_id, func.max(_share(UseSample.peak, UseSample.size))).join(
        UseSample, UseSample.series_id == UseSeries.id
    )
    most = most.where(*subnets, UseSample.step_s == HOUR_S, UseSample.at >= since).group_by(UseSeries.subnet_id)
    found: dict[int, float] = {}
    for query in (still, most):
        found |= {id_: min(float(share), 1.0) for id_, share in session.execute(query) if id_ is not None}
    return found


def _share(taken: Any, size: Any) -> ColumnElement[Any]:
    share: ColumnElement[Any] = taken * 1.0 / case((size > 0, size), else_=1)
    return share


def outlook(session: Session, owner: Pool | Subnet) -> Outlook:
    """Return what is known of one; of what was never recorded, that it is not."""
    return outlooks(session, type(owner), [owner.id]).get(owner.id, UNKNOWN)


def _outlook(samples: Sequence[Sample], since: int, until: int) -> Outlook:
    days = line(samples, since, until, DAY_S)
    if not days:
        return UNKNOWN
    recent = line(samples, (until - PEAK_S) // HOUR_S * HOUR_S, until, RECENT_S)
    shares = tuple(min(point.peak / max(point.figures.size, 1), 1.0) for point in recent)
    present = days[-1].figures
    whole = [(point.at // DAY_S, point.peak) for point in days[:-1] if point.at >= samples[0][0]]
    forecast = days_to_full(whole, size=present.size, taken=present.taken)
    return Outlook(max(point.peak for point in recent), forecast, max(shares), shares)

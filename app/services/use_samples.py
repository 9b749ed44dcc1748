"""How is the use of pools and subnets kept over time? Once a minute, and only what changed.

Two things bound what is stored, however large the plan and however busy its clients: a minute writes at most
`ROWS_A_MINUTE` samples, those with the largest change of their pool first (the others follow when theirs is among
the largest: each sample is true when it is written); and of many series several hours are put together, so that
there are no more than `SERIES_A_HOUR` samples for each hour.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from typing import Any, Final, NamedTuple, TypeAlias, cast

from sqlalchemy import Table, bindparam, case, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import UseSample, UseSeries
from app.services.octets import driver_rows
from app.services.usage import of_all_pools

MINUTE_S: Final = 60
HOUR_S: Final = 3600
KEPT_S: Final = {MINUTE_S: 30 * 86400, HOUR_S: 2 * 366 * 86400}
"""Step -> how long its samples are kept, in seconds."""
ROWS_A_MINUTE: Final = 500
NEW_A_MINUTE: Final = 2000
"""So many pools and subnets that were not known yet are taken up in a minute."""
SERIES_A_HOUR: Final = 4000
PARTS: Final = 60
"""Old samples of a 60th of the series are forgotten each minute."""
COUNTED_AT_ONCE: Final = 200
PAUSE_S: Final = 0.004
"""So many are counted in some 2 ms; then the requests that wait for the interpreter go first."""
RECORD_LOCK: Final = 0x1EA61
"""PostgreSQL's advisory lock: of several web processes one records a minute."""
FIGURES: Final = ("size", "free", "leased", "reserved", "declined")
Key: TypeAlias = tuple[str, int]
"""("pool", id), ("subnet", id), or `ALL`."""
ALL: Final = ("all", 0)


class Figures(NamedTuple):
    """The addresses of one or more pools by state; what is not free is taken."""

    size: int
    free: int
    leased: int
    reserved: int
    declined: int

    @property
    def taken(self) -> int:
        """How many no newcomer can get."""
        return self.size - self.free


class Known(NamedTuple):
    """A series with the figures that were recorded last."""

    id: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Minute:
    """What a minute has to write: samples of known series, and series that are new."""

    at: datetime
    changed: list[tuple[Known, Figures]]
    new: list[tuple[Key, Figures]]
    width_s: int


def is_due(session: Session, now: datetime) -> bool:
    """Tell whether nobody has recorded this minute yet. A record of the future is from a clock that was wrong."""
    start, newest = _start(now, MINUTE_S), recorded_at(session)
    return newest is None or not start <= newest <= start + timedelta(seconds=HOUR_S)


def recorded_at(session: Session) -> datetime | None:
    """Return the newest minute that was recorded; None = none was."""
    return session.scalar(select(UseSeries.at).where(UseSeries.subnet_id.is_(None), UseSeries.pool_id.is_(None)))


def compare(session: Session, now: datetime) -> Minute:
    """Return what changed since it was recorded last; this is the long part, and it only reads."""
    counted = measure(session)
    known = _known(session)
    changed = [(known[key], figures) for key, figures in counted.items() if key in known and key != ALL]
    largest = nlargest(ROWS_A_MINUTE, ((_change(old.figures, new), i) for i, (old, new) in enumerate(changed)))
    written = [changed[i] for share, i in largest if share]
    if ALL in known:
        written.append((known[ALL], counted[ALL]))
    new = [pair for pair in counted.items() if pair[0] not in known][-NEW_A_MINUTE:]
    width_s = HOUR_S * -(-len(counted) // SERIES_A_HOUR)
    return Minute(_start(now, MINUTE_S), written, new, width_s)


def measure(session: Session) -> dict[Key, Figures]:
    """Return the figures of every subnet with pools, of every IPv4 pool, and last of all pools together."""
    found: dict[Key, Figures] = {}
    for number, (kind, id_, figures) in enumerate(of_all_pools(session), 1):
        found[kind, id_] = Figures._make(figures)
        if number % COUNTED_AT_ONCE == 0:
            time.sleep(PAUSE_S)
    found[ALL] = total(figures for (kind, _), figures in found.items() if kind == "pool")
    return found


def total(figures: Iterable[Figures]) -> Figures:
    """Return the sum of figures."""
    return Figures(*map(sum, zip(Figures(0, 0, 0, 0, 0), *figures, strict=True)))


def _known(session: Session) -> dict[Key, Known]:
    columns = (UseSeries.id, UseSeries.subnet_id, UseSeries.pool_id, *(getattr(UseSeries, n) for n in FIGURES))
    found: dict[Key, Known] = {}
    for id_, subnet_id, pool_id, *figures in driver_rows(session, select(*columns)):
        key = ("subnet", subnet_id) if subnet_id else ("pool", pool_id) if pool_id else ALL
        found[key] = Known(id_, Figures(*figures))
    return found


def _change(old: Figures, new: Figures) -> float:
    """Return how much of the pool changed its state; 0 = nothing did."""
    if old == new:
        return 0.0
    return sum(abs(a - b) for a, b in zip(old, new, strict=True)) / max(new.size, 1)


def write(session: Session, minute: Minute) -> bool:
    """Write a minute; return False when another process did. Raises IntegrityError when a pool went away."""
    if not _alone(session) or not is_due(session, minute.at):
        return False
    pairs = minute.changed + _add(session, minute)
    rows = [_sample(known, new, minute.at, MINUTE_S, new.taken) for known, new in pairs]
    hour = _start(minute.at, minute.width_s)
    hours = [_sample(known, new, hour, HOUR_S, max(known.figures.taken, new.taken)) for known, new in pairs]
    session.execute(insert(UseSample), rows)
    session.execute(_keep_highest(session), hours)
    _renew(session, minute)
    _forget(session, minute.at)
    return True


def _renew(session: Session, minute: Minute) -> None:
    """Let the series that changed tell their present figures."""
    table = cast("Table", UseSeries.__table__)
    states = [{"key": known.id, "since": minute.at, **new._asdict()} for known, new in minute.changed]
    if states:
        given: dict[Any, Any] = {table.c[name]: bindparam(name) for name in FIGURES} | {
            table.c.at: bindparam("since")
        }
        session.connection().execute(update(table).where(table.c.id == bindparam("key")).values(given), states)


def _alone(session: Session) -> bool:
    """Tell whether no other process is writing; on SQLite the transaction is alone anyway."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": RECORD_LOCK}))


def _add(session: Session, minute: Minute) -> list[tuple[Known, Figures]]:
    """Make the new series; their first sample is what they are now."""
    rows = [_series(key, figures, minute.at) for key, figures in minute.new]
    if not rows:
        return []
    ids = session.scalars(insert(UseSeries).returning(UseSeries.id, sort_by_parameter_order=True), rows)
    return [(Known(id_, figures), figures) for id_, (_, figures) in zip(ids, minute.new, strict=True)]


def _series(key: Key, figures: Figures, at: datetime) -> dict[str, Any]:
    kind, id_ = key
    owner = {"subnet_id": id_ if kind == "subnet" else None, "pool_id": id_ if kind == "pool" else None}
    return {**owner, "at": at, **figures._asdict()}


def _sample(known: Known, figures: Figures, at: datetime, step_s: int, peak: int) -> dict[str, Any]:
    return {"series_id": known.id, "step_s": step_s, "at": at, "peak": peak, **figures._asdict()}


def _keep_highest(session: Session) -> Any:
    """Return the statement that writes hours: the newest figures, and the highest peak."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = make(UseSample)
    given = statement.excluded
    peak = case((given.peak > UseSample.peak, given.peak), else_=UseSample.peak)
    return statement.on_conflict_do_update(
        index_elements=["series_id", "step_s", "at"], set_={name: given[name] for name in FIGURES} | {"peak": peak}
    )


def _forget(session: Session, at: datetime) -> None:
    """Remove what is too old of a part of the series; the last of them stays: it tells what was carried on."""
    part = int(at.timestamp()) // MINUTE_S % PARTS
    ids = list(session.scalars(select(UseSeries.id).where(UseSeries.id % PARTS == part)))
    if not ids:
        return
    table = cast("Table", UseSample.__table__)
    mine = (table.c.series_id == bindparam("key"), table.c.step_s == bindparam("step"))
    later = table.alias()
    carried = (
        select(func.max(later.c.at))
        .where(later.c.series_id == bindparam("key"), later.c.step_s == bindparam("step"))
        .where(later.c.at <= bindparam("edge"))
        .scalar_subquery()
    )
    values = [
        {"key": id_, "step": step_s, "edge": at - timedelta(seconds=kept_s)}
        for id_ in ids
        for step_s, kept_s in KEPT_S.items()
    ]
    session.connection().execute(delete(table).where(*mine, table.c.at < carried), values)


def _start(moment: datetime, step_s: int) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // step_s * step_s, UTC)

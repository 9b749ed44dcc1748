"""Is what the history tells what the pools held at each moment, though only changes are written?"""

import random
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from app.database import SessionFactory, make_session_factory, unit_of_work
from app.models import LeaseBlock, Pool, Subnet, UseSample, UseSeries
from app.models.base import utc_now
from app.services import use_history, use_samples
from app.services.actors import COMMAND_LINE
from app.services.audit import record as record_change
from app.services.grants import limit
from app.services.use_history import line
from app.services.use_samples import Figures

START = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
BASE = int(IPv4Address("10.0.0.0"))


def plan(factory: SessionFactory, subnets: int = 1) -> None:
    """Make /26 subnets whose pool is 10.0.0.10 to 10.0.0.59 and alike."""
    with unit_of_work(factory) as session:
        for n in range(subnets):
            first = BASE + 64 * n
            row = Subnet(first=IPv4Address(first), last=IPv4Address(first + 63), prefix_len=26)
            session.add(row)
            session.flush()
            session.add(Pool(subnet_id=row.id, first=IPv4Address(first + 10), last=IPv4Address(first + 59)))
            session.add(LeaseBlock(block=first >> 6, active=0, declined=0))


def lease(session: Session, count: int, subnet: int = 0) -> None:
    """Let so many addresses of the pool be leased."""
    bits = ((1 << count) - 1) << 10
    change = update(LeaseBlock).where(LeaseBlock.block == (BASE >> 6) + subnet)
    session.execute(change.values(active=bits - (1 << 64) if bits >> 63 else bits))


def record(factory: SessionFactory, now: datetime) -> bool:
    with unit_of_work(factory, writing=False) as session:
        minute = use_samples.compare(session, now)
    with unit_of_work(factory) as session:
        return use_samples.write(session, minute)


def rows(session: Session, step_s: int, pool: bool = True) -> int:
    query = select(func.count()).select_from(UseSample).join(UseSeries).where(UseSample.step_s == step_s)
    return session.scalar(query.where(UseSeries.pool_id.is_not(None)) if pool else query) or 0


def test_only_changes_are_written_and_carried_forward(factory: SessionFactory) -> None:
    plan(factory)
    for minute in range(90):
        with unit_of_work(factory) as session:
            lease(session, 20 if 30 <= minute < 40 else 5)
        assert record(factory, START + timedelta(minutes=minute, seconds=7))
    now = START + timedelta(minutes=90)
    with unit_of_work(factory, writing=False) as session:
        assert (rows(session, 60), rows(session, 3600)) == (3, 1)
        pool, subnet = session.scalars(select(Pool)).one(), session.scalars(select(Subnet)).one()
        for owner in (pool, subnet, None):
            points = use_history.history(session, owner, "24h", now)
            leased = [point.figures.leased for point in points]
            assert len(points) == 23
            assert (leased[0], leased[8], leased[11], leased[-1]) == (5, 20, 5, 5)
            assert [p.peak for p in points if p.at >= START.timestamp() + 41 * 60] == [5] * 12
        found = use_history.outlooks(session, Subnet, [subnet.id], now)[subnet.id]
    assert found.peak == 20
    assert found.forecast.reason == "too_little_history"


@pytest.mark.parametrize("seed", range(3))
def test_hours_keep_the_highest_minute(factory: SessionFactory, seed: int) -> None:
    chance = random.Random(seed)
    plan(factory)
    told: list[int] = []
    count = 0
    for minute in range(300):
        if chance.random() < 0.1:
            count = chance.randrange(51)
        with unit_of_work(factory) as session:
            lease(session, count)
        record(factory, START + timedelta(minutes=minute))
        told.append(count)
    with unit_of_work(factory, writing=False) as session:
        pool = session.scalars(select(Pool)).one()
        points = use_history.history(session, pool, "30d", START + timedelta(minutes=299))
    hours = [max(told[max(0, n - 1) : n + 120]) for n in range(0, 300, 120)]  # from the last value before on
    assert [point.peak for point in points] == hours
    assert points[-1].figures == Figures(50, 50 - count, count, 0, 0)


def test_a_minute_is_recorded_once_by_whichever_process(factory: SessionFactory) -> None:
    plan(factory)
    with unit_of_work(factory, writing=False) as session:
        minute = use_samples.compare(session, START)
    with factory() as first:
        first.connection(execution_options={"writing": True})
        assert use_samples.write(first, minute)
        if first.get_bind().dialect.name == "postgresql":
            with unit_of_work(factory) as second:
                assert not use_samples.write(second, minute)
        first.commit()
    with unit_of_work(factory) as session:
        assert not use_samples.write(session, minute)
        assert not use_samples.is_due(session, START + timedelta(seconds=59))
        assert use_samples.is_due(session, START + timedelta(seconds=60))
        assert rows(session, 60, pool=False) == 3


def test_a_minute_writes_the_largest_changes_and_later_the_others(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(factory, subnets=6)
    record(factory, START)
    monkeypatch.setattr(use_samples, "ROWS_A_MINUTE", 4)
    with unit_of_work(factory) as session:
        for n in range(6):
            lease(session, 10 + n, n)
    for minute in (1, 2, 3):
        record(factory, START + timedelta(minutes=minute))
        with unit_of_work(factory, writing=False) as session:
            query = select(UseSeries.leased).where(UseSeries.pool_id.is_not(None)).order_by(UseSeries.leased.desc())
            leased = list(session.scalars(query))
        assert leased == [15, 14, 13, 12, 11, 10][: 2 * minute] + [0] * (6 - 2 * minute)


def test_many_series_share_wider_hours(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(factory, subnets=2)
    monkeypatch.setattr(use_samples, "SERIES_A_HOUR", 2)
    for hour in range(6):
        with unit_of_work(factory) as session:
            lease(session, 10 + hour, 0)
        record(factory, START + timedelta(hours=hour))
    with unit_of_work(factory, writing=False) as session:
        found = session.execute(
            select(UseSample.at, UseSample.peak)
            .join(UseSeries)
            .where(UseSample.step_s == 3600, UseSeries.pool_id == 1)
        )
        assert [(at - START, peak) for at, peak in found] == [(timedelta(0), 12), (timedelta(hours=3), 15)]


def test_old_samples_are_forgotten_but_not_the_figure_that_was_carried_on(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(factory)
    monkeypatch.setattr(use_samples, "PARTS", 1)
    for day in range(40):
        with unit_of_work(factory) as session:
            lease(session, min(day, 3))
        record(factory, START + timedelta(days=day))
    with unit_of_work(factory, writing=False) as session:
        assert rows(session, 60) == 1
        assert rows(session, 3600) == 4
        points = use_history.history(session, session.scalars(select(Pool)).one(), "7d", START + timedelta(days=40))
    assert {point.figures.leased for point in points} == {3}
    assert len(points) == 360


def test_a_removed_pool_takes_its_history_along(engine: Engine, factory: SessionFactory) -> None:
    plan(factory)
    record(factory, START)
    with unit_of_work(factory) as session:
        session.delete(session.scalars(select(Pool)).one())
    with unit_of_work(factory, writing=False) as session:
        assert rows(session, 60) == 0


def test_growth_tells_the_day_on_which_the_pool_is_full(factory: SessionFactory) -> None:
    plan(factory)
    for hour in range(0, 24 * 10, 6):
        with unit_of_work(factory) as session:
            lease(session, 10 + 2 * (hour // 24) + (5 if hour % 24 == 12 else 0))
        record(factory, START + timedelta(hours=hour))
    now = START + timedelta(hours=24 * 10 - 1)
    with unit_of_work(factory, writing=False) as session:
        found = use_history.outlooks(session, Pool, session.scalars(select(Pool.id)).all(), now)[1]
    assert found.peak == 10 + 18 + 5
    assert found.forecast.days == 9  # the day before peaked at 31 of 50, 2 more each day


def test_a_limited_viewer_sees_the_sum_of_their_pools(factory: SessionFactory) -> None:
    plan(factory, subnets=3)
    with unit_of_work(factory) as session:
        for n in range(3):
            lease(session, 10 * (n + 1), n)
    record(factory, START)
    with unit_of_work(factory, writing=False) as session:
        whole = use_history.history(session, None, "24h", START)
        limit(session, ((IPv4Address(BASE), IPv4Address(BASE + 127)),))
        own = use_history.history(session, None, "24h", START)
    assert whole[-1].figures == Figures(150, 90, 60, 0, 0)
    assert own[-1].figures == Figures(100, 70, 30, 0, 0)


def test_a_point_holds_the_end_and_the_peak_of_its_time() -> None:
    def held(taken: int) -> Figures:
        return Figures(50, 50 - taken, taken, 0, 0)

    samples = [(5, held(9), 9), (22, held(30), 30), (27, held(4), 4), (30, held(6), 6)]
    points = line(samples, 10, 40, 10)
    assert [(p.at, p.figures.taken, p.peak) for p in points] == [(10, 9, 9), (20, 4, 30), (30, 6, 6), (40, 6, 6)]
    assert line([], 10, 40, 10) == []
    assert [p.at for p in line(samples[1:], 10, 40, 10)] == [20, 30, 40]


@pytest.mark.parametrize("seed", range(3))
def test_peak_of_every_subnet_is_what_its_outlook_says(factory: SessionFactory, seed: int) -> None:
    chance = random.Random(seed)
    plan(factory, 4)
    for hour in range(0, 12 * 24, 3):
        with unit_of_work(factory) as session:
            for subnet in range(3):  # the last one never changes
                if chance.random() < (0.3 if hour < 96 else 0.05):
                    lease(session, chance.randrange(50), subnet)
        assert record(factory, START + timedelta(hours=hour, seconds=9))
    now = START + timedelta(days=12)
    with unit_of_work(factory, writing=False) as session:
        found = use_history.peak_shares(session, now)
        told = use_history.outlooks(session, Subnet, session.scalars(select(Subnet.id)).all(), now)
    assert len(found) == 4
    assert found == pytest.approx({id_: each.peak_share for id_, each in told.items()})
    assert len(set(found.values())) > 1


def test_what_is_kept_of_the_use_ends_with_the_minute_and_with_the_plan(engine: Engine) -> None:
    factory = make_session_factory(engine, use_history.kept_use())
    plan(factory)
    now = utc_now()

    def told() -> tuple[int | None, dict[int, float]]:
        with unit_of_work(factory, writing=False) as session:
            found = use_history.outlooks(session, Pool, session.scalars(select(Pool.id)).all())
            return found[1].peak if found else None, use_history.peak_shares(session)

    assert told() == (None, {})
    for minutes, taken in ((2, 10), (1, 20)):
        with unit_of_work(factory) as session:
            lease(session, taken)
        assert record(factory, now - timedelta(minutes=minutes))
        assert told() == (taken, {1: taken / 50})
    with unit_of_work(factory) as session:
        session.delete(session.scalars(select(Subnet)).one())
        record_change(session, COMMAND_LINE, "delete", "subnets/1", None, None)
    assert told() == (None, {})

"""Are the figures of the charts what the workers recorded?"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from app.database import SessionFactory, unit_of_work
from app.models import RateSample
from app.services import samples

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def add(factory: SessionFactory, seconds: range, worker: str = "a", answered: int = 2) -> None:
    with unit_of_work(factory) as session:
        session.add_all(
            RateSample(step_s=1, at=START + timedelta(seconds=n), worker=worker, received=answered + 1,
                       answered=answered, naks=0, drops=1, p99_us=1000 + n, commit_us=100)
            for n in seconds
        )  # fmt: skip


def test_seconds_become_minutes_and_hours_without_loss(factory: SessionFactory) -> None:
    add(factory, range(3600))
    add(factory, range(60), worker="b", answered=10)
    for minute in (1, 30, 61, 61):
        with unit_of_work(factory) as session:
            samples.roll_up(session, START + timedelta(minutes=minute, seconds=10))
    with unit_of_work(factory, writing=False) as session:
        for step_s in (60, 3600):
            total = session.scalar(select(func.sum(RateSample.answered)).where(RateSample.step_s == step_s))
            assert total == 3600 * 2 + 60 * 10, step_s
        hour = session.scalars(select(RateSample).where(RateSample.step_s == 3600, RateSample.worker == "a")).one()
    assert (hour.at, hour.drops, hour.p99_us) == (START, 3600, 1000 + 3599)


def test_old_samples_are_forgotten(factory: SessionFactory) -> None:
    add(factory, range(120))
    with unit_of_work(factory) as session:
        samples.roll_up(session, START + timedelta(minutes=20))
    with unit_of_work(factory, writing=False) as session:
        kept = session.execute(select(RateSample.step_s, func.count()).group_by(RateSample.step_s)).all()
    assert [tuple(row) for row in kept] == [(60, 2)]


def test_rates_are_a_second_and_over_all_workers(factory: SessionFactory) -> None:
    add(factory, range(10))
    add(factory, range(10), worker="b", answered=10)
    with unit_of_work(factory, writing=False) as session:
        points = samples.rates(session, "10m", START + timedelta(seconds=20))
    assert [point.answered for point in points] == [12.0] * 10
    assert points[0].at == int(START.timestamp())

"""Which leases changed, for a table that shows what a filter lets through?"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry
from app.services import activity
from app.services.leases import LeaseFilters
from dhcpd.engine.leases import EXPIRED
from tests.builders import hold_leases


def changed(factory: SessionFactory, after: int, upto: int, *, limit: int = 20, **filters: str) -> list[str]:
    with unit_of_work(factory, writing=False) as session:
        rows = activity.changed_leases(session, LeaseFilters(**filters), after, upto, limit)  # type: ignore[arg-type]  # texts only
        return [str(row.ip) for row in rows]


def test_newest_come_first_and_each_once(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1")
    assert changed(factory, 0, 4) == ["10.0.0.1", "10.0.0.3", "10.0.0.2"]
    assert changed(factory, 1, 3) == ["10.0.0.3", "10.0.0.2"]
    assert changed(factory, 0, 4, limit=1) == ["10.0.0.1"]
    assert changed(factory, 4, 4) == []


def test_what_a_filter_looks_for_is_found_among_many(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.7", *(f"10.1.{n // 250}.{n % 250}" for n in range(activity.AT_ONCE * 3)))
    upto = activity.AT_ONCE * 3 + 1
    assert changed(factory, 0, upto, q="10.0.0.7") == ["10.0.0.7"]
    assert changed(factory, 0, upto, q="02:00:0a:00:00:07") == ["10.0.0.7"]
    hold_leases(engine, "10.0.0.9", state=EXPIRED)
    assert changed(factory, 0, upto + 1, state="expired") == ["10.0.0.9"]


def test_what_happened_long_ago_is_left_out(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.1", "10.0.0.2")
    assert changed(factory, 0, activity.TAIL_EVENTS + 1) == ["10.0.0.2"]


def test_changes_of_a_day_are_told_newest_first_and_none_of_the_day_before(factory: SessionFactory) -> None:
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    with unit_of_work(factory) as session:
        for n, hours in enumerate((-2, -1, 1, 2), 1):
            moment = midnight + timedelta(hours=hours)
            session.add(AuditEntry(at=moment, actor="anna", action="create", object=f"tags/{n}", revision=n))
            session.flush()
    with unit_of_work(factory, writing=False) as session:
        told = activity.changes_since(session, midnight, 8)
        assert [entry.object for entry in told] == ["tags/4", "tags/3"]
        assert [entry.object for entry in activity.changes_since(session, midnight, 1)] == ["tags/4"]

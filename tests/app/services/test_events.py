"""Are old events removed, and only these, in small parts?"""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from app.database import SessionFactory, unit_of_work
from app.models import LeaseEvent
from app.models.base import utc_now
from app.services import events
from app.services.actors import Actor
from app.services.settings import update_settings

NOW = utc_now()


def note(factory: SessionFactory, *ages_days: float) -> None:
    with unit_of_work(factory) as session:
        for number, age in enumerate(ages_days):
            session.add(
                LeaseEvent(
                    at=NOW - timedelta(days=age), type="active", ip=ip_address(number), subnet_id=1, mac=b"",
                    client_id=b"", hostname="", expires_at=None, reason="assigned", worker="w",
                )
            )  # fmt: skip
            session.flush()


def purge(factory: SessionFactory) -> tuple[int, int]:
    """Return how many were removed and how many are left."""
    with unit_of_work(factory) as session:
        removed = events.purge(session, NOW)
        return removed, session.query(LeaseEvent).count()


def test_events_past_the_retention_are_removed_and_others_stay(factory: SessionFactory) -> None:
    note(factory, 500, 401, 399, 0)
    assert purge(factory) == (2, 2)
    assert purge(factory) == (0, 2)


def test_the_retention_is_a_setting(factory: SessionFactory) -> None:
    note(factory, 40, 20)
    with unit_of_work(factory) as session:
        update_settings(session, Actor("anna", "admin"), {"event_retention_days": 30})
    assert purge(factory) == (1, 1)


def test_many_are_removed_in_parts(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PURGE_ROWS", 3)
    note(factory, *[500] * 7)
    assert [purge(factory)[0] for _ in range(4)] == [3, 3, 1, 0]


def test_who_was_away_for_too_long_begins_anew(factory: SessionFactory) -> None:
    note(factory, 500, 450, 1, 0)
    purge(factory)
    with unit_of_work(factory, writing=False) as session:
        assert events.was_purged(session, 1)
        assert not events.was_purged(session, 2)
        assert not events.was_purged(session, events.latest_id(session))

"""Does a list that no index answers give everything, part by part, however little it looks at?"""

from ipaddress import IPv4Address
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Lease, LeaseEvent
from app.models.base import utc_now
from app.services import events, leases, listing
from app.services.listing import Listing, Wish
from tests.builders import hold_leases

ROWS = 60
RARE = (3, 4, 31, 58)


@pytest.fixture(autouse=True)
def short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SOON", 2)
    monkeypatch.setattr(listing, "WALKED", 7)


@pytest.fixture
def history(engine: Engine, factory: SessionFactory) -> SessionFactory:
    """60 leases and 60 events with gaps between their ids, a few of them of a rare name."""
    hold_leases(engine, *(str(IPv4Address(0x0A000000 + 3 * n)) for n in range(ROWS)))
    with unit_of_work(factory) as session:
        for n, row in enumerate(session.query(Lease).order_by(Lease.ip)):
            row.hostname = "rare" if n in RARE else "common"
            session.add(
                LeaseEvent(
                    id=1000 + 3 * n, at=utc_now(), type="active", ip=row.ip, subnet_id=1, mac=b"", client_id=b"",
                    hostname=row.hostname, expires_at=None, reason="assigned", worker="w",
                )
            )  # fmt: skip
    return factory


def parts(session: Session, what: Listing, sort: str, *filters: tuple[str, str]) -> list[list[Any]]:
    """Return the parts of a list, each as the keys of its rows."""
    found: list[list[Any]] = []
    cursor = ""
    while len(found) < 2 * ROWS:
        part = listing.cut(session, what, Wish(filters, sort, cursor, limit=2))
        found.append([getattr(row, what.key) for row in part.rows])
        if part.next_cursor is None:
            return found
        cursor = part.next_cursor
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(
    ("what", "key"),
    [
        (leases.LISTING, lambda n: IPv4Address(0x0A000000 + 3 * n)),
        (events.LISTING, lambda n: 1000 + 3 * n),
    ],
)
def test_every_row_comes_once_and_in_order(history: SessionFactory, what: Listing, key: Any, down: bool) -> None:
    sort = f"-{what.key}" if down else what.key
    with unit_of_work(history, writing=False) as session:
        for name, wanted in (("rare", RARE), ("common", [n for n in range(ROWS) if n not in RARE]), ("none", ())):
            found = parts(session, what, sort, ("hostname", name))
            expected = [key(n) for n in wanted]
            assert [row for part in found for row in part] == (expected[::-1] if down else expected)


def test_a_part_looks_at_no_more_than_told(history: SessionFactory) -> None:
    with unit_of_work(history, writing=False) as session:
        found = parts(session, leases.LISTING, "ip", ("hostname", "none"))
        assert len(found) == -(-ROWS // 7)


def test_to_follow_from_an_id_begins_there(history: SessionFactory) -> None:
    after = ("id__gt", str(1000 + 3 * 57))
    with unit_of_work(history, writing=False) as session:
        found = parts(session, events.LISTING, "id", ("hostname", "rare"), after)
        assert found == [[1000 + 3 * 58]]


def test_what_an_index_answers_comes_in_one_part(history: SessionFactory) -> None:
    with unit_of_work(history, writing=False) as session:
        found = parts(session, events.LISTING, "-id", ("hostname", "rare"), ("within", "10.0.0.0/24"))
        assert found == [[1000 + 3 * 58, 1000 + 3 * 31], [1000 + 3 * 4, 1000 + 3 * 3]]


def test_leases_are_counted_without_a_look_at_those_that_are_active(history: SessionFactory) -> None:
    with unit_of_work(history) as session:
        session.query(Lease).filter(Lease.ip < IPv4Address(0x0A000000 + 3 * 5)).update({"state": "expired"})
        store = session.query(Lease).filter(Lease.state == "active").count()
        assert store == ROWS - 5
        assert listing.cut(session, leases.LISTING, Wish((("state", "expired"),), count=True)).total == 5

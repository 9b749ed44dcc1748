"""Do workers know of each other, and of each other's leases?"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app.models import Worker
from dhcpd.adapters.peers import ALONE, SILENT_S, Peers, Roster
from dhcpd.adapters.store import Store, database_clock
from dhcpd.engine.balance import Balance
from dhcpd.engine.leases import ACTIVE, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason

NOW = 1_800_000_000


def report(engine: Engine, *names: str) -> None:
    row: dict[str, Any] = {
        "pid": 1, "started_at": datetime.fromtimestamp(NOW, UTC), "revision_applied": 0, "apply_ms": 0,
        "interfaces": [], "warnings": [], "counters": {},
    }  # fmt: skip
    for name in names:
        Store(engine, name).report(row)


def silence(engine: Engine, name: str, seconds: int) -> None:
    with Session(engine) as session:
        past = database_clock(engine) - seconds
        session.execute(update(Worker).where(Worker.id == name).values(last_seen=past))
        session.commit()


def lease(ip: int, key: bytes = b"\0\1alice") -> Lease:
    return Lease(ip, ACTIVE, 1, key, b"alice!", b"", "host", "", NOW, NOW, NOW + 60, 0, 0, b"")


def test_a_worker_alone_has_no_part_to_leave_to_others(engine: Engine) -> None:
    report(engine, "a")
    assert Peers(engine, "a").roster() == ALONE


def test_live_workers_agree_on_their_places(engine: Engine) -> None:
    report(engine, "a/0", "a/1", "b")
    places = [Peers(engine, name).roster() for name in ("a/0", "a/1", "b")]
    assert places == [Roster(0, 3, Balance(0, 2)), Roster(1, 3, Balance(0, 2)), Roster(2, 3, Balance(1, 2))]


def test_a_silent_worker_loses_its_place(engine: Engine) -> None:
    report(engine, "a", "b")
    silence(engine, "b", SILENT_S + 2)
    assert Peers(engine, "a").roster() == ALONE


def test_leases_of_others_are_learnt_once_and_own_ones_not(engine: Engine) -> None:
    mine, theirs = Store(engine, "a"), Store(engine, "b")
    before, learner = lease(1), Peers(engine, "a")
    theirs.commit([LeaseChange(None, before, Reason.ASSIGNED)], now=NOW)
    learner.begin()
    mine.commit([LeaseChange(None, lease(2), Reason.ASSIGNED)], now=NOW)
    gone = before._replace(state=RELEASED)
    theirs.commit(
        [LeaseChange(before, gone, Reason.RELEASED), LeaseChange(None, lease(3), Reason.ASSIGNED)], now=NOW
    )
    newest = mine.news().event
    assert sorted(learner.learn(newest)) == sorted([gone, lease(3)])
    assert learner.learn(newest) == []

"""Are leases and events written as one, and does the database arbitrate between workers?"""

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.models import LeaseEvent
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, DECLINED, EXPIRED, NEVER, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason

NOW = 1_800_000_000
ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def lease(ip: int = 0x0A000064, key: bytes = b"\0\1alice", **changes: object) -> Lease:
    made = Lease(ip, ACTIVE, 1, key, b"alice!", b"", "host", "vendor", NOW, NOW, NOW + 60, 0, 0x0A000001, b"\1\1x")
    return made._replace(**changes)  # type: ignore[arg-type]  # a builder


def test_what_was_committed_is_loaded_again(engine: Engine) -> None:
    store = Store(engine, "w1")
    rows = [lease(), lease(0x0A000065, b"\0\1bob", expires_at=NEVER, relay=0)]
    assert store.commit([LeaseChange(None, row, Reason.ASSIGNED) for row in rows], now=NOW) == set()
    assert sorted(store.load_leases()) == sorted(rows)


def test_each_change_has_its_event_in_order(engine: Engine) -> None:
    store = Store(engine, "w1")
    first, second = lease(), lease(state=RELEASED)
    changes = [LeaseChange(None, first, Reason.ASSIGNED), LeaseChange(first, second, Reason.RELEASED)]
    store.commit(changes, now=NOW)
    with Session(engine) as session:
        rows = list(session.scalars(select(LeaseEvent).order_by(LeaseEvent.id)))
    assert [(row.type, row.reason) for row in rows] == [("active", "assigned"), ("released", "released")]
    assert list(store.load_leases()) == [second]


def test_address_of_another_worker_is_refused(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # one worker only, held by a lock
    Store(engine, "w1").commit([LeaseChange(None, lease(), Reason.ASSIGNED)], now=NOW)
    stolen = lease(key=b"\0\1bob")
    fine = lease(0x0A000066, b"\0\1carol")
    changes = [LeaseChange(None, stolen, Reason.ASSIGNED), LeaseChange(None, fine, Reason.ASSIGNED)]
    assert Store(engine, "w2").commit(changes, now=NOW) == {stolen.ip}
    assert {row.client_key for row in Store(engine, "w2").load_leases()} == {b"\0\1alice", b"\0\1carol"}


def test_expired_address_may_go_to_another_worker(engine: Engine) -> None:
    Store(engine, "w1").commit([LeaseChange(None, lease(), Reason.ASSIGNED)], now=NOW)
    later = lease(key=b"\0\1bob", started_at=NOW + 61)
    assert Store(engine, "w2").commit([LeaseChange(None, later, Reason.ASSIGNED)], now=NOW + 61) == set()


def refused_by_the_database(engine: Engine, stored: Lease, change: LeaseChange, now: int) -> bool:
    """Tell whether a second worker's change loses against what the first one stored."""
    Store(engine, "w1").commit([LeaseChange(None, stored, Reason.ASSIGNED)], now=NOW)
    return bool(Store(engine, "w2").commit([change], now=now))


@ON_POSTGRESQL
def test_a_lease_renewed_elsewhere_neither_expires_nor_changes_hands(engine: Engine) -> None:
    known, renewed = lease(), lease(expires_at=NOW + 120, renewals=1)
    expiry = LeaseChange(known, known._replace(state=EXPIRED), Reason.EXPIRED)
    assert refused_by_the_database(engine, renewed, expiry, NOW + 61)
    taken = LeaseChange(known, lease(key=b"\0\1bob", started_at=NOW + 61), Reason.ASSIGNED)
    assert refused_by_the_database(engine, renewed, taken, NOW + 61)


@ON_POSTGRESQL
def test_an_address_in_quarantine_is_refused_until_it_ends(engine: Engine) -> None:
    declined = lease(state=DECLINED, expires_at=NOW + 100)
    taken = LeaseChange(None, lease(key=b"\0\1bob"), Reason.ASSIGNED)
    assert refused_by_the_database(engine, declined, taken, NOW + 50)
    assert not refused_by_the_database(engine, declined, taken, NOW + 100)


@ON_POSTGRESQL
def test_a_device_that_changes_its_identifier_keeps_its_lease(engine: Engine) -> None:
    rom = lease()
    system = LeaseChange(rom, lease(key=b"\1uuid", client_id=b"uuid"), Reason.ASSIGNED)
    assert not refused_by_the_database(engine, rom, system, NOW + 1)

"""Are leases and events written as one, and does the database arbitrate between workers?"""

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.models import LeaseEvent
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, NEVER, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason

NOW = 1_800_000_000


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
    assert store.load_leases() == [second]


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

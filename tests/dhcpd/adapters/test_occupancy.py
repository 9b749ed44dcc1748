"""Do the blocks say of every address what its lease says?"""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.models import Lease as LeaseRow
from app.models import LeaseBlock
from dhcpd.adapters import occupancy
from dhcpd.adapters.occupancy import Marks
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, DECLINED, EXPIRED, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason

NOW = 1_800_000_000
BASE = 0x0A000000
STATES = (ACTIVE, RELEASED, EXPIRED, DECLINED)
steps = st.lists(st.lists(st.tuples(st.integers(0, 200), st.sampled_from(STATES)), max_size=6), max_size=12)


def lease(ip: int, state: str) -> Lease:
    return Lease(ip, state, 1, b"\0\1key", b"\2abcde", b"", "", "", NOW, NOW, NOW + 60, 0, 0, b"")


def shown(engine: Engine) -> dict[int, str]:
    """Return the addresses that the blocks mark."""
    marks: dict[int, str] = {}
    with Session(engine) as session:
        for row in session.scalars(select(LeaseBlock)):
            for bit in range(64):
                if row.active >> bit & 1:
                    marks[row.block * 64 + bit] = ACTIVE
                if row.declined >> bit & 1:
                    assert row.block * 64 + bit not in marks
                    marks[row.block * 64 + bit] = DECLINED
    return marks


def stored(engine: Engine) -> dict[int, str]:
    """Return the active and declined leases."""
    with Session(engine) as session:
        rows = session.execute(select(LeaseRow.ip, LeaseRow.state))
        return {int(ip): state for ip, state in rows if state in (ACTIVE, DECLINED)}


def clear(engine: Engine, *tables: str) -> None:
    with engine.execution_options(writing=True).begin() as connection:
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_blocks_follow_any_churn(engine: Engine, batches: Sequence[list[tuple[int, str]]]) -> None:
    clear(engine, "leases", "lease_blocks")
    store, known = Store(engine, "w1"), dict[int, Lease]()
    for batch in batches:
        changes = []
        for offset, state in batch:
            after = lease(BASE + offset, state)
            changes.append(LeaseChange(known.get(after.ip), after, Reason.ASSIGNED))
            known[after.ip] = after
        store.commit(changes, now=NOW)
    assert shown(engine) == stored(engine)


def test_refused_lease_leaves_no_mark(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # one worker only: nothing is refused
    Store(engine, "w1").commit([LeaseChange(None, lease(BASE, ACTIVE), Reason.ASSIGNED)], now=NOW)
    other = lease(BASE, DECLINED)._replace(client_key=b"\0\1other")
    assert Store(engine, "w2").commit([LeaseChange(None, other, Reason.DECLINED)], now=NOW) == {BASE}
    assert shown(engine) == {BASE: ACTIVE}


def noted(store: Store) -> Marks:
    """What the leases of the database mark."""
    marks = Marks()
    assert sum(1 for _ in marks.noting(store.load_leases()))
    return marks


def test_worker_mends_blocks_that_are_missing_or_wrong(engine: Engine) -> None:
    store = Store(engine, "w1")
    leases = [lease(BASE + offset, ACTIVE) for offset in (0, 63, 64, 1000)]
    store.commit([LeaseChange(None, row, Reason.ASSIGNED) for row in leases], now=NOW)
    assert store.check_blocks(noted(store)) == 0
    clear(engine, "lease_blocks")
    with Session(engine) as session:
        session.connection(execution_options={"writing": True})
        session.add(LeaseBlock(block=7, active=-1, declined=0))
        session.commit()
    assert store.check_blocks(noted(store)) == 4
    assert shown(engine) == stored(engine)


def test_renewal_touches_no_block() -> None:
    before = lease(BASE, ACTIVE)
    assert list(occupancy.changed([LeaseChange(before, before._replace(renewals=1), Reason.RENEWED)])) == []

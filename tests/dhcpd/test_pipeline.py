"""Does every change reach its commit, once, in order, and each reply wait for its own?"""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy.exc import SQLAlchemyError

from dhcpd.adapters.committer import Outcome
from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.udp import Port
from dhcpd.engine.decide import Decision
from dhcpd.engine.leases import ACTIVE, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.pipeline import FULL, MANY, Batch, Pipeline

NOW = 1_800_000_000


@pytest.fixture
def lo_port() -> Iterator[Port]:
    port = Port(Interface("lo", 1, b"", (0x7F000001,)), 0, frozenset(), device=False)
    yield port
    port.close()


def change(ip: int) -> LeaseChange:
    lease = Lease(ip, ACTIVE, 1, b"\0\1k", b"k", b"", "", "", NOW, NOW, NOW + 60, 0, 0, b"")
    return LeaseChange(None, lease, Reason.ASSIGNED)


class Disk:
    """A database that refuses some addresses, or fails; and what landed of it."""

    def __init__(self, refused: set[int] | None = None, error: Exception | None = None) -> None:
        self.refused, self.error = refused or set(), error
        self.written: list[list[int]] = []
        self.landed: list[tuple[list[int], Outcome]] = []
        self.pipeline = Pipeline(self.commit, lambda: None, self.land)

    def commit(self, changes: Sequence[LeaseChange], now: int) -> set[int]:
        if self.error is not None:
            raise self.error
        self.written.append([c.after.ip for c in changes])
        return self.refused

    def land(self, batch: Batch, outcome: Outcome) -> None:
        self.landed.append(([c.after.ip for c in batch.changes], outcome))


def test_each_change_is_committed_once_and_in_order() -> None:
    disk = Disk()
    for ip in range(3 * MANY + 5):
        disk.pipeline.add((change(ip),))
        disk.pipeline.advance(NOW)
    disk.pipeline.close(NOW)
    assert [ip for batch in disk.written for ip in batch] == list(range(3 * MANY + 5))
    assert [ips for ips, _ in disk.landed] == disk.written


def test_outcome_says_what_was_refused() -> None:
    disk = Disk(refused={7})
    disk.pipeline.add((change(7), change(8)))
    disk.pipeline.close(NOW)
    assert disk.landed == [([7, 8], {7})]


def test_error_of_the_database_lands_as_outcome_small_batch_or_large() -> None:
    for count in (1, MANY):
        error = SQLAlchemyError("gone")
        disk = Disk(error=error)
        disk.pipeline.add([change(ip) for ip in range(count)])
        disk.pipeline.close(NOW)
        assert [outcome for _, outcome in disk.landed] == [error]


def test_second_large_batch_waits_until_the_first_is_on_disk() -> None:
    disk = Disk()
    disk.pipeline.add([change(ip) for ip in range(MANY)])
    disk.pipeline.advance(NOW)
    disk.pipeline.add([change(ip) for ip in range(FULL)])
    disk.pipeline.advance(NOW)  # full: waits for the first
    assert [len(ips) for ips, _ in disk.landed] == [MANY]
    disk.pipeline.close(NOW)
    assert [len(ips) for ips, _ in disk.landed] == [MANY, FULL]


def test_batch_loses_what_was_built_on_a_refused_change(lo_port: Port) -> None:
    batch = Batch()
    kept, lost = change(1), change(2)
    batch.changes = [kept, lost, change(2)]
    batch.replies = [
        (lo_port, Decision("assigned", b"1", None, (kept,))),
        (lo_port, Decision("assigned", b"2", None, (lost,))),
    ]
    assert [c.after.ip for c in batch.remove({2})] == [2, 2]
    assert batch.changes == [kept]
    assert [decision.reply for _, decision in batch.replies] == [b"1"]

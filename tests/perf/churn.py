"""Does the database stay bounded under days of churn? `python -m tests.perf.churn [--database URL]`.

Renewals, departures and arrivals are committed as fast as the store takes them, with the purge of old events and a
reader of the lease list at work beside, as in the web process. Each simulated hour prints the sizes.
"""

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.database import make_session_factory, unit_of_work
from app.migrate import upgrade
from app.models import Lease as LeaseRow
from app.models import LeaseEvent
from app.services.actors import COMMAND_LINE
from app.services.events import purge
from app.services.settings import update_settings
from dhcpd.adapters.store import Store, open_database, sqlite_path
from dhcpd.engine.leases import ACTIVE, EXPIRED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason

LEASE_S: Final = 3600
BATCH: Final = 64
LEAVE: Final = 0.02
"""Part of the clients that go, and of newcomers that come, at each renewal."""
FIRST_IP: Final = 0x0A000000
START: Final = 1_800_000_000


class Day:
    """The leases of all clients, and a clock that runs ahead."""

    def __init__(self, clients: int) -> None:
        self.now = START
        self.leases = [self._new(FIRST_IP + number) for number in range(clients)]

    def _new(self, ip: int) -> Lease:
        mac, now = random.randbytes(6), self.now
        return Lease(ip, ACTIVE, 1, b"\0\1" + mac, mac, b"", "", "", now, now, now + LEASE_S, 0, 0, b"")

    def arrive(self) -> Iterator[LeaseChange]:
        for lease in self.leases:
            yield LeaseChange(None, lease, Reason.ASSIGNED)

    def half_hour(self) -> Iterator[LeaseChange]:
        """Every client renews, at its moment; a few are replaced."""
        step = LEASE_S / 2 / len(self.leases)
        begin = self.now
        for number, lease in enumerate(self.leases):
            self.now = now = begin + int((number + 1) * step)
            if random.random() < LEAVE:
                gone = lease._replace(state=EXPIRED)
                yield LeaseChange(lease, gone, Reason.EXPIRED)
                after = self._new(lease.ip)
                yield LeaseChange(gone, after, Reason.ASSIGNED)
            else:
                after = lease._replace(renewed_at=now, expires_at=now + LEASE_S, renewals=lease.renewals + 1)
                yield LeaseChange(lease, after, Reason.RENEWED)
            self.leases[number] = after


class Beside:
    """What the web process does meanwhile: removes old events, reads pages of leases."""

    def __init__(self, engine: Engine, day: Day) -> None:
        self.engine = engine
        self.day = day
        self.removed = 0
        self.longest_read_ms = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._purge, self._read)]

    def __enter__(self) -> "Beside":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _purge(self) -> None:
        factory = make_session_factory(self.engine)
        while not self._stop.wait(0.05):
            with unit_of_work(factory) as session:
                self.removed += purge(session, datetime.fromtimestamp(self.day.now, UTC))

    def catch_up(self) -> None:
        """Remove the rest of what is too old: a simulated hour takes a second, the web process has a whole one."""
        factory, removed = make_session_factory(self.engine), -1
        while removed:
            with unit_of_work(factory) as session:
                removed = purge(session, datetime.fromtimestamp(self.day.now, UTC))
            self.removed += removed

    def _read(self) -> None:
        while not self._stop.wait(0.2):
            began = time.monotonic()
            with Session(self.engine) as session:
                session.scalars(select(LeaseRow).order_by(LeaseRow.ip).limit(100)).all()
            self.longest_read_ms = max(self.longest_read_ms, (time.monotonic() - began) * 1000)


def write(store: Store, day: Day, changes: Iterator[LeaseChange]) -> tuple[int, float]:
    """Commit the changes in batches; return how many there were and the longest commit in milliseconds."""
    total, longest, batch = 0, 0.0, list[LeaseChange]()
    for change in changes:
        batch.append(change)
        if len(batch) >= BATCH:
            began = time.monotonic()
            store.commit(batch, now=day.now)
            longest = max(longest, (time.monotonic() - began) * 1000)
            total += len(batch)
            batch = []
    store.commit(batch, now=day.now)
    return total + len(batch), longest


def sizes(engine: Engine, url: str) -> str:
    """Return how large the database is: the file and its log, or PostgreSQL's tables."""
    path = sqlite_path(url)
    if path is not None:
        wal = Path(f"{path}-wal")
        log_mb = wal.stat().st_size / 1e6 if wal.exists() else 0.0
        return f"file {Path(path).stat().st_size / 1e6:.1f} MB, log {log_mb:.1f} MB"
    query = "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(ARRAY['leases', 'lease_events']) t"
    with engine.connect() as connection:
        return f"tables {float(connection.execute(text(query)).scalar_one()) / 1e6:.1f} MB"


def run(url: str, clients: int, hours: int) -> None:
    """Print a line for each simulated hour: the first day fills the retention, the second shows that it is kept."""
    engine = open_database(url)
    upgrade(engine)
    with unit_of_work(make_session_factory(engine)) as session:
        update_settings(session, COMMAND_LINE, {"event_retention_days": 1})
    day, store = Day(clients), Store(engine, "churn")
    write(store, day, day.arrive())
    for hour in range(hours):
        began = time.monotonic()
        with Beside(engine, day) as beside:
            halves = [write(store, day, day.half_hour()) for _ in range(2)]
        changes, took = sum(half[0] for half in halves), time.monotonic() - began
        beside.catch_up()
        with Session(engine) as session:
            kept = session.scalar(select(func.count()).select_from(LeaseEvent)) or 0
        print(
            f"hour {hour + 1}: {changes:,} changes, {changes / took:,.0f}/s, longest commit "
            f"{max(half[1] for half in halves):.0f} ms, longest read {beside.longest_read_ms:.0f} ms, "
            f"events removed {beside.removed:,}, kept {kept:,}, {sizes(engine, url)}",
            flush=True,
        )
    engine.dispose()


def main() -> None:
    """Run on a temporary SQLite file, or on the database that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", metavar="URL", help="an empty database; without it a temporary SQLite file")
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=48)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(arguments.database or f"sqlite:///{folder}/churn.db", arguments.clients, arguments.hours)


if __name__ == "__main__":
    main()

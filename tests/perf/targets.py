"""Does Leaseboard hold what is promised at a million leases, during a reload, and after a save?"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import Engine, select

from app.database import make_engine
from app.migrate import upgrade
from app.models.types import IPV4_PREFIX
from app.models.workers import Worker
from dhcpd.adapters import occupancy
from dhcpd.engine.leases import ACTIVE, Lease
from tests.perf import plan
from tests.perf.lab import Lab, cpu_s, memory_bytes
from tests.perf.load import Clients
from tests.perf.measure import say
from tests.perf.servers import LEASE_S, ROOT, start_leaseboard, start_worker

LEASES: Final = 1_000_000
FREE: Final = 10_000
FULL_POOL: Final = ("10.1.0.0", str(plan.address(plan.number("10.1.0.0") + LEASES + FREE - 1)))
"""99 % of it is leased."""
FULL_RATE: Final = 2000
RELOAD_SUBNETS: Final = 1000
RELOAD_RESERVATIONS: Final = 100_000
SAVES: Final = 10
_COLUMNS: Final = (
    "ip, state, subnet_id, client_key, mac, client_id, hostname, vendor_class, started_at, renewed_at, expires_at, "
    "renewals, relay, relay_info, worker"
)


@dataclass(frozen=True, slots=True)
class Target:
    """One promise, what was measured, and whether it is kept."""

    what: str
    target: str
    measured: str
    met: bool


Check: TypeAlias = Callable[[Lab, Clients, Path, Path], list[Target]]


def check_all(lab: Lab, clients: Clients, sources: Path = ROOT, build: str = "") -> list[Target]:
    """Measure every target that is not a comparison with peers, each in a folder and a database of its own.

    `sources` is the folder that the worker runs from, `build` what the targets say of it.
    """
    found: list[Target] = []
    checks: tuple[Check, ...] = (check_million, check_reload, check_save)
    for check in checks:
        say(check.__name__.replace("_", " "))
        with tempfile.TemporaryDirectory(prefix="leaseboard-perf-", dir="/tmp") as folder:
            try:
                found += [replace(t, what=t.what + build) for t in check(lab, clients, Path(folder), sources)]
            except Exception as error:  # the other targets are measured all the same
                problem = f"{type(error).__name__}: {error}"
                found.append(Target(check.__name__.replace("_", " "), "", problem, False))
        for target in found[-3:]:
            say(f"  {target.what}: {target.measured}")
    return found


def check_million(lab: Lab, clients: Clients, folder: Path, sources: Path) -> list[Target]:
    """Start on a million leases in a pool that is 99 % full; compare the cost of an exchange when it is empty."""
    (folder / "empty").mkdir()
    empty_us, _, _ = _cost(lab, clients, folder / "empty", sources, leases=0)
    (folder / "full").mkdir()
    full_us, started_s, memory = _cost(lab, clients, folder / "full", sources, leases=LEASES)
    ratio = empty_us / full_us
    return [
        Target("rate with a pool 99 % full and 1,000,000 leases, of that with an empty pool", ">= 90 %",
               f"{ratio:.0%} ({full_us:.0f} us of CPU an exchange, {empty_us:.0f} when empty)", ratio >= 0.9),
        Target("start to first answer with 1,000,000 leases", "<= 10 s", f"{started_s:.1f} s", started_s <= 10),
        Target("worker memory with 1,000,000 leases", "<= 450 MB", f"{memory / 1e6:.0f} MB", memory <= 450e6),
    ]  # fmt: skip


def _cost(lab: Lab, clients: Clients, folder: Path, sources: Path, *, leases: int) -> tuple[float, float, int]:
    """Return CPU us an exchange, seconds from start to first answer, and memory in bytes."""
    url = f"sqlite:///{folder}/bench.db"
    engine = make_engine(url)
    upgrade(engine)
    plan.write_subnet(engine, FULL_POOL, LEASE_S)
    engine.dispose()
    write_leases(folder / "bench.db", leases)
    began = time.monotonic()
    daemon = start_worker(lab, folder, url, sources)
    try:
        serving_s = time.monotonic() - began
        first = clients.generator("relay", 50, 1)  # it takes half a second to start, which is not the worker's
        assert first.completed and first.p50_ms is not None, "no answer"
        started_s = serving_s + first.p50_ms / 1000
        clients.generator("relay", FULL_RATE, 1)
        before = cpu_s(daemon.pid)
        sample = clients.generator("relay", FULL_RATE, 3)
        return (cpu_s(daemon.pid) - before) / max(1, sample.completed) * 1e6, started_s, memory_bytes(daemon.pid)
    finally:
        daemon.stop()


def write_leases(path: Path, count: int) -> None:
    """Fill the pool from its start with active leases of clients that send an identifier and a name."""
    first, now = plan.number("10.1.0.0"), int(time.time())

    def rows() -> Iterator[tuple[object, ...]]:
        for n in range(count):
            mac = b"\x06\x01" + n.to_bytes(4, "big")
            ip = IPV4_PREFIX + (first + n).to_bytes(4, "big")
            times = (now - n % 3600, now - n % 3600, now + 86400 + n % 3600)
            client = (b"\1\1" + mac, mac, b"\1" + mac, f"host-{n}", "MSFT 5.0")
            yield (ip, "active", 1, *client, *times, 0, None, b"", "w")

    with sqlite3.connect(path) as connection:
        marks = ", ".join("?" * 15)
        connection.executemany(f"INSERT INTO leases ({_COLUMNS}) VALUES ({marks})", rows())
        blocks = occupancy.rows_of([_lease(first + n) for n in range(count)])
        connection.executemany(occupancy.SQL["sqlite"], blocks)
    connection.close()


def _lease(ip: int) -> Lease:
    return Lease(ip, ACTIVE, 1, b"", b"", b"", "", "", 0, 0, 0, 0, 0, b"")


def check_reload(lab: Lab, clients: Clients, folder: Path, sources: Path) -> list[Target]:
    """Measure delays at 1,000 exchanges a second, in peace and while a large configuration is loaded."""
    url = f"sqlite:///{folder}/bench.db"
    daemon = start_leaseboard(lab, folder, url, sources=sources)
    engine = make_engine(url)
    try:
        calm = clients.generator("relay", 1000, 5)
        plan.write_many(engine, RELOAD_SUBNETS, RELOAD_RESERVATIONS)
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(clients.generator, "relay", 1000, 12)
            time.sleep(1)
            plan.announce(engine)
            began = time.monotonic()
            _wait_for_revision(engine, 60)
            took_s = time.monotonic() - began
            during = busy.result()
    finally:
        engine.dispose()
        daemon.stop()
    assert calm.p99_ms is not None and during.p99_ms is not None
    return [
        Target("p99 answer time at 1,000 exchanges/s", "<= 5 ms", f"{calm.p99_ms:.1f} ms", calm.p99_ms <= 5),
        Target("p99 answer time during a reload of 1,000 subnets and 100,000 reservations", "<= 50 ms",
               f"{during.p99_ms:.1f} ms, longest {during.max_ms:.0f} ms, drops {during.drops:.2%}, "
               f"served after {took_s:.1f} s", during.p99_ms <= 50 and during.passed),
    ]  # fmt: skip


def check_save(lab: Lab, clients: Clients, folder: Path, sources: Path) -> list[Target]:
    """Measure the time from a commit of the web side to the worker's word that it serves the revision."""
    url = f"sqlite:///{folder}/bench.db"
    daemon = start_leaseboard(lab, folder, url, sources=sources)
    engine = make_engine(url)
    times: list[float] = []
    try:
        for number in range(SAVES):
            time.sleep(0.137 * (1 + number % 3))  # at no fixed phase of the worker's poll
            plan.save(engine, lease_s=3600 + number)
            began = time.monotonic()
            _wait_for_revision(engine, 10)
            times.append(time.monotonic() - began)
    finally:
        engine.dispose()
        daemon.stop()
    longest = max(times) * 1000
    measured = f"{longest:.0f} ms, the longest of {SAVES}"
    return [Target("save -> served by the worker", "<= 250 ms", measured, longest <= 250)]


def _wait_for_revision(engine: Engine, seconds: float) -> None:
    """Return when a worker says that it serves the newest revision."""
    newest = plan.revision(engine)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with engine.connect() as connection:
            if (connection.scalar(select(Worker.revision_applied)) or 0) >= newest:
                return
        time.sleep(0.005)
    raise TimeoutError(f"revision {newest} is not served after {seconds} s")

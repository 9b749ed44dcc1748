"""When the disk, the database, the link or the clock fails: does service degrade as named, and recover alone?"""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from dhcpd.engine.reasons import Reason
from tests.builders import Product, discover
from tests.e2e.faults.clients import Arrivals

HERE = Path(__file__).resolve().parent
RELAY = int(IPv4Address("10.9.0.1"))
ROOM_MB = 24
needs_root = pytest.mark.skipif(os.geteuid() != 0 and not os.environ.get("CI"), reason="needs root")


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Product]:
    """A product with room for 60,000 clients."""
    made = Product(folder, **environment)
    try:
        made.sign_up()
        subnet = made.api("POST", "/subnets", json={"cidr": "10.9.0.0/16", "gateway": "10.9.0.1"})
        made.make_pool(int(subnet.json()["id"]), "10.9.1.0", "10.9.254.255")
        made.wait(made.live)
        yield made
    finally:
        made.stop()


def reasons(product: Product) -> dict[str, int]:
    rows = product.api("GET", "/workers").json()["items"]
    return dict(rows[0]["counters"]["reasons"]) if rows else {}


def check_stored(product: Product, arrivals: Arrivals) -> None:
    """Every client that was told an address has it in the database."""
    rows = product.everything("/leases?state=active&limit=1000")
    stored = {int(IPv4Address(row["ip"])): row["mac"] for row in rows}
    missing = [ip for ip, mac in arrivals.told.items() if stored.get(ip) != mac.hex(":")]
    assert missing == []


def tell(fault: str, arrivals: Arrivals, since: float, until: float) -> None:
    """Print the line that docs/faults.md quotes."""
    before, during = arrivals.delays_ms(0, since), arrivals.delays_ms(since, until)
    lost = sum(since <= came < until for came in arrivals.gave_up)
    print(
        f"{fault}: fault {until - since:.1f} s; DISCOVER to ACK before {before[0]:.0f}/{before[1]:.0f} ms, during "
        f"{during[0]:.0f}/{during[1]:.0f} ms (median/longest); gave up {lost}; first served "
        f"{arrivals.first_served_after(until) * 1000:.0f} ms after its end; told {len(arrivals.told)}, missing 0",
        file=sys.stderr,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@needs_root
def test_on_a_full_disk_nothing_is_promised_until_there_is_room(small_disk: Path) -> None:
    with serving(small_disk) as product, Arrivals(product, RELAY, rate=100) as arrivals:
        time.sleep(1)
        ballast, began = small_disk / "ballast", time.monotonic()
        fill(ballast)
        product.wait(lambda: len(arrivals.gave_up) > 100, 60)
        ballast.unlink()
        ended = time.monotonic()
        product.wait(lambda: arrivals.served_since(ended) > 50)
        counted = reasons(product)
        assert counted[Reason.DROP_DATABASE_AWAY] > 0
        tell("disk full", arrivals, began, ended)
    # The web server wrote nothing meanwhile, the worker all that it told.


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                continue


def test_a_locked_database_delays_and_then_silences_but_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as product:
        with Arrivals(product, RELAY) as arrivals:
            time.sleep(1)
            other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            time.sleep(8)
            other.execute("ROLLBACK")
            other.close()
            ended = time.monotonic()
            product.wait(lambda: arrivals.served_since(ended) > 20)
        tell("database locked", arrivals, began, ended)
        check_stored(product, arrivals)


def test_a_slow_fsync_delays_each_client_by_a_commit_or_two_and_refuses_none(tmp_path: Path) -> None:
    library = tmp_path / "slow_fsync.so"
    compiler = shutil.which("cc")
    if compiler is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("a slow fsync needs a C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, HERE / "slow_fsync.c", "-ldl"], check=True)
    with serving(tmp_path, LD_PRELOAD=str(library), SLOW_FSYNC_MS="100") as product:
        began = time.monotonic()
        with Arrivals(product, RELAY, rate=100) as arrivals:
            time.sleep(4)
            ended = time.monotonic()
            product.wait(lambda: arrivals.served_since(ended) > 20)
        assert arrivals.gave_up == []
        tell("fsync takes 100 ms more", arrivals, began, ended)
        check_stored(product, arrivals)


def test_a_flood_is_shed_and_service_is_there_when_it_ends(tmp_path: Path) -> None:
    with serving(tmp_path) as product:
        with Arrivals(product, RELAY) as arrivals:
            time.sleep(1)
            began = time.monotonic()
            sent = flood(product.dhcp_port, seconds=5)
            ended = time.monotonic()
            product.wait(lambda: arrivals.served_since(ended) > 20)
        time.sleep(1.5)  # the worker has reported its counters
        taken = sum(count for reason, count in reasons(product).items() if reason.startswith("offered"))
        assert sent > taken
        print(f"flood: {sent} DISCOVERs sent, {taken} taken", file=sys.stderr)
        tell("flood", arrivals, began, ended)
        check_stored(product, arrivals)


def flood(port: int, seconds: float) -> int:
    """Send DISCOVERs of 2,000 clients as fast as one sender can."""
    packets = [discover("10.9.0.1", b"\x06\0\0\0" + n.to_bytes(2, "big")) for n in range(2000)]
    sent, end = 0, time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        while time.monotonic() < end:
            for packet in packets:
                udp.send(packet)
            sent += len(packets)
    return sent


def test_no_lease_ends_because_the_clock_was_set_ahead(tmp_path: Path) -> None:
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    if library is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("a jump of the clock needs faketime")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    faked = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_CACHE_DURATION": "1",
             "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    with serving(tmp_path, **faked) as product:
        with Arrivals(product, RELAY) as arrivals:
            product.wait(lambda: len(arrivals.answered) > 20)
            began = time.monotonic()
            offset.write_text("+30d")
            product.wait(lambda: "the clock jumped" in product.log.read_text())
            product.wait(lambda: arrivals.served_since(time.monotonic() - 1) > 5)
            ended = time.monotonic()
            product.wait(lambda: arrivals.served_since(ended) > 20)
        tell("clock set 30 days ahead", arrivals, began, ended)
        check_stored(product, arrivals)
        assert reasons(product).get(Reason.EXPIRED, 0) == 0

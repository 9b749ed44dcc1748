"""What does an open page cost the browser while clients come and go, and how soon is a packet a row? A line a page.

    python -m tests.perf.browser [--rate 1000] [--seconds 20]

The product runs as it is shipped, on SQLite and loopback; new clients come at the rate from a process of their own.
The CPU is that of all processes of Chromium, which draws without a graphics card; the delay is from the ACK at the
client to the row in the document, of every address that the lease table showed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from app.simulate import Simulation
from tests.app.browser.conftest import FLAGS, sign_in
from tests.builders import Product
from tests.perf.lab import family, own_cpu_s
from tests.perf.serving import rank, steadiness

SETTLE_S: Final = 3.0
TAIL_S: Final = 2.0
RELAY: Final = 0x0A100001
TARGET_SHARE: Final = 0.30
TARGET_MS: Final = 500.0
PAGES: Final = ("/", "/leases", "/subnets", "/subnets/1", "/server")
_WATCH: Final = """() => {
  window.seen = {};
  const look = (rows) => { for (const row of rows) window.seen[row.dataset.ip] ??= Date.now(); };
  look(document.querySelectorAll("tr[data-ip]"));
  new MutationObserver((all) => {
    for (const one of all) look([...one.addedNodes].filter((node) => node.dataset?.ip));
  }).observe(document.body, { childList: true, subtree: true });
}"""


class Stamped(dict[bytes, int]):
    """The leases of a simulation, and when each ACK came, in seconds since 1970, by address."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[int, float] = {}

    def __setitem__(self, mac: bytes, ip: int) -> None:
        self.at[ip] = time.time()
        super().__setitem__(mac, ip)


def clients(port: int, count: int, rate: float) -> None:
    """Let clients come; print when each was answered as JSON."""
    simulation = Simulation(RELAY, port, count, rate)
    stamped = simulation.outcome.leases = Stamped()
    simulation.run(lambda done: None)
    json.dump(stamped.at, sys.stdout)


def chromium() -> list[int]:
    """Return the processes of the browser that descend from this one."""
    names = {pid: Path(f"/proc/{pid}/comm") for pid in family(os.getpid())}
    return [pid for pid, name in names.items() if name.exists() and name.read_text().startswith("chrom")]


def spent_s() -> float:
    """Return the CPU seconds of the browser so far."""
    return sum(own_cpu_s(pid) for pid in chromium())


def watch(page: Page, product: Product, path: str, rate: float, seconds: float) -> bool:
    """Print what a page cost while clients came, and how late its rows were; tell whether both targets are met."""
    page.goto(path)
    page.evaluate(_WATCH)
    time.sleep(SETTLE_S)
    command = [sys.executable, "-m", "tests.perf.browser", "--clients", str(product.dhcp_port),
               "--rate", str(rate), "--seconds", str(SETTLE_S + seconds + TAIL_S)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        page.wait_for_timeout(SETTLE_S * 1000)
        cpu, began = spent_s(), time.monotonic()
        page.wait_for_timeout(seconds * 1000)
        share = (spent_s() - cpu) / (time.monotonic() - began)
        until = time.time()
        page.wait_for_timeout(TAIL_S * 1000)
        seen: dict[str, float] = page.evaluate("window.seen")
        answered = {str(IPv4Address(int(ip))): at for ip, at in json.loads(asking.communicate()[0]).items()}
    answered = {ip: at for ip, at in answered.items() if at < until}
    late = [seen[ip] - at * 1000 for ip, at in answered.items() if ip in seen]
    came = len(answered) / (until - min(answered.values()))
    told = f"{path:14} {100 * share:5.1f} % of a core, {came:6.0f} exchanges/s"
    if late:
        told += f"; {len(late)} rows, p50 {rank(late, 0.5):4.0f} ms, p99 {rank(late, 0.99):4.0f} ms after the ACK"
    met = share <= TARGET_SHARE and (not late or rank(late, 0.99) <= TARGET_MS)
    sys.stdout.write(told + ("" if met else "  MISSED") + "\n")
    sys.stdout.flush()
    return met


def measure(rate: float, seconds: float) -> bool:
    """Measure each page; tell whether all met the targets."""
    sys.stdout.write(f"this machine: {steadiness()}\n")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        product = Product(Path(folder))
        try:
            product.sign_up()
            made = product.api("POST", "/subnets", json={"cidr": "10.16.0.0/12", "gateway": "10.16.0.1"})
            product.make_pool(made.json()["id"], "10.16.0.10", "10.31.255.0")
            product.wait(product.live)
            started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = started.new_context(base_url=product.url, viewport={"width": 1440, "height": 900}).new_page()
            sign_in(page)
            met = [watch(page, product, path, rate, seconds) for path in PAGES]
            return all(met)
        finally:
            product.stop()


def main() -> int:
    """Measure; return 1 when a page misses a target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=0, metavar="PORT", help="be the clients of a worker")
    given = parser.parse_args()
    if given.clients:
        clients(given.clients, int(given.rate * given.seconds), given.rate)
        return 0
    return 0 if measure(given.rate, given.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())

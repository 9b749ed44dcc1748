"""Where does a measurement happen? Two network namespaces joined by a veth pair, on this machine alone.

clients 10.255.0.1/8 (c0) ---------- (s0) 10.0.0.1/8 server
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

SERVER: Final = "10.0.0.1"
CLIENTS: Final = "10.255.0.1"
NETWORK: Final = "10.0.0.0/8"
POOL: Final = ("10.1.0.0", "10.31.255.255")
"""2,031,616 addresses: no probe runs a pool dry."""
SMALL_POOL: Final = ("10.1.0.0", "10.4.255.255")
"""262,144 addresses, for a server that fills memory and a list per address."""
SERVER_LINK: Final = "s0"
CLIENT_LINK: Final = "c0"
_TICKS_S: Final = os.sysconf("SC_CLK_TCK")


def run(*words: str) -> str:
    """Run a command to its end and return what it printed; raises CalledProcessError."""
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout


def wait(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return when the condition holds; raises TimeoutError with `what` in it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Daemon:
    """A server process that can say what it has cost."""

    def __init__(self, line: list[str], folder: Path, name: str, env: dict[str, str] | None = None) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                line, stdout=log, stderr=log, env={**os.environ, **(env or {})}, start_new_session=True, cwd="/"
            )
        self.pid = self._child.pid  # `ip netns exec` replaces itself, so this is the server

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._child.poll() is None

    def stop(self) -> None:
        """End it, in the end by SIGKILL."""
        if self.alive():
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(10)


class Lab:
    """The two namespaces; `close` takes them away again."""

    def __init__(self) -> None:
        self.server, self.clients = f"lbp{os.getpid()}s", f"lbp{os.getpid()}c"
        for space in (self.server, self.clients):
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", self.server, "link", "add", SERVER_LINK, "type", "veth",
            "peer", "name", CLIENT_LINK, "netns", self.clients)  # fmt: skip
        for space, link, address in (
            (self.server, SERVER_LINK, SERVER),
            (self.clients, CLIENT_LINK, CLIENTS),
        ):
            run("ip", "-n", space, "addr", "add", f"{address}/8", "dev", link)
            run("ip", "-n", space, "link", "set", link, "up")

    def on_server(self, *words: str) -> list[str]:
        """Return the command line that runs `words` beside the server."""
        return ["ip", "netns", "exec", self.server, *words]

    def on_clients(self, *words: str) -> list[str]:
        """Return the command line that runs `words` beside the clients."""
        return ["ip", "netns", "exec", self.clients, *words]

    def close(self) -> None:
        """Delete both namespaces; what still ran there has been stopped before."""
        for space in (self.server, self.clients):
            run("ip", "netns", "del", space)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, its threads and its children, those that ended included."""
    return sum(_spent_s(member, children=True) for member in family(pid))


def own_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its threads alone."""
    return _spent_s(pid, children=False)


def _spent_s(pid: int, *, children: bool) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it ended since; its parent counts it
    return sum(int(field) for field in fields[11 : 15 if children else 13]) / _TICKS_S  # utime, stime; children's


def memory_bytes(pid: int) -> int:
    """Return the proportional set size of a process and its children: shared pages are counted once."""
    total = 0
    for member in family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    return total


def family(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(member for child in text.split() for member in family(int(child)))]

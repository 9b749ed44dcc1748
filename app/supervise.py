"""How is the worker kept running beside the web server?"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

FIRST_DELAY_S: Final = 0.2
LONGEST_DELAY_S: Final = 30.0
HEALTHY_S: Final = 10.0
STOP_S: Final = 10.0


@contextmanager
def running(supervisors: "Sequence[Supervisor]") -> Iterator[None]:
    """Keep the workers running while the body does, and stop them all at its end."""
    for supervisor in supervisors:
        supervisor.start()
    try:
        yield
    finally:
        for supervisor in supervisors:
            supervisor.ask_to_stop()
        for supervisor in supervisors:
            supervisor.stop()


def wait_for_signal() -> None:
    """Return when the process is asked to end (SIGTERM, SIGINT)."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


class Supervisor:
    """Runs `python -m dhcpd` as a child and starts it again, with back-off, when it ends."""

    def __init__(self, arguments: list[str]) -> None:
        self._command = [sys.executable, "-m", "dhcpd", "--supervised", *arguments]
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the child and watch over it."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Ask the child to stop, without waiting."""
        self._stop.set()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def stop(self) -> None:
        """Stop the child: politely, then for good."""
        self.ask_to_stop()
        child = self._child
        if child is not None and child.poll() is None:
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        delay = FIRST_DELAY_S
        while not self._stop.is_set():
            began = time.monotonic()
            self._child = subprocess.Popen(self._command)
            if self._stop.is_set():
                self._child.terminate()
            code = self._child.wait()
            if self._stop.is_set():
                return
            delay = FIRST_DELAY_S if time.monotonic() - began > HEALTHY_S else min(delay * 2, LONGEST_DELAY_S)
            print(f"The DHCP worker ended with {code}; starting it again in {delay:.1f} s.", file=sys.stderr)
            self._stop.wait(delay)

"""How are clients simulated, and what became of them?"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from tests.perf.lab import CLIENTS, SERVER, Lab
from tests.perf.servers import ROOT

MAX_DROPS: Final = 0.01
SENT_SHARE: Final = 0.96
"""A generator that sends less than this share of what it was asked to has reached its own limit."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a load: exchanges begun and completed; delays in ms, None where the generator has none."""

    asked_rate: float
    seconds: float
    begun: int
    completed: int
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None

    @property
    def rate(self) -> float:
        """Completed exchanges a second."""
        return self.completed / self.seconds

    @property
    def drops(self) -> float:
        """The share of exchanges begun that were not completed."""
        return 1 - self.completed / self.begun if self.begun else 1.0

    @property
    def limited(self) -> bool:
        """Tell whether the generator, not the server, was the limit."""
        return self.begun < SENT_SHARE * self.asked_rate * self.seconds

    @property
    def passed(self) -> bool:
        """Tell whether the server kept up."""
        return self.drops < MAX_DROPS and not self.limited


class Clients:
    """Every run uses clients that no run before it has used."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._runs = 0

    def perfdhcp(self, rate: float, seconds: float) -> Sample:
        """Run relayed new clients: DISCOVER, OFFER, REQUEST, ACK."""
        self._runs += 1
        words = ["perfdhcp", "-4", "-l", CLIENTS, "-r", str(int(rate)), "-R", "16000000", "-p", f"{seconds:.0f}",
                 "-W", "100000", "-b", f"mac=02:00:{self._runs:02x}:00:00:00", SERVER]  # fmt: skip
        done = subprocess.run(
            self._lab.on_clients(*words), capture_output=True, text=True, timeout=seconds + 60, check=False
        )
        return _parse_perfdhcp(done.stdout + done.stderr, rate, seconds)

    def generator(
        self, mode: str, rate: float, seconds: float, *, clients: int = 0, lease_rate: float = 1000
    ) -> Sample:
        """Run the generator of ours: `relay` and `link` are new clients, `renew` ones that have a lease.

        The `clients` that renew get their leases at `lease_rate` before the measurement.
        """
        self._runs += 1
        words = [sys.executable, "-m", "tests.perf.generator", mode, f"--rate={rate}", f"--seconds={seconds}",
                 f"--clients={clients}", f"--lease-rate={lease_rate}", f"--run={self._runs}"]  # fmt: skip
        line = self._lab.on_clients("env", f"PYTHONPATH={ROOT}", *words)
        done = subprocess.run(line, capture_output=True, text=True, timeout=seconds + 240, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return Sample(**json.loads(done.stdout))


def _parse_perfdhcp(text: str, rate: float, seconds: float) -> Sample:
    """Read the final report: DISCOVERs sent are exchanges begun, ACKs received are exchanges completed."""
    sent = [int(n) for n in re.findall(r"^sent packets: (\d+)", text, re.M)]
    received = [int(n) for n in re.findall(r"^received packets: (\d+)", text, re.M)]
    if len(sent) < 2 or len(received) < 2:
        raise RuntimeError(f"perfdhcp said:\n{text[-2000:]}")
    return Sample(rate, seconds, sent[0], received[1])

"""How much does one server take, and what does it cost?"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.perf.lab import Lab
from tests.perf.load import Clients, Sample
from tests.perf.servers import Running, Server

PROBE_S: Final = 3.0
SLOW_PROBE_S: Final = 5.0
SLOW_RATE: Final = 500
PRECISION: Final = 1.06
"""The bisection ends when the lowest failed rate is this close to the highest passed one."""
GROWTH: Final = 1.7
LOWEST_RATE: Final = 2.0
CALM_RATE: Final = 1000.0
CPU_RATE: Final = 5000.0
LEASED: Final = 1000
BUDGETS_S: Final = {"new": 40.0, "light": 40.0, "renew": 30.0, "link": 25.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """The highest rate (exchanges a second) at under 1 % drops; at_least = the generator gave up first."""

    value: float
    at_least: bool = False


@dataclass(slots=True)
class Result:
    """What was found for one server; None = not measured. CPU in us an exchange, delays in ms.

    light: new clients as in `new`, by a generator that costs 35 us an exchange where perfdhcp costs 100.
    """

    key: str
    name: str
    durable: str
    peer: bool
    new: Rate | None = None
    light: Rate | None = None
    renew: Rate | None = None
    link: Rate | None = None
    cpu_us: float | None = None
    database_cpu_us: float | None = None
    cpu_rate: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float | None = None
    problem: str = ""

    def row(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def say(text: str) -> None:
    """Tell what happens, at once."""
    print(text, file=sys.stderr, flush=True)


def highest(probe: Callable[[float], Sample], first: float, budget_s: float) -> Rate:
    """Find the highest rate at under 1 % drops: up in large steps until one fails, then bisection."""
    best, failed, limited = 0.0, 0.0, False
    rate, end = first, time.monotonic() + budget_s
    while time.monotonic() < end and rate >= LOWEST_RATE and (not failed or failed > best * PRECISION):
        sample = probe(rate)
        say(f"    asked {rate:8.0f}/s  got {sample.rate:8.0f}/s  drops {sample.drops:6.2%}"
            + ("  (the generator is at its limit)" if sample.limited else ""))  # fmt: skip
        if sample.passed:
            best = max(best, sample.rate)
        else:
            failed, limited = rate, sample.limited and sample.drops < 0.01
        rate = (best * failed) ** 0.5 if best and failed else best * GROWTH if best else rate / 3
    return Rate(round(best), at_least=limited)


class Measurement:
    """One server from its start to its end."""

    def __init__(self, lab: Lab, clients: Clients, server: Server, parts: set[str], speed: float) -> None:
        self._lab, self._clients, self._server = lab, clients, server
        self._parts, self._speed = parts, speed
        self.result = Result(server.key, server.name, server.durable, server.peer)

    def run(self) -> Result:
        """Measure the parts asked for; a problem is noted in the result, not raised."""
        missing = self._server.missing()
        if missing:
            self.result.problem = f"{missing} is not installed"
            return self.result
        say(f"{self._server.name}")
        with tempfile.TemporaryDirectory(prefix="leaseboard-perf-", dir="/tmp") as folder:
            try:
                running = self._server.start(self._lab, Path(folder))
                try:
                    self._measure(running)
                finally:
                    running.stop()
            except Exception as error:  # one server's trouble must not cost the others' results
                self.result.problem = " ".join(f"{type(error).__name__}: {error}"[:300].split())
                say(f"  {self.result.problem}")
        return self.result

    def _measure(self, running: Running) -> None:
        result, first = self.result, self._server.first_rate
        if "delay" in self._parts:
            calm = self._clients.generator("relay", min(CALM_RATE, first / 2), PROBE_S)
            result.p50_ms, result.p99_ms = calm.p50_ms, calm.p99_ms
        if "new" in self._parts:
            say("  new clients behind a relay (perfdhcp)")
            result.new = highest(self._perfdhcp, first, self._budget("new"))
        if "light" in self._parts:
            say("  new clients behind a relay (light generator)")
            result.light = highest(lambda rate: self._probe("relay", rate), first, self._budget("light"))
        known = result.new.value if result.new else first
        if known < LOWEST_RATE:
            result.problem = f"fewer than {LOWEST_RATE:.0f} exchanges a second"
            return
        if "cpu" in self._parts:
            self._measure_cpu(running, min(CPU_RATE, known * 0.7))
        if "renew" in self._parts:
            say("  renewals behind a relay")
            result.renew = highest(lambda rate: self._renew(rate, known), known, self._budget("renew"))
        if "link" in self._parts:
            say("  new clients on the link, raw frames")
            result.link = highest(lambda rate: self._probe("link", rate), known * 0.8, self._budget("link"))
        result.memory_mb = running.memory_bytes() / 1e6

    def _budget(self, part: str) -> float:
        return BUDGETS_S[part] * self._speed * (0.6 if self._server.first_rate < SLOW_RATE else 1)

    def _perfdhcp(self, rate: float) -> Sample:
        return self._clients.perfdhcp(rate, PROBE_S if rate > SLOW_RATE else SLOW_PROBE_S)

    def _probe(self, mode: str, rate: float) -> Sample:
        return self._clients.generator(mode, rate, PROBE_S if rate > SLOW_RATE else SLOW_PROBE_S)

    def _renew(self, rate: float, known: float) -> Sample:
        clients = int(max(10, min(LEASED, known)))
        return self._clients.generator("renew", rate, PROBE_S, clients=clients, lease_rate=known / 2)

    def _measure_cpu(self, running: Running, rate: float) -> None:
        before = running.cpu_s()
        sample = self._clients.perfdhcp(rate, 5)
        after = running.cpu_s()
        if sample.completed:
            own, database = ((b - a) / sample.completed * 1e6 for a, b in zip(before, after, strict=True))
            self.result.cpu_us, self.result.cpu_rate = own, rate
            self.result.database_cpu_us = database if running.database is not None else None
            say(f"  CPU at {rate:.0f}/s: {own:.1f} us, database {database:.1f} us")

"""What waits: packets for the answer to a probe, replies for their time. Both queues are bounded."""

import time
from heapq import heappop, heappush
from typing import Final, NamedTuple

from dhcpd.adapters.probe import Answer, Prober
from dhcpd.adapters.udp import Port, Ports
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision
from dhcpd.engine.probing import Probe

MAX_DELAYED: Final = 1024
"""Replies held back at one time; with more of them the next leave at once."""


class Parked(NamedTuple):
    """A datagram that is decided again when its probe has ended."""

    port: Port
    data: bytes
    ingress: Ingress


class Waiting:
    """Parks and gives back; `active` is False, and nothing is asked of it, while no subnet needs it."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._prober = Prober()
        self._watched = 0
        self._parked: dict[int, Parked] = {}
        self._unasked: list[Answer] = []
        self._delayed: list[tuple[float, int, Port, Decision]] = []
        self._sequence = 0
        self.active = False

    def probe(self, probe: Probe, parked: Parked) -> None:
        """Ask, and keep the client's newest datagram until the answer."""
        self.active = True
        self._parked[probe.ip] = parked
        if not self._prober.ask(probe, parked.port.interface.mac):
            self._unasked.append(Answer(probe.ip, None))
        for raw in self._prober.opened[self._watched :]:
            self._ports.watch(raw.fileno())
        self._watched = len(self._prober.opened)

    def delay(self, port: Port, decision: Decision) -> bool:
        """Hold a reply back; False when too many are held back already."""
        if len(self._delayed) >= MAX_DELAYED:
            return False
        self.active = True
        self._sequence += 1
        heappush(self._delayed, (time.monotonic() + decision.delay_ms / 1000, self._sequence, port, decision))
        return True

    def answers(self) -> list[tuple[Answer, Parked]]:
        """Return the probes that ended, each with the datagram that waits for it."""
        ended = [*self._unasked, *self._prober.answers()]
        self._unasked.clear()
        return [(answer, self._parked.pop(answer.ip)) for answer in ended if answer.ip in self._parked]

    def due(self) -> list[tuple[Port, Decision]]:
        """Return the replies whose time has come."""
        found, moment = [], time.monotonic()
        while self._delayed and self._delayed[0][0] <= moment:
            _, _, port, decision = heappop(self._delayed)
            found.append((port, decision))
        return found

    def wait_s(self) -> float:
        """Return how long nothing has to be done here."""
        if self._unasked:
            return 0.0
        waits = [wait for wait in (self._prober.wait_s(),) if wait is not None]
        if self._delayed:
            waits.append(max(0.0, self._delayed[0][0] - time.monotonic()))
        return min(waits, default=60.0)

    def use(self, interfaces: set[str]) -> None:
        """Let go of interfaces that are served no more."""
        for raw in self._prober.forget(interfaces):
            self._ports.unwatch(raw.fileno())
            raw.close()
        self._watched = len(self._prober.opened)

    def row(self) -> dict[str, int]:
        """Return the counters for the worker's row."""
        return {
            **{f"probes_{name}": count for name, count in self._prober.counters.items()},
            "probes_outstanding": self._prober.outstanding,
            "replies_delayed": len(self._delayed),
        }

    def close(self) -> None:
        """Close the sockets."""
        self._prober.close()

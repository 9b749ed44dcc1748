"""What does each step of an exchange cost? CPU microseconds, the least of many rounds, no network needed.

decode    a message's octets -> Packet
decide    Packet -> Decision, applied to the table; the reply's octets are part of it
commit    leases, events and blocks of a batch -> disk
turn      all of it as the worker runs it, from socket to socket over loopback, DISCOVER and REQUEST together
"""

import gc
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.database import make_engine
from app.migrate import upgrade
from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.loader import load_snapshot
from dhcpd.adapters.store import Store
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import decide
from dhcpd.engine.leases import LeaseChange
from dhcpd.engine.table import Table
from dhcpd.protocol.packet import Packet, decode
from dhcpd.worker import Worker
from tests.perf import plan
from tests.perf.generator import message
from tests.perf.lab import POOL, SERVER

ROUNDS: Final = 60
BATCH: Final = 100
NOW: Final = 1_800_000_000
_RELAY: Final = "10.255.0.1"
_SERVER_IP: Final = int.from_bytes(socket.inet_aton(SERVER), "big")
_XID, _CIADDR, _YIADDR, _CHADDR, _REQUESTED = 4, 12, 16, 28, 251


@dataclass(slots=True)
class Costs:
    """The least CPU seconds of each step for one batch."""

    steps: dict[str, float] = field(default_factory=dict)

    def measure(self, step: str, work: Callable[[], object]) -> None:
        """Run the work once and keep its time if it was the quickest yet."""
        began = time.process_time()
        work()
        took = time.process_time() - began
        self.steps[step] = min(took, self.steps.get(step, took))

    def microseconds(self) -> dict[str, float]:
        """Return the microseconds of each step for one message, or one lease, or one exchange."""
        return {step: took / BATCH * 1e6 for step, took in self.steps.items()}


def discover(number: int, giaddr: str) -> bytes:
    """Return the DISCOVER of client `number`, as a relay passes it on."""
    data = message(b"\1", socket.inet_aton(giaddr), b"")
    data[_XID : _XID + 4] = data[_CHADDR + 2 : _CHADDR + 6] = number.to_bytes(4, "big")
    data[_CHADDR] = 2
    return bytes(data)


def request(offer: bytes, giaddr: str, *, server_id: bytes) -> bytes:
    """Return the REQUEST that answers an OFFER."""
    data = message(b"\3", socket.inet_aton(giaddr), b"\x36\x04" + server_id + b"\x32\x04" + bytes(4))
    data[_XID : _XID + 4] = offer[_XID : _XID + 4]
    data[_CHADDR : _CHADDR + 6] = offer[_CHADDR : _CHADDR + 6]
    data[_REQUESTED : _REQUESTED + 4] = offer[_YIADDR : _YIADDR + 4]
    return bytes(data)


def renewal(ack: bytes, giaddr: str) -> bytes:
    """Return the REQUEST by which the receiver of an ACK renews."""
    data = message(b"\3", socket.inet_aton(giaddr), b"")
    data[_CIADDR : _CIADDR + 4] = ack[_YIADDR : _YIADDR + 4]
    data[_CHADDR : _CHADDR + 6] = ack[_CHADDR : _CHADDR + 6]
    return bytes(data)


def engine_costs(engine: Engine, rounds: int = ROUNDS) -> dict[str, float]:
    """Measure decode, decide and commit on a migrated database with the benchmark's subnet."""
    costs, store, table = Costs(), Store(engine, "bench"), Table()
    snapshot = load_snapshot(engine, [Interface("s0", 1, bytes(6), (_SERVER_IP,))])
    table.use(snapshot)
    ingress = Ingress(
        "s0", _SERVER_IP, int.from_bytes(socket.inet_aton(_RELAY), "big"), 67, frozenset((_SERVER_IP,))
    )

    def step(name: str, messages: list[bytes]) -> tuple[list[bytes], list[LeaseChange]]:
        packets: list[Packet] = []
        replies: list[bytes] = []
        changes: list[LeaseChange] = []

        def decide_all() -> None:
            for packet in packets:
                decision = decide(packet, ingress, snapshot, table, now=NOW)
                table.apply(decision.changes)
                changes.extend(c for c in decision.changes if type(c) is LeaseChange)
                replies.append(decision.reply or b"")

        costs.measure(f"decode {name}", lambda: packets.extend(map(decode, messages)))
        costs.measure(f"decide {name}", decide_all)
        if changes:
            costs.measure(f"commit {name}", lambda: store.commit(changes, now=NOW))
        return replies, changes

    for number in range(rounds):
        clients = range(number * BATCH, (number + 1) * BATCH)
        offers, _ = step("DISCOVER", [discover(n, _RELAY) for n in clients])
        acks, _ = step("REQUEST", [request(o, _RELAY, server_id=socket.inet_aton(SERVER)) for o in offers])
        step("renewal", [renewal(ack, _RELAY) for ack in acks])
    return costs.microseconds()


class Turn:
    """A worker on loopback whose turns are run one by one."""

    def __init__(self, engine: Engine) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._worker = Worker(engine, "bench", ["lo"], port)
        self._worker.open()
        self._worker.start()
        self._relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self._relay.settimeout(2)
        self._relay.connect(("127.0.0.1", port))

    def serve(self, messages: list[bytes], costs: Costs, step: str, *, turns: int = 2) -> list[bytes]:
        """Queue the messages, let the worker take its turns, return the replies.

        What binds an address is answered in the turn after its commit.
        """
        for data in messages:
            self._relay.send(data)

        def turn() -> None:
            for _ in range(turns):
                self._worker.turn()

        costs.measure(step, turn)
        return [self._relay.recv(2048) for _ in messages]

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
        self._relay.close()


def turn_costs(engine: Engine, rounds: int = ROUNDS) -> dict[str, float]:
    """Measure whole turns."""
    costs, turn = Costs(), Turn(engine)
    gc.collect()
    try:
        for number in range(rounds):
            clients = range(1 << 20 | number * BATCH, 1 << 20 | (number + 1) * BATCH)
            offers = turn.serve([discover(n, _RELAY) for n in clients], costs, "turn DISCOVER", turns=1)
            found = [request(o, _RELAY, server_id=bytes((127, 0, 0, 1))) for o in offers]
            acks = turn.serve(found, costs, "turn REQUEST")
            turn.serve([renewal(ack, _RELAY) for ack in acks], costs, "turn renewal")
    finally:
        turn.close()
    return costs.microseconds()


def run(url: str | None = None) -> dict[str, float]:
    """Measure everything on SQLite in a folder of its own, or on the empty database at `url`."""
    with tempfile.TemporaryDirectory(prefix="leaseboard-perf-") as folder:
        engine = make_engine(url or f"sqlite:///{Path(folder)}/micro.db")
        try:
            upgrade(engine)
            plan.write_subnet(engine, POOL, 7200)
            return {**engine_costs(engine), **turn_costs(engine)}
        finally:
            engine.dispose()


if __name__ == "__main__":
    for step, cost in run().items():
        print(f"{step:18} {cost:6.2f} us")

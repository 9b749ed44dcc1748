"""How does the worker run? Receive, decide, commit, send; deadlines, reload, signals."""

import gc
import logging
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dhcpd.adapters.committer import Outcome
from dhcpd.adapters.interfaces import Interface, read_interfaces
from dhcpd.adapters.loader import load_snapshot
from dhcpd.adapters.shard import Shard
from dhcpd.adapters.store import Store
from dhcpd.adapters.udp import Port, Ports, may_bind_devices
from dhcpd.configuration import Compilation
from dhcpd.engine.balance import Balance, leaves_to_other
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision, decide
from dhcpd.engine.leases import LeaseChange
from dhcpd.engine.limits import Limiter, limiter_of
from dhcpd.engine.probing import on_answer, on_silence
from dhcpd.engine.reasons import REFUSALS, Reason
from dhcpd.engine.shed import shed
from dhcpd.engine.snapshot import Snapshot
from dhcpd.mirror import Mirror
from dhcpd.orders import Orders
from dhcpd.pace import Pace
from dhcpd.pipeline import Batch, Pipeline
from dhcpd.protocol.addresses import format_mac
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet, decode
from dhcpd.report import state, warnings
from dhcpd.samples import Sampler
from dhcpd.stats import Stats
from dhcpd.waiting import Parked, Waiting

log = logging.getLogger("dhcpd")
CONFIG_POLL_S: Final = 0.1
REPORT_S: Final = 1.0
INTERFACE_POLL_S: Final = 5.0
EXPIRE_LIMIT: Final = 1000
"""Leases expired in one batch, so that a mass expiry does not hold up clients."""
SWITCH_S: Final = 0.0005
"""How long the committer's thread may keep packets waiting; Python's default is 5 ms."""
QUEUE_LIMIT: Final = 1024
"""Packets answered in one turn, about 20 ms of work; what is queued beyond that is shed, see `shed`."""


class Worker:
    """One DHCP server process over one database."""

    def __init__(
        self, engine: Engine, name: str, interfaces: list[str], port: int, shard: Shard | None = None
    ) -> None:
        self._engine = engine
        self._store = Store(engine, name)
        self._shard = shard
        self._mirror = Mirror(engine, name, self._store, self._settle)
        self._balance: Balance | None = None
        self._away = False
        self._leads = True
        self._names = interfaces
        self._number = port
        self._device = may_bind_devices()
        self._ports = Ports()
        self._waiting = Waiting(self._ports)
        self._limiter: Limiter | None = None
        self._interfaces: list[Interface] = []
        self.snapshot = Snapshot(0, (), {}, {}, {}, {}, frozenset())
        self._compilation = Compilation(engine)
        self.stats = Stats()
        self._orders = Orders(engine, self._store, self._commit)
        self._pipeline = Pipeline(self._write, self._ports.wake, self._landed)
        self._pace = Pace()
        self._sampler = Sampler()
        self._started = datetime.now(UTC).replace(microsecond=0)
        self._next_poll = self._next_report = self._next_interfaces = 0.0
        self._running = True
        self._parent: int | None = None

    def now(self) -> int:
        """Return whole seconds UTC."""
        return self._mirror.clock.now()

    def stop(self) -> None:
        """Finish the present batch and return from `run`."""
        self._running = False
        self._ports.wake()

    def stop_without(self, parent: int) -> None:
        """Stop when this parent process is gone: a worker that nobody watches must not go on alone."""
        self._parent = parent

    def open(self) -> None:
        """Open the sockets; raises OSError when the port is taken or may not be used."""
        self._refresh_interfaces()

    def run(self) -> None:
        """Serve until `stop`; `open` comes first."""
        self.start()
        log.info("serving port %d on %s", self._number, ", ".join(i.name for i in self._interfaces) or "all")
        try:
            while self._running:
                self.turn()
        finally:
            self.close()

    def start(self) -> None:
        """Read configuration and leases; `turn` serves from then on."""
        self._use(load_snapshot(self._engine, self._interfaces))
        self._mirror.read()
        self._guard(self._mirror.check_blocks)
        self._report()
        # A packet leaves no cycles behind. Without this the collector walks over the whole table again and again.
        gc.freeze()
        gc.set_threshold(50_000, 50, 1000)
        sys.setswitchinterval(SWITCH_S)

    def turn(self) -> None:
        """Wait for packets or a moment that is due, and do what they call for."""
        pause_s = self._pace.pause_s(time.monotonic())
        if pause_s:
            time.sleep(pause_s)
        queue = self._ports.receive(self._timeout_s())
        self._pace.note(len(queue), time.monotonic())
        self._serve(queue if not self._waiting.active else queue + self._resume())
        self._pipeline.advance(self.now())
        self._run_timers()

    def close(self) -> None:
        """Finish what was begun and let go of everything."""
        self._pipeline.close(self.now())
        self._report()
        self._compilation.close()
        self._waiting.close()
        self._ports.close()

    def _timeout_s(self) -> float:
        if self._compilation.is_running:
            return 0.0
        due = self._pipeline.timeout_s()
        if due is not None:
            return due
        deadline = self._mirror.table.next_deadline()
        wait = self._next_poll - time.monotonic()
        if deadline is not None:
            wait = min(wait, deadline - self._mirror.clock.epoch - time.monotonic())
        if self._waiting.active:
            wait = min(wait, self._waiting.wait_s())
        return max(0.0, min(wait, CONFIG_POLL_S))

    # --- packets ---

    def _serve(self, queue: list[tuple[Port, bytes, Ingress]]) -> None:
        """Decide what was queued; answer at once what binds nothing, the rest when it is committed."""
        now, began, answers, table = self.now(), time.monotonic(), 0, self._mirror.table
        if not self._away:
            expired = table.expire(now, limit=EXPIRE_LIMIT)
            if expired:
                self._pipeline.add(expired)
        kept = shed(queue, QUEUE_LIMIT, itemgetter(1))
        if len(kept) < len(queue):
            self.stats.received += len(queue) - len(kept)
            self.stats.by_reason[Reason.DROP_OVERLOAD] += len(queue) - len(kept)
        for port, data, ingress in kept:
            decision = self._decide(data, ingress, now)
            table.apply(decision.changes)
            changes = [c for c in decision.changes if type(c) is LeaseChange]
            if changes:
                self._pipeline.add(changes, port, decision)
            elif decision.reply is not None:
                answers += 1
                if not decision.delay_ms or not self._waiting.delay(port, decision):
                    self._send(port, decision)
            elif decision.probe is not None:
                self._waiting.probe(decision.probe, Parked(port, data, ingress))
        if answers:
            self._sampler.served(time.monotonic() - began, answers, 0.0)

    def _resume(self) -> list[tuple[Port, bytes, Ingress]]:
        """Send what was held back; return the packets whose probe has ended, to be decided again."""
        for port, decision in self._waiting.due():
            self._send(port, decision)
        ended, now = self._waiting.answers(), self.now()
        for (ip, mac), _ in ended:
            if mac is None:
                self._mirror.table.apply(on_silence(ip, self._mirror.table, now=now))
            else:
                self._quarantine(ip, mac, now)
        self.stats.received -= len(ended)  # they were counted when they came in
        return [parked for _, parked in ended]

    def _quarantine(self, ip: int, mac: bytes, now: int) -> None:
        """Keep an address from everybody: a host that has no lease of it answered a probe."""
        changes = on_answer(ip, mac, self.snapshot, self._mirror.table, now=now)
        self._mirror.table.apply(changes)
        self._pipeline.add([c for c in changes if type(c) is LeaseChange])
        self.stats.by_reason[Reason.CONFLICT] += 1

    def _decide(self, data: bytes, ingress: Ingress, now: int) -> Decision:
        self.stats.received += 1
        try:
            packet = decode(data)
        except DecodeError as error:
            self.stats.by_reason[error.code] += 1
            return Decision(error.code)
        if self._away:
            decision = Decision(Reason.DROP_DATABASE_AWAY)
        elif self._balance is not None and leaves_to_other(packet, self._balance):
            decision = Decision(Reason.DROP_OTHER_HOST)
        elif (limited := self._limited(packet, ingress)) is not None:
            decision = Decision(limited)
        else:
            decision = self._decide_safely(packet, ingress, now)
        self.stats.by_reason[decision.reason] += 1
        if decision.reason in REFUSALS:
            self.stats.note_refusal(format_mac(packet.chaddr), decision.reason, ingress.interface, now)
        return decision

    def _decide_safely(self, packet: Packet, ingress: Ingress, now: int) -> Decision:
        """Decide; a fault of ours costs this one packet its answer, never the others' service."""
        try:
            return decide(packet, ingress, self.snapshot, self._mirror.table, now=now)
        except Exception:
            log.exception("a packet from %s could not be decided: %r", format_mac(packet.chaddr), packet)
            return Decision(Reason.DROP_OUR_FAULT)

    def _limited(self, packet: Packet, ingress: Ingress) -> Reason | None:
        if self._limiter is None:
            return None
        return self._limiter.refuses(packet, ingress.interface, time.monotonic())

    def _write(self, changes: Sequence[LeaseChange], now: int) -> set[int]:
        return self._store.commit(changes, now=now)

    def _landed(self, batch: Batch, outcome: Outcome) -> None:
        """Send what was committed; take back, newest first, what the database refused or lost."""
        refused = self._refused(batch, outcome)
        if refused:
            self._take_back(self._pipeline.filling, refused)  # what was built on it meanwhile
            self._take_back(batch, refused)
        for port, decision in batch.replies:
            self._send(port, decision)
        moment = time.monotonic()
        self._sampler.served(moment - batch.began, len(batch.replies), moment - batch.committing)
        if refused:
            self._mirror.doubt(refused)
            self._guard(self._catch_up)

    def _refused(self, batch: Batch, outcome: Outcome) -> set[int]:
        if isinstance(outcome, set):
            self.stats.commits += 1
            return outcome
        if not isinstance(outcome, SQLAlchemyError):
            raise outcome
        log.error("commit failed, %d clients stay unanswered: %s", len(batch.changes), outcome)
        self.stats.commit_failed += 1
        self._away = True
        return {change.after.ip for change in batch.changes}

    def _take_back(self, batch: Batch, refused: set[int]) -> None:
        before = len(batch.replies)
        for change in reversed(batch.remove(refused)):
            self._mirror.table.revert(change)
        self.stats.by_reason[Reason.DROP_NOT_COMMITTED] += before - len(batch.replies)

    def _commit(self, changes: Sequence[LeaseChange], now: int) -> set[int] | None:
        """Make an administrator's changes durable; return what was refused, None when nothing could be written."""
        if changes:
            self._pipeline.add(changes)
            self._pipeline.settle(now)
        if self._away:
            return None
        return {
            change.after.ip for change in changes if self._mirror.table.leases.get(change.after.ip) != change.after
        }

    def _catch_up(self) -> None:
        if not self._away:
            self._mirror.catch_up()

    def _settle(self) -> None:
        self._pipeline.settle(self.now())

    def _send(self, port: Port, decision: Decision) -> None:
        assert decision.reply is not None
        assert decision.destination is not None
        if port.send(decision.reply, decision.destination):
            self.stats.sent += 1
        else:
            self.stats.send_failed += 1

    # --- everything else ---

    def _run_timers(self) -> None:
        moment = time.monotonic()
        if self._parent is not None and os.getppid() != self._parent:
            self.stop()
        snapshot = self._compilation.advance()
        if snapshot is not None:
            self._use(snapshot)
            self._guard(self._report)
        if moment >= self._next_poll:
            self._next_poll = moment + CONFIG_POLL_S
            self._guard(self._poll)
        if moment >= self._next_interfaces:
            self._next_interfaces = moment + INTERFACE_POLL_S
            self._guard(self._refresh_interfaces)
        if moment >= self._next_report:
            self._next_report = moment + REPORT_S
            self._guard(self._report)

    def _guard(self, work: object) -> None:
        """Run a timer's work; a database that is away must not stop service of what is known."""
        assert callable(work)
        try:
            work()
        except (SQLAlchemyError, OSError) as error:
            self._away = self._away or isinstance(error, SQLAlchemyError)
            log.warning("%s: %s", getattr(work, "__name__", "timer"), error)

    def _poll(self) -> None:
        self._settle()
        news = self._store.news()
        if not self._compilation.is_running and news.revision != self.snapshot.revision:
            self._compilation.begin(self._interfaces)
        self._mirror.learn(news.event)
        if self._leads and news.commanded:
            self._orders.obey(
                self._mirror.table, self.snapshot, now=self.now(), loading=self._compilation.is_running
            )

    def _use(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._limiter = limiter_of(snapshot)
        self._mirror.table.use(snapshot)

    def _refresh_interfaces(self) -> None:
        """Open sockets for interfaces that came or changed, close those that went."""
        found = read_interfaces(self._names) if self._device else [_ANY]
        if found == self._interfaces:
            return
        self._ports.serve(found, self._number, device=self._device, shard=self._shard)
        self._waiting.use({i.name for i in found})
        self._interfaces = found
        if self._next_report:
            self._compilation.begin(found)

    def _report(self) -> None:
        self._settle()
        self._store.report(
            {
                "pid": os.getpid(),
                "started_at": self._started,
                "revision_applied": self.snapshot.revision,
                "apply_ms": self._compilation.took_ms,
                "interfaces": [i.name for i in self._interfaces],
                "warnings": warnings(self._interfaces, self._number, device=self._device),
                "counters": {
                    **self.stats.row(),
                    **state(self._mirror.table, self.snapshot, self._interfaces, now=self.now()),
                    "waiting": self._waiting.row(),
                },
            },
            self._sampler.take(self.stats),
        )
        self._away = False  # it could be written
        self._mirror.catch_up()
        rank, _, self._balance = self._mirror.meet()
        self._leads = rank == 0
        jump_s = self._mirror.clock.follow()
        if jump_s:
            log.warning("the clock jumped %d s ahead: every lease runs for as much longer", jump_s)
            self._mirror.table.postpone(jump_s)


_ANY = Interface("any", 0, b"", ())

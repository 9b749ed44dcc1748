"""Does any history of clients, relays, clocks, failures, restarts and configurations break a promise?

The worker's loop (decide a batch, apply, commit, revert what was lost, answer) around the real engine and a real
SQLite file, without sockets. What must hold after every step stands below, as invariants and checks of each answer.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.database import make_engine
from app.migrate import upgrade
from dhcpd.adapters.store import Store
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision, decide
from dhcpd.engine.leases import ACTIVE, DECLINED, NEVER, LeaseChange, Unhold
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode

SERVER = 0x0A000001
WIRED, ROUTED, SECOND = 0x0A000064, 0x0A010064, 0x0A020064
RELAY = 0x0A010001
SIZE = 4
"""Addresses of each of the three pools: few, so that every one has many owners in a short history."""
EXAMPLES, STEPS = 40, 40


@dataclass(frozen=True)
class Host:
    """A client: on the wire (giaddr 0) or behind the relay, with or without an identifier."""

    number: int
    client_id: bytes
    giaddr: int

    @property
    def mac(self) -> bytes:
        return bytes((2, 0, 0, 0, 0, self.number))

    @property
    def link(self) -> int:
        return 2 if self.giaddr else 1


HOSTS = [Host(n, b"\xff" + bytes((n,)) if n % 3 == 0 else b"", RELAY if n > 6 else 0) for n in range(1, 11)]
HOST = st.sampled_from(HOSTS)
ADDRESS = st.sampled_from([start + offset for start in (WIRED, ROUTED, SECOND) for offset in range(SIZE + 1)])


@dataclass
class Plan:
    """What the configuration says."""

    size: int = SIZE
    reserved: dict[int, int | None] = field(default_factory=dict)
    blocked: frozenset[int] = frozenset()
    hold_s: int = 60
    lease_s: int = 100
    authoritative: bool = True
    rapid: bool = False

    def snapshot(self) -> Snapshot:
        """Return it compiled: two subnets share the wire, one lies behind the relay."""
        scope = Scope({1: b"\xff\xff\xff\0"})
        subnets, keys, by_ip = [], {}, {}
        for number, (start, link) in enumerate(((WIRED, 1), (ROUTED, 2), (SECOND, 1)), 1):
            pools = (Pool(number, number, start, start + self.size - 1, scope),)
            first = start & ~0xFF
            made = Subnet(number, first, first | 0xFF, link, scope, pools, self.lease_s, 10, 200,
                          authoritative=self.authoritative, rapid_commit=self.rapid)  # fmt: skip
            subnets.append(made)
        for number, ip in self.reserved.items():
            host = HOSTS[number - 1]
            subnet = 2 if host.giaddr else 1
            reservation = Reservation(number, subnet, ip, "", scope)
            keys[subnet, "mac", host.mac] = reservation
            if ip is not None:
                by_ip[ip] = reservation
        return Snapshot(1, tuple(subnets), {"eth0": 1}, {}, keys, by_ip, self.blocked, self.hold_s, 500)


class History(RuleBasedStateMachine):
    """`promised`: to whom an address was acknowledged, until when. `offered`: the same for offers."""

    engine: ClassVar[Engine]
    store: ClassVar[Store]

    def __init__(self) -> None:
        super().__init__()
        with self.engine.begin() as connection:
            for table in ("leases", "lease_events", "lease_blocks", "failing"):
                connection.execute(text(f"DELETE FROM {table}"))
        self.now = 1_800_000_000
        self.table = Table()
        self.plan = Plan()
        self.promised: dict[int, tuple[Host, int]] = {}
        self.offered: dict[int, tuple[Host, int]] = {}
        self.offer_of: dict[Host, int] = {}
        self.declined: set[int] = set()
        self.batch: list[tuple[Host, Packet, Decision]] = []
        self.table.use(self.plan.snapshot())

    # --- the worker's loop ---

    def hear(self, host: Host, kind: int, *, ciaddr: int = 0, direct: bool = False, **options: bytes) -> None:
        """Decide a message as part of the present batch; direct: by unicast, past the relay."""
        if not self.batch:
            self.commit(self.table.expire(self.now, limit=1000))
        sent = {53: bytes((kind,)), **{int(code[1:]): value for code, value in options.items()}}
        if host.client_id:
            sent[61] = host.client_id
        giaddr = 0 if direct else host.giaddr
        if giaddr:
            sent[82] = b"\x01\x01" + bytes((host.number,))
        packet = Packet(chaddr=host.mac, options=sent, ciaddr=ciaddr, giaddr=giaddr)
        ingress = Ingress("eth0", SERVER, ciaddr, 68, frozenset({SERVER}))
        decision = decide(packet, ingress, self.table.snapshot, self.table, now=self.now)
        if decision.reason == Reason.DROP_POOL_EXHAUSTED:
            self.check_exhausted(host)
        self.table.apply(decision.changes)
        taken = {c.after.ip for c in decision.changes if type(c) is LeaseChange and c.after.state == ACTIVE}
        if taken or any(type(c) is Unhold for c in decision.changes):  # what else it was offered, it left
            self.offered = {ip: kept for ip, kept in self.offered.items() if kept[0] != host or ip in taken}
        self.batch.append((host, packet, decision))

    def finish(self, *, fails: bool = False) -> None:
        """Commit the batch and send what was committed."""
        batch, self.batch = self.batch, []
        changes = [c for _, _, decision in batch for c in decision.changes if type(c) is LeaseChange]
        refused = self.commit(changes, fails=fails)
        for host, packet, decision in batch:
            lost = any(c.after.ip in refused for c in decision.changes if type(c) is LeaseChange)
            if not lost and decision.reply is not None:
                self.receive(host, packet, decode(decision.reply))

    def commit(self, changes: list[LeaseChange], *, fails: bool = False) -> set[int]:
        if not changes:
            return set()
        if fails:
            self.database("INSERT INTO failing VALUES (1)")
        try:
            self.store.commit(changes, now=self.now)
        except SQLAlchemyError:
            assert fails, "the database refused what it should take"
            for change in reversed(changes):
                self.table.revert(change)
            return {change.after.ip for change in changes}
        finally:
            if fails:
                self.database("DELETE FROM failing")
        assert not fails
        for change in changes:
            if change.after.state != ACTIVE:
                self.promised.pop(change.after.ip, None)
            if change.after.state == ACTIVE:
                self.offered.pop(change.after.ip, None)
                self.declined.discard(change.after.ip)
            if change.after.state == DECLINED:
                self.declined.add(change.after.ip)
        return set()

    def database(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    # --- what a client sees ---

    def receive(self, host: Host, packet: Packet, reply: Packet) -> None:
        ip, kind = reply.yiaddr, reply.message_type
        if kind == MessageType.OFFER:
            self.check_free(host, ip)
            self.offered = {address: kept for address, kept in self.offered.items() if kept[0] != host}
            self.offered[ip] = (host, self.now + self.plan.hold_s)
            self.offer_of[host] = ip
        elif kind == MessageType.ACK:
            self.check_free(host, ip)
            (row,) = self.store.read_leases([ip])
            until = self.now + int.from_bytes(reply.options[51], "big")
            assert (row.mac, row.state) == (host.mac, ACTIVE), "an ACK that is not in the database"
            assert row.expires_at >= until, "the client may use it longer than the database says"
            assert reply.options.get(61, b"") == host.client_id
            self.promised[ip] = (host, until)
        elif kind == MessageType.NAK:
            assert ip == 0

    def check_free(self, host: Host, ip: int) -> None:
        """An address has one owner, one offer, and is neither blocked nor promised to another device."""
        owner, until = self.promised.get(ip, (host, 0))
        assert owner == host or until <= self.now, f"two owners: {owner.number} and {host.number}"
        holder, until = self.offered.get(ip, (host, 0))
        assert holder == host or until <= self.now, f"offered to {holder.number} and {host.number}"
        assert ip not in self.plan.blocked, "an address that IPAM knows"
        mine = self.plan.reserved.get(host.number)
        assert ip == mine or ip not in self.plan.reserved.values(), "reserved for another device"
        assert ip >> 16 == (0x0A01 if host.giaddr else ip >> 16), "an address of another link"
        assert host.giaddr or ip >> 16 != 0x0A01, "an address of another link"

    def check_exhausted(self, host: Host) -> None:
        """A pool may say so only when nothing is left in it: no address may leak."""
        for subnet in self.table.snapshot.links[host.link]:
            for ip in range(subnet.pools[0].first, subnet.pools[0].last + 1):
                key = b"\1" + host.client_id if host.client_id else b"\0\1" + host.mac
                assert not self.table.is_allocatable(ip, (key,), self.now), f"{ip:x} is free"

    # --- what clients do ---

    @rule(host=HOST, wish=st.none() | ADDRESS, rapid=st.booleans())
    def discover(self, host: Host, wish: int | None, rapid: bool) -> None:
        options: dict[str, Any] = {"o50": wish.to_bytes(4, "big")} if wish else {}
        options |= {"o80": b""} if rapid else {}
        self.hear(host, MessageType.DISCOVER, **options)
        self.finish()

    @rule(host=HOST, fails=st.booleans())
    def request(self, host: Host, fails: bool) -> None:
        self.select(host)
        self.finish(fails=fails and bool(self.batch))

    def select(self, host: Host) -> None:
        if host in self.offer_of:
            address = self.offer_of[host].to_bytes(4, "big")
            self.hear(host, MessageType.REQUEST, o50=address, o54=SERVER.to_bytes(4, "big"))

    @rule(hosts=st.lists(HOST, min_size=2, max_size=6, unique=True), fails=st.booleans())
    def many_at_once(self, hosts: list[Host], fails: bool) -> None:
        """Decide one batch for several: all of it becomes durable, or nothing."""
        for host in hosts:
            self.hear(host, MessageType.DISCOVER)
        self.finish()
        for host in hosts:
            self.select(host)
        self.finish(fails=fails)

    @rule(host=HOST, ip=ADDRESS)
    def reboot(self, host: Host, ip: int) -> None:
        self.hear(host, MessageType.REQUEST, o50=ip.to_bytes(4, "big"))
        self.finish()

    @rule(host=HOST, direct=st.booleans(), fails=st.booleans())
    def renew(self, host: Host, direct: bool, fails: bool) -> None:
        for ip in [ip for ip, (owner, _) in self.promised.items() if owner == host]:
            self.hear(host, MessageType.REQUEST, ciaddr=ip, direct=direct)
        self.finish(fails=fails)

    @rule(host=HOST, ip=ADDRESS)
    def renew_any(self, host: Host, ip: int) -> None:
        self.hear(host, MessageType.REQUEST, ciaddr=ip)
        self.finish()

    @rule(host=HOST, ip=ADDRESS, fails=st.booleans())
    def release(self, host: Host, ip: int, fails: bool) -> None:
        self.hear(host, MessageType.RELEASE, ciaddr=ip, direct=True)
        self.finish(fails=fails)

    @rule(host=HOST, ip=ADDRESS, fails=st.booleans())
    def decline(self, host: Host, ip: int, fails: bool) -> None:
        self.hear(host, MessageType.DECLINE, o50=ip.to_bytes(4, "big"))
        self.finish(fails=fails)

    @rule(host=HOST)
    def choose_another_server(self, host: Host) -> None:
        self.hear(host, MessageType.REQUEST, o50=b"\1\1\1\1", o54=b"\1\1\1\1")
        self.offered = {ip: kept for ip, kept in self.offered.items() if kept[0] != host}
        self.finish()

    @rule(host=HOST)
    def come_back(self, host: Host) -> None:
        """Offer a returning client its own address, or its last one while nobody else has it.

        One that it declined is not its own any more, also when the quarantine is over.
        """
        mine = [row for row in self.table.leases.unpacked() if row.mac == host.mac]
        mine = [
            row for row in mine if self.table.snapshot.subnet_of(row.ip) in self.table.snapshot.links[host.link]
        ]
        last = max(mine, key=lambda row: (row.renewed_at, row.state == ACTIVE), default=None)
        held = self.table.held_for(host.link, last.client_key, self.now) if last else None
        self.hear(host, MessageType.DISCOVER)
        (_, _, decision), *_ = self.batch
        if last is None or held or host.number in self.plan.reserved or len(mine) > 1 or last.ip in self.declined:
            self.finish()
            return
        others = [c for c in decision.changes if type(c) is LeaseChange]
        before = others[0].before if others else self.table.leases[last.ip]
        free = before is not None and self.table.is_allocatable(last.ip, (last.client_key,), self.now)
        if free:
            assert decision.reply is not None
            assert decode(decision.reply).yiaddr == last.ip, "a returning client lost its address"
        self.finish()

    # --- what happens to the server ---

    @rule(seconds=st.sampled_from([1, 1, 1, 5, 30, 61, 101, 501, 100_000]), fails=st.booleans())
    def time_passes(self, seconds: int, fails: bool) -> None:
        self.now += seconds
        self.commit(self.table.expire(self.now, limit=1000), fails=fails)

    @rule(jump=st.sampled_from([0, 0, -3600, -30, 40, 86_400]))
    def restart(self, jump: int) -> None:
        """Start again with what the database holds, the wall clock maybe set meanwhile; offers are forgotten."""
        self.now += jump
        self.table = Table()
        self.table.load(self.store.load_leases())
        self.table.use(self.plan.snapshot())
        self.offered.clear()

    @rule(
        size=st.integers(1, SIZE),
        reserved=st.dictionaries(st.integers(1, 10), st.none() | ADDRESS, max_size=2),
        blocked=st.sets(ADDRESS, max_size=2),
        lease_s=st.sampled_from([20, 100]),
        flags=st.tuples(st.booleans(), st.booleans()),
    )
    def configure(self, size: int, reserved: dict[int, int | None], blocked: set[int], lease_s: int,
                  flags: tuple[bool, bool]) -> None:  # fmt: skip
        """Serve from another configuration; a reservation is for one device and on its own link."""
        fits: dict[int, int | None] = {}
        for number, ip in reserved.items():
            host = HOSTS[number - 1]
            if ip is None or (ip not in fits.values() and ip >> 16 == (0x0A01 if host.giaddr else 0x0A00)):
                fits[number] = ip
        self.plan = Plan(size, fits, frozenset(blocked - set(fits.values())), 60, lease_s, *flags)
        self.table.use(self.plan.snapshot())

    # --- what always holds ---

    @invariant()
    def memory_is_the_database(self) -> None:
        assert sorted(self.table.leases.unpacked()) == sorted(self.store.load_leases())

    @invariant()
    def promises_are_in_the_database(self) -> None:
        for ip, (host, until) in self.promised.items():
            row = self.table.leases[ip]
            assert until <= self.now or (row.mac == host.mac and row.expires_at >= until)

    @invariant()
    def indexes_agree_with_the_leases(self) -> None:
        table = self.table
        for row in list(table.leases.unpacked()):
            subnet = table.snapshot.subnet_of(row.ip)
            if row.state == ACTIVE and subnet is not None and row.expires_at > self.now:
                assert table.binding(subnet.link, row.client_key, row.mac) == row, "a client is not found"
        quarantined = Counter(row.mac for row in table.leases.unpacked() if row.state == DECLINED)
        assert {mac: table.declines_of(mac) for mac in {*quarantined, *(h.mac for h in HOSTS)}} == {
            mac: quarantined[mac] for mac in {*quarantined, *(h.mac for h in HOSTS)}
        }

    @invariant()
    def timers_watch_what_ends(self) -> None:
        ends = [row.expires_at for row in self.table.leases.unpacked() if row.state in (ACTIVE, DECLINED)]
        first = min((end for end in ends if end < NEVER), default=None)
        deadline = self.table.next_deadline()
        assert first is None or (deadline is not None and deadline <= first)

    @invariant()
    def offers_are_kept(self) -> None:
        for ip, (host, until) in self.offered.items():
            key = b"\1" + host.client_id if host.client_id else b"\0\1" + host.mac
            row = self.table.leases.get(ip)
            owned = row is not None and (row.mac, row.state) == (host.mac, ACTIVE) and row.expires_at > self.now
            if until > self.now and not owned:
                assert self.table.held_for(host.link, key, self.now) == ip, "an offer is forgotten"


@pytest.fixture(scope="module")
def database() -> Iterator[Engine]:
    """A SQLite file that refuses leases while the table `failing` has a row, as a full disk does."""
    with TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'history.db'}")
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE failing (row INTEGER)"))
            connection.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON leases WHEN EXISTS (SELECT 1 FROM failing) "
                    "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
                )
            )
        yield engine
        engine.dispose()


def test_no_history_breaks_a_promise(database: Engine) -> None:
    History.engine, History.store = database, Store(database, "test")
    steps = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None
    )
    run_state_machine_as_test(History, settings=steps)

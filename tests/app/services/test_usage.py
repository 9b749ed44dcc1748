"""Is the use of subnets and pools what a count of each single address gives, whatever has happened?"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.database import SessionFactory, make_session_factory, unit_of_work
from app.models import KnownAddress, Lease, LeaseBlock, Pool, Reservation, ReservationIdentifier, Subnet
from app.services import occupancy, plan_map, usage
from app.services.usage import PoolUsage, Usage
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, DECLINED, EXPIRED, RELEASED, LeaseChange
from dhcpd.engine.leases import Lease as LeaseRow
from dhcpd.engine.reasons import Reason
from tests.builders import keeping_sessions

BASE = int(IPv4Address("10.0.0.0"))
PARENT = (BASE, BASE + 1023, 22)
CHILDREN = [
    (BASE, BASE + 255, 24),
    (BASE + 256, BASE + 511, 24),
    (BASE + 512, BASE + 515, 30),
    (BASE + 516, BASE + 517, 31),
]
NESTED = (BASE + 384, BASE + 511, 25)


class World:
    """A plan that is made at random, and the state of each of its addresses."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.subnets = [
            Subnet(
                id=i, first=IPv4Address(first), last=IPv4Address(last), prefix_len=length, dhcp_enabled=1 < i < 6
            )
            for i, (first, last, length) in enumerate([PARENT, *CHILDREN, NESTED], 1)
        ]
        self.subnets[1].gateway = IPv4Address(BASE + 1)
        self.subnets[2].gateway = IPv4Address(BASE + 300)
        self.pools = self._pools()
        points = self.random.sample(range(BASE, BASE + 1024), 120)
        self.known = [KnownAddress(ip=IPv4Address(n), subnet_id=1) for n in points[:40]]
        self.reservations = [
            Reservation(subnet_id=1, ip=IPv4Address(n), identifiers=[self._mac(n)]) for n in points[40:]
        ]

    def _mac(self, number: int) -> ReservationIdentifier:
        return ReservationIdentifier(subnet_id=1, type="mac", value=f"{number:012x}")

    def _pools(self) -> list[Pool]:
        made = []
        for subnet_id, start, end in ((2, 0, 255), (3, 256, 383), (4, 512, 515), (3, 384, 511)):
            cuts = sorted(self.random.sample(range(start, end + 2), min(6, end - start + 1)))
            for first, after in itertools.pairwise(cuts):
                kind = self.random.choice(["dynamic", "dynamic", "excluded"])
                ends = IPv4Address(BASE + first), IPv4Address(BASE + after - 1)
                made.append(Pool(subnet_id=subnet_id, first=ends[0], last=ends[1], kind=kind))
        hole = Pool(subnet_id=2, first=IPv4Address(BASE + 40), last=IPv4Address(BASE + 60), kind="excluded")
        return [p for p in made if p.kind == "dynamic" or not overlap(p, hole)] + [hole]

    def plant(self, factory: SessionFactory) -> None:
        """Write the plan."""
        with unit_of_work(factory) as session:
            session.add_all(self.subnets)
            session.flush()
            session.add_all([*self.pools, *self.known, *self.reservations])

    def states(self, leases: dict[int, str]) -> dict[int, str]:
        """Return the state of every address, from one end to the other."""
        innermost = sorted(self.subnets, key=lambda s: (not s.dhcp_enabled, -s.prefix_len))
        known = {int(row.ip) for row in self.known}
        reserved = {int(row.ip) for row in self.reservations if row.ip}
        found = {}
        for number in range(BASE, BASE + 1024):
            subnet = next(s for s in innermost if int(s.first) <= number <= int(s.last))
            kinds = {p.kind for p in self.pools if int(p.first) <= number <= int(p.last)}
            edges = (int(subnet.first), int(subnet.last)) if subnet.prefix_len < 31 else ()
            found[number] = (
                "edge" if number in edges
                else "gateway" if any(s.gateway and int(s.gateway) == number for s in self.subnets)
                else "static" if number in known
                else {ACTIVE: "leased", DECLINED: "declined"}[leases[number]] if number in leases
                else "reserved" if number in reserved
                else "excluded" if "excluded" in kinds
                else "free" if "dynamic" in kinds
                else "unused"
            )  # fmt: skip
        return found

    def expected(self, subnet: Subnet, states: dict[int, str]) -> Usage:
        first, last = int(subnet.first), int(subnet.last)
        counts = Counter(states[n] for n in range(first, last + 1))
        pool = sum(
            int(p.last) - int(p.first) + 1
            for p in self.pools
            if p.kind == "dynamic" and first <= int(p.first) <= last
        )
        names = ("leased", "reserved", "static", "gateway", "declined", "excluded", "free", "unused")
        return Usage(last - first + 1 - counts["edge"], pool, *(counts[name] for name in names))


def overlap(one: Pool, other: Pool) -> bool:
    return int(one.first) <= int(other.last) and int(one.last) >= int(other.first)


def of_pool(pool: Pool, states: dict[int, str]) -> PoolUsage:
    counts = Counter(states[n] for n in range(int(pool.first), int(pool.last) + 1))
    static = counts["static"] + counts["gateway"]
    size = int(pool.last) - int(pool.first) + 1
    names = ("declined", "excluded", "free")
    return PoolUsage(size, counts["leased"], counts["reserved"], static, *(counts[name] for name in names))


@pytest.mark.parametrize("kept", [True, False], ids=["by the kept plan", "by what is asked"])
@pytest.mark.parametrize("seed", range(6))
def test_use_is_exact_under_random_churn(
    engine: Engine, seed: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_map, "LARGE", 0 if kept else 2**128)
    factory = keeping_sessions(engine)
    world = World(seed)
    for leases in churned(engine, world, 8):
        marked = {ip: row.state for ip, row in leases.items() if row.state in (ACTIVE, DECLINED)}
        states = world.states(marked)
        with unit_of_work(factory, writing=False) as session:
            subnets = list(session.scalars(select(Subnet)))
            pools = list(session.scalars(select(Pool)))
            found = usage.usage(session, subnets)
            alone = {row.id: usage.usage(session, [row])[row.id] for row in subnets}
            in_pools = usage.pool_usage(session, pools)
        assert found == {row.id: world.expected(row, states) for row in subnets}
        assert in_pools == {row.id: of_pool(row, states) for row in pools}
        assert alone == found


def churned(engine: Engine, world: World, times: int) -> Iterator[dict[int, LeaseRow]]:
    """Plant the world, churn it some times, and yield the leases after each."""
    world.plant(make_session_factory(engine))
    store, leases = Store(engine, "w1"), dict[int, LeaseRow]()
    for _ in range(times):
        churn(store, world, leases)
        yield leases


def churn(store: Store, world: World, leases: dict[int, LeaseRow]) -> None:
    """Give, renew, end and decline leases anywhere, on reserved, static and excluded addresses too.

    Between workers on PostgreSQL a lease that still runs can't be taken for expired: that is refused.
    """
    changes = []
    for number in world.random.sample(range(BASE, BASE + 1024), 150):
        state = world.random.choice([ACTIVE, ACTIVE, ACTIVE, DECLINED, RELEASED, EXPIRED])
        mac = number.to_bytes(6, "big")
        after = LeaseRow(number, state, 1, b"\0\1" + mac, mac, b"", "", "", 1, 1, 2**31, 0, 0, b"")
        changes.append(LeaseChange(leases.get(number), after, Reason.ASSIGNED))
    refused = store.commit(changes, now=2)
    leases.update({change.after.ip: change.after for change in changes if change.after.ip not in refused})


def test_rebuild_counts_leases_written_past_the_workers(engine: Engine, factory: SessionFactory) -> None:
    world, leases = World(1), dict[int, LeaseRow]()
    churn(Store(engine, "w1"), world, leases)
    with unit_of_work(factory) as session:
        rows = select(LeaseBlock.block, LeaseBlock.active, LeaseBlock.declined).order_by(LeaseBlock.block)
        right = [tuple(row) for row in session.execute(rows) if row[1] or row[2]]
        session.execute(text("UPDATE lease_blocks SET active = 5, declined = 2"))
        occupancy.rebuild(session)
        assert [tuple(row) for row in session.execute(rows)] == right


def test_counting_never_reads_the_leases(engine: Engine, factory: SessionFactory) -> None:
    """The table is gone, and the use is told all the same."""
    world, leases = World(2), dict[int, LeaseRow]()
    with unit_of_work(factory) as session:
        session.add_all(world.subnets)
    churn(Store(engine, "w1"), world, leases)
    with Session(engine) as session:
        session.connection(execution_options={"writing": True})
        active = sum(row.state == "active" for row in session.scalars(select(Lease)))
        session.execute(text("DROP TABLE leases"))
        found = usage.usage(session, list(session.scalars(select(Subnet))))
        session.rollback()
    assert 0 < found[1].leased <= active

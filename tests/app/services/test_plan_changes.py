"""Is what is kept of the plan, and changed where the plan was changed, the same as what is read of all of it?"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.api.audit import take_back
from app.database import SessionFactory, make_session_factory, unit_of_work
from app.models import AuditEntry, KnownAddress, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, audit, division, plan_changes, pools, reservations, resizing, subnets
from app.services.actors import COMMAND_LINE
from app.services.covers import Cover
from app.services.errors import DomainError
from app.services.kept import Kept
from app.services.occupancy import block_ranges
from app.services.outline import OUTLINE, Outline, outline, renew_outline
from app.services.plan_map import PLAN_MAP, PlanMap, marks_in, read_map, renew_map
from app.services.spans import address_of, merge
from app.services.totals import totals
from dhcpd.adapters.store import Store
from tests.app.services.test_usage import BASE, World, churn

STEPS = 70
_IPV4 = 0xFFFF << 32
V6 = int(IPv6Address("2001:db8::"))
Step = Callable[["Editor", Session], object]


class Editor:
    """Changes the plan at random, as people do: much of it is refused."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def address(self) -> str:
        """Return an address of 4,096 around those of the leases, now and then one of IPv6."""
        if self.random.random() < 0.1:
            return str(IPv6Address(V6 + self.random.randrange(512)))
        return str(IPv4Address(BASE + self.random.randrange(-1024, 3072)))

    def cidr(self) -> str:
        """Return a prefix around an address."""
        address = ip_address(self.address())
        bits = self.random.choice([5, 6, 7, 8, 8, 9, 10])
        first = int(address) >> bits << bits
        return f"{type(address)(first)}/{address.max_prefixlen - bits}"

    def one(self, session: Session, model: type[Any]) -> Any:
        """Return one of the rows there are; raises IndexError without any."""
        return self.random.choice(session.scalars(select(model)).all())

    def within(self, row: Subnet | Pool) -> list[str]:
        """Return two addresses of a range, in order."""
        ends = sorted(self.random.randint(int(row.first), int(row.last)) for _ in range(2))
        return [str(type(row.first)(end)) for end in ends]

    def promise(self) -> ReservationIn:
        """Return a reservation of some address, or of none."""
        self.number += 1
        ip = self.address() if self.random.random() < 0.9 else None
        mac = f"02:00:00:00:{self.number >> 8:02x}:{self.number & 255:02x}"
        return ReservationIn.model_validate({"ip": ip, "subnet_id": None if ip else 1,
                                             "identifiers": [{"type": "mac", "value": mac}]})  # fmt: skip


def _gateway(editor: Editor, session: Session) -> None:
    row = editor.one(session, Subnet)
    told = {"gateway": editor.within(row)[0], "name": f"n{editor.random.random()}",
            "dhcp_enabled": row.first.version == 4 and editor.random.random() < 0.6}  # fmt: skip
    subnets.update_subnet(session, COMMAND_LINE, row.id, told)


def _pool(editor: Editor, session: Session) -> None:
    row = editor.one(session, Subnet)
    start, end = editor.within(row)
    kind = editor.random.choice(["dynamic", "dynamic", "excluded"])
    pools.create_pool(session, COMMAND_LINE, PoolIn(subnet_id=row.id, start=start, end=end, kind=kind))


def _move_pool(editor: Editor, session: Session) -> None:
    row = editor.one(session, Pool)
    start, end = editor.within(editor.one(session, Subnet))
    told = PoolIn(subnet_id=row.subnet_id, start=start, end=end, kind=row.kind)
    pools.update_pool(session, COMMAND_LINE, row.id, told)


def _merge(editor: Editor, session: Session) -> None:
    row = editor.one(session, Subnet)
    width = int(row.last) - int(row.first) + 1
    other = session.scalars(select(Subnet.id).where(Subnet.first == address_of(_key(row) ^ width))).first()
    division.merge_subnets(session, COMMAND_LINE, row.id, [other or 0])


def _key(row: Subnet) -> int:
    return int(row.first) + (_IPV4 if row.first.version == 4 else 0)


def _undo(editor: Editor, session: Session) -> None:
    lines = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(12)).all()
    take_back(session, COMMAND_LINE, editor.random.choice(lines))


STEPS_OF: list[Step] = [
    lambda e, s: subnets.create_subnet(s, COMMAND_LINE, SubnetIn(cidr=e.cidr(), dhcp_enabled=False)),
    lambda e, s: subnets.create_subnet(s, COMMAND_LINE, SubnetIn(cidr=e.cidr())),
    _gateway,
    lambda e, s: subnets.delete_subnet(s, COMMAND_LINE, e.one(s, Subnet).id),
    lambda e, s: resizing.resize(s, COMMAND_LINE, e.one(s, Subnet).id, e.cidr()),
    lambda e, s: division.split(s, COMMAND_LINE, (row := e.one(s, Subnet)).id, prefix_len=row.prefix_len + 1),
    _merge,
    _pool,
    _pool,
    _move_pool,
    lambda e, s: pools.delete_pool(s, COMMAND_LINE, e.one(s, Pool).id),
    lambda e, s: reservations.create_reservation(s, COMMAND_LINE, e.promise()),
    lambda e, s: reservations.create_reservation(s, COMMAND_LINE, e.promise()),
    lambda e, s: reservations.update_reservation(s, COMMAND_LINE, e.one(s, Reservation).id, e.promise()),
    lambda e, s: reservations.delete_reservation(s, COMMAND_LINE, e.one(s, Reservation).id),
    lambda e, s: addresses.put_address(s, COMMAND_LINE, e.address(), AddressIn()),
    lambda e, s: addresses.delete_address(s, COMMAND_LINE, str(e.one(s, KnownAddress).ip)),
    _undo,
]


class Readings:
    """Counts how often all was read."""

    def __init__(self) -> None:
        self.whole = 0

    def map(self, session: Session) -> PlanMap:
        """Read the map."""
        self.whole += 1
        return read_map(session)


def keeping(engine: Engine, readings: Readings) -> SessionFactory:
    kept = {PLAN_MAP: Kept(readings.map, renew=renew_map), OUTLINE: Kept(outline, renew=renew_outline)}
    return make_session_factory(engine, kept)


def plant(world: World, factory: SessionFactory) -> None:
    """Write the plan; its subnets have ids of their own choice."""
    world.plant(factory)
    with unit_of_work(factory) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT setval(pg_get_serial_sequence('subnets', 'id'), 100)"))


def told(plan: PlanMap) -> dict[str, object]:
    """Return all that a map knows."""
    ((low, high),) = block_ranges([(_IPV4 + BASE - 1024, _IPV4 + BASE + 3071)])
    covers: list[Cover] = [plan.pools, plan.holes, plan.open]
    return {
        "known": plan.known, "subnets": sorted(plan.subnets), "places": plan.places, "inside": plan.inside,
        "size": plan.size, "dynamic": plan.dynamic, "in open": plan.in_open, "in holes": plan.in_holes,
        "covers": [merge(zip(cover.starts, cover.ends, strict=True)) for cover in covers],
        "masks": [plan.masks(block) for block in range(low, high + 1)], "of subnets": sorted(plan.of_subnets),
        "bound": {block: bits for block, bits in plan.bound.items() if bits},
    }  # fmt: skip


def changed(factory: SessionFactory, editor: Editor) -> bool:
    """Try a change; tell whether it was made."""
    step = editor.random.choice(STEPS_OF)
    with suppress(DomainError, IndexError, ValueError), unit_of_work(factory) as session:
        step(editor, session)
        return True
    return False


def compare(session: Session) -> None:
    """Compare what is kept with what is read of all."""
    kept: PlanMap = session.info[PLAN_MAP].get(session)
    known: Outline = session.info[OUTLINE].get(session)
    fresh = read_map(session)
    assert known == outline(session)
    assert told(kept) == told(fresh)
    marks, counted = marks_in(session, kept, kept.inside), marks_in(session, fresh, fresh.inside)
    for _, first, last in fresh.subnets:
        assert marks.count((first, last)) == counted.count((first, last))
    assert marks.contested == counted.contested
    assert sorted(zip(kept.subnets, marks.of_subnets(), strict=True)) == sorted(
        zip(fresh.subnets, counted.of_subnets(), strict=True)
    )


@pytest.mark.parametrize("seed", range(4))
def test_plan_that_is_kept_is_the_plan_that_is_read(engine: Engine, seed: int) -> None:
    readings, editor, world, leases = Readings(), Editor(seed), World(seed), dict[int, Any]()
    factory, done = keeping(engine, readings), 0
    plant(world, factory)
    for _ in range(STEPS):
        done += changed(factory, editor)
        if editor.random.random() < 0.2:
            churn(Store(engine, "w1"), world, leases)
        if editor.random.random() < 0.7:  # else the next change is seen together with this one
            with unit_of_work(factory, writing=False) as session:
                compare(session)
    assert done > STEPS / 4, "nearly everything was refused"
    assert readings.whole < done / 4, "the plan was read as a whole again and again"


def test_others_may_ask_while_the_plan_changes(engine: Engine) -> None:
    """On SQLite each sees one moment, which what is kept must be; on PostgreSQL a plan that moves under it."""
    factory, editor, world, over = keeping(engine, Readings()), Editor(7), World(7), threading.Event()
    plant(world, factory)
    churn(Store(engine, "w1"), world, {})

    def ask() -> int:
        asked = 0
        while not over.is_set():
            with unit_of_work(factory, writing=False) as session:
                if engine.dialect.name == "sqlite":
                    compare(session)
                totals(session)
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        try:
            assert sum(changed(factory, editor) for _ in range(STEPS)) > STEPS / 4
        finally:
            over.set()
        assert min(each.result(timeout=30) for each in asking) > 2


def test_what_the_audit_does_not_tell_has_the_plan_read_anew(engine: Engine) -> None:
    readings = Readings()
    factory = keeping(engine, readings)
    with unit_of_work(factory) as session:
        subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.0.0.0/24"))
    with unit_of_work(factory, writing=False) as session:
        session.info[PLAN_MAP].get(session)
    for action, whole in (("imports/1", 2), ("tags/1", 2), ("hitherto_unknown/1", 3)):
        with unit_of_work(factory) as session:
            audit.record(session, COMMAND_LINE, "update", action, None, {"name": "a"})
        with unit_of_work(factory, writing=False) as session:
            session.info[PLAN_MAP].get(session)
        assert readings.whole == whole, action
    with unit_of_work(factory) as session:
        audit.record(session, COMMAND_LINE, "update", "reservations/1", None, {"subnet_id": 1})
    with unit_of_work(factory, writing=False) as session:
        session.info[PLAN_MAP].get(session)
    assert readings.whole == 4, "the line does not say where it is"
    with unit_of_work(factory) as session:
        subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.0.0.0/8", dhcp_enabled=False))
    with unit_of_work(factory, writing=False) as session:
        assert len(session.info[PLAN_MAP].get(session).subnets) == 2
    assert readings.whole == 5, "so large a part is not put in place block by block"
    with unit_of_work(factory) as session:
        for number in range(plan_changes.MOST + 1):
            audit.record(session, COMMAND_LINE, "update", f"tags/{number}", None, {"name": "a"})
    with unit_of_work(factory, writing=False) as session:
        session.info[PLAN_MAP].get(session)
    assert readings.whole == 6

"""Do the totals say at each moment what a count of each subnet says, whatever was leased or planned since?"""

from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import KnownAddress, Pool, Reservation, Subnet
from app.services import pools, reservations, subnets, usage
from app.services.actors import COMMAND_LINE
from app.services.grants import limited
from app.services.totals import of_subnets, totals
from dhcpd.adapters.store import Store
from tests.app.services.test_usage import BASE, World, churn, churned
from tests.builders import keeping_sessions


def whole(session: Session) -> tuple[int, int]:
    """Return leased and free of the subnet around all others."""
    used = usage.usage(session, list(session.scalars(select(Subnet).where(Subnet.id == 1))))[1]
    return used.leased, used.free


@pytest.mark.parametrize("seed", range(4))
def test_totals_are_exact_under_random_churn(engine: Engine, seed: int) -> None:
    factory = keeping_sessions(engine)
    for _ in churned(engine, World(seed), 5):
        with unit_of_work(factory, writing=False) as session:
            assert totals(session) == whole(session)
            rows = list(session.scalars(select(Subnet)))
            told = {(id_, used.pool, used.leased, used.free) for id_, used in usage.usage(session, rows).items()}
            assert set(of_subnets(session)) == told


@pytest.mark.parametrize("seed", range(2))
def test_totals_follow_each_change_of_the_plan(engine: Engine, seed: int) -> None:
    factory = keeping_sessions(engine)
    world = World(seed)
    world.plant(factory)
    churn(Store(engine, "w1"), world, {})
    with unit_of_work(factory, writing=False) as session:
        seen = {totals(session)}
        promised = list(session.scalars(select(Reservation.id)))
        ranges = list(session.scalars(select(Pool.id)))
    for number in ranges:
        with unit_of_work(factory) as session:
            pools.delete_pool(session, COMMAND_LINE, number)
            assert totals(session) == whole(session), "a transaction sees its own change"
        with unit_of_work(factory, writing=False) as session:
            assert totals(session) == whole(session)
            seen.add(totals(session))
    for number in promised[:5]:
        with unit_of_work(factory) as session:
            reservations.delete_reservation(session, COMMAND_LINE, number)
    with unit_of_work(factory) as session:
        subnets.delete_subnet(session, COMMAND_LINE, 3)
    with unit_of_work(factory, writing=False) as session:
        assert totals(session) == whole(session)
    assert len(seen) > 2


def test_change_that_is_taken_back_leaves_the_totals_alone(engine: Engine) -> None:
    factory = keeping_sessions(engine)
    World(1).plant(factory)
    with unit_of_work(factory, writing=False) as session:
        before = totals(session)
        pool = session.scalars(select(Pool.id).where(Pool.kind == "dynamic")).first()
    with factory() as session:
        session.connection(execution_options={"writing": True})
        pools.delete_pool(session, COMMAND_LINE, pool or 0)
        assert totals(session) != before
        session.rollback()
    with unit_of_work(factory, writing=False) as session:
        assert totals(session) == before


def test_totals_of_some_subnets_are_theirs_alone(factory: SessionFactory, engine: Engine) -> None:
    world = World(4)
    world.plant(factory)
    churn(Store(engine, "w1"), world, {})
    with unit_of_work(keeping_sessions(engine), writing=False) as session:
        totals(session)
        first, last = IPv4Address(BASE + 256), IPv4Address(BASE + 511)
        with limited(session, ((first, last),)):
            own = usage.usage(session, list(session.scalars(select(Subnet).where(Subnet.id == 3))))[3]
            assert totals(session) == (own.leased, own.free)


def test_hole_in_the_middle_of_a_pool_is_not_free(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        row = Subnet(id=1, first=IPv4Address(BASE), last=IPv4Address(BASE + 255), prefix_len=24)
        session.add(row)
        session.flush()
        for first, last, kind in ((10, 199, "dynamic"), (70, 79, "excluded")):
            ends = IPv4Address(BASE + first), IPv4Address(BASE + last)
            session.add(Pool(subnet_id=1, first=ends[0], last=ends[1], kind=kind))
        session.add(KnownAddress(ip=IPv4Address(BASE + 12), subnet_id=1))
        session.flush()
        assert totals(session) == (0, 179)
        session.execute(delete(Pool).where(Pool.kind == "excluded"))
        assert totals(session) == (0, 189)

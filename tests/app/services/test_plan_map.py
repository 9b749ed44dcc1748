"""Is the kept plan that of the newest revision, and only for who sees all of it?"""

from ipaddress import ip_address

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Subnet
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import plan_map, pools, usage
from app.services.actors import Actor
from app.services.grants import limit
from app.services.subnets import create_subnet
from tests.builders import keeping_sessions

ANNA = Actor("anna", "admin")
WHOLE = "10.0.0.0/16"


@pytest.fixture
def keeping(engine: Engine) -> SessionFactory:
    """Sessions that share a kept plan with one subnet in it."""
    factory = keeping_sessions(engine)
    with unit_of_work(factory) as session:
        create_subnet(session, ANNA, SubnetIn(cidr=WHOLE))
    return factory


def free(session: Session) -> int:
    row = session.get_one(Subnet, 1)
    return usage.usage(session, [row])[1].free


def add_pool(session: Session, start: str, end: str) -> None:
    pools.create_pool(session, ANNA, PoolIn(subnet_id=1, start=start, end=end))


def test_each_change_of_the_plan_is_seen_at_once(keeping: SessionFactory) -> None:
    for number in range(1, 4):
        with unit_of_work(keeping) as session:
            add_pool(session, f"10.0.{number}.0", f"10.0.{number}.99")
        with unit_of_work(keeping, writing=False) as session:
            assert free(session) == 100 * number


def test_what_is_taken_back_is_never_kept(keeping: SessionFactory) -> None:
    with keeping() as session:
        session.connection(execution_options={"writing": True})
        add_pool(session, "10.0.1.0", "10.0.1.99")
        assert free(session) == 100
        session.rollback()
    with unit_of_work(keeping) as session:
        add_pool(session, "10.0.2.0", "10.0.2.9")
    with unit_of_work(keeping, writing=False) as session:
        assert free(session) == 10


def test_who_is_limited_neither_reads_nor_makes_the_kept_plan(keeping: SessionFactory) -> None:
    with unit_of_work(keeping, writing=False) as session:
        bounds = [(0, 2**32)]
        limit(session, ((ip_address("10.1.0.0"), ip_address("10.1.255.255")),))
        assert plan_map.map_for(session, bounds) is None
        limit(session, None)
        assert plan_map.map_for(session, bounds) is not None

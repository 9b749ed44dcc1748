"""Are the fullest pools those that are the fullest now, though they are looked for among those that were?"""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.database import SessionFactory, make_session_factory, unit_of_work
from app.models import Pool
from app.models.base import utc_now
from app.services.actors import COMMAND_LINE
from app.services.fullest import FULLEST, LOOKED_AT, nearest_to_full, read_fullest
from app.services.kept import Kept
from app.services.pools import delete_pool
from app.services.use_history import recorded, unless_moved
from tests.app.services.test_use_samples import lease, plan, record

POOLS = LOOKED_AT + 10


@pytest.fixture
def keeping(engine: Engine) -> SessionFactory:
    """Sessions that keep the fullest, as those of the application do, over more pools than are looked at."""
    factory = make_session_factory(engine, {FULLEST: Kept(read_fullest, beside=recorded, renew=unless_moved)})
    plan(factory, POOLS)
    return factory


def fullest(session: Session, count: int = 2) -> list[int]:
    """Return which pools they are, numbered from 0 in the order of their addresses."""
    found = [pool.first for pool, _ in nearest_to_full(session, count)]
    return [(int(first) - int(IPv4Address("10.0.0.0"))) // 64 for first in found]


def test_pool_that_fills_is_found_when_its_minute_is_recorded(keeping: SessionFactory) -> None:
    now = utc_now() - timedelta(minutes=5)
    with unit_of_work(keeping) as session:
        lease(session, 9, subnet=3)
    assert record(keeping, now)
    with unit_of_work(keeping, writing=False) as session:
        assert fullest(session) == [3, 0]
    with unit_of_work(keeping) as session:
        lease(session, 20, subnet=POOLS - 1)
        lease(session, 2, subnet=1)
    with unit_of_work(keeping, writing=False) as session:
        assert fullest(session) == [3, 1], "what was among the fullest is counted anew"
    assert record(keeping, now + timedelta(minutes=1))
    with unit_of_work(keeping, writing=False) as session:
        assert fullest(session) == [POOLS - 1, 3]


def test_pool_that_is_gone_is_not_told(keeping: SessionFactory) -> None:
    with unit_of_work(keeping) as session:
        lease(session, 9, subnet=3)
    assert record(keeping, utc_now() - timedelta(minutes=5))
    with unit_of_work(keeping, writing=False) as session:
        assert fullest(session, 1) == [3]
    with unit_of_work(keeping) as session:
        gone = session.scalars(select(Pool).order_by(Pool.first).offset(3).limit(1)).one()
        delete_pool(session, COMMAND_LINE, gone.id)
    with unit_of_work(keeping, writing=False) as session:
        assert fullest(session, 1) == [0]

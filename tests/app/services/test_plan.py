"""Do the rules of the plan hold, on both databases?"""

import pytest

from app.database import SessionFactory, unit_of_work
from app.schemas.addresses import AddressIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, audit, grid, pools, reservations, subnets, usage
from app.services.actors import Actor
from app.services.errors import Conflict, Forbidden, Invalid
from app.services.patch import parsed

OPERATOR = Actor("olga", "operator")


def plan(factory: SessionFactory, cidr: str = "10.0.0.0/24", **fields: object) -> int:
    with unit_of_work(factory) as session:
        return subnets.create_subnet(session, OPERATOR, parsed(SubnetIn, {"cidr": cidr, **fields})).id


def add_pool(factory: SessionFactory, subnet_id: int, start: str, end: str) -> int:
    with unit_of_work(factory) as session:
        return pools.create_pool(session, OPERATOR, PoolIn(subnet_id=subnet_id, start=start, end=end)).id


def test_each_change_bumps_the_revision_and_is_audited(factory: SessionFactory) -> None:
    subnet = plan(factory)
    add_pool(factory, subnet, "10.0.0.10", "10.0.0.20")
    with unit_of_work(factory, writing=False) as session:
        assert audit.current_revision(session) == 2
        assert [entry.object for entry in audit.list_entries(session)] == ["pools/1", f"subnets/{subnet}"]


def test_overlapping_dhcp_subnets_conflict_and_nested_plans_do_not(factory: SessionFactory) -> None:
    plan(factory, "10.0.0.0/8", dhcp_enabled=False)
    plan(factory, "10.1.0.0/16")
    with pytest.raises(Conflict, match=r"overlaps 10\.1\.0\.0/16"):
        plan(factory, "10.1.2.0/24")


def test_usage_counts_each_address_once(factory: SessionFactory) -> None:
    subnet = plan(factory)
    add_pool(factory, subnet, "10.0.0.10", "10.0.0.19")
    with unit_of_work(factory) as session:
        wish = {"identifiers": [{"type": "mac", "value": "aabbcc000001"}], "ip": "10.0.0.10"}
        reservations.create_reservation(session, OPERATOR, parsed(ReservationIn, wish))
        addresses.put_address(session, OPERATOR, "10.0.0.11", AddressIn(hostname="printer"))
    with unit_of_work(factory, writing=False) as session:
        used = usage.usage(session, subnets.list_subnets(session))[subnet]
    assert (used.total, used.pool, used.reserved, used.static, used.free) == (254, 10, 1, 1, 8)


def test_static_address_can_not_be_reserved(factory: SessionFactory) -> None:
    plan(factory)
    with unit_of_work(factory) as session:
        addresses.put_address(session, OPERATOR, "10.0.0.11", AddressIn())
    wish = {"identifiers": [{"type": "mac", "value": "aabbcc000001"}], "ip": "10.0.0.11"}
    with unit_of_work(factory) as session, pytest.raises(Conflict, match="in use"):
        reservations.create_reservation(session, OPERATOR, parsed(ReservationIn, wish))


def test_pool_before_its_start_is_refused(factory: SessionFactory) -> None:
    subnet = plan(factory)
    with pytest.raises(Invalid, match="before the start"):
        add_pool(factory, subnet, "10.0.0.20", "10.0.0.10")


def test_viewer_changes_nothing(factory: SessionFactory) -> None:
    with pytest.raises(Forbidden, match="operator"), unit_of_work(factory) as session:
        subnets.create_subnet(session, Actor("vera", "viewer"), SubnetIn(cidr="10.0.0.0/24"))
    with unit_of_work(factory, writing=False) as session:
        assert subnets.list_subnets(session) == []


def test_grid_shows_edges_pools_and_what_is_known(factory: SessionFactory) -> None:
    subnet = plan(factory, gateway="10.0.0.1")
    add_pool(factory, subnet, "10.0.0.10", "10.0.0.19")
    with unit_of_work(factory, writing=False) as session:
        cells = grid.grid(session, subnets.get_subnet(session, subnet)).cells or []
    states = [cell.state for cell in cells]
    assert states[:2] == ["network", "gateway"]
    assert states[9:11] == ["free", "free"]
    assert [cell.pool_id for cell in cells[9:11]] == [None, 1]
    assert states[255] == "broadcast"
    assert len(cells) == 256

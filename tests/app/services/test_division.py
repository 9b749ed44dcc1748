"""Do split, merge and resize carry all that is in a subnet, or say why not?"""

from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, KnownAddress, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, division, impact, pools, reservations, resizing, subnets, usage
from app.services.actors import Actor
from app.services.errors import Conflict, Invalid
from app.services.patch import parsed
from tests.builders import hold_leases

OPERATOR = Actor("olga", "operator")


def plan(session: Session, cidr: str, **fields: object) -> int:
    return subnets.create_subnet(session, OPERATOR, parsed(SubnetIn, {"cidr": cidr, **fields})).id


def add_pool(session: Session, subnet_id: int, start: str, end: str) -> None:
    pools.create_pool(session, OPERATOR, PoolIn(subnet_id=subnet_id, start=start, end=end))


def reserve(session: Session, ip: str | None, mac: str, subnet_id: int | None = None) -> None:
    wish = {"identifiers": [{"type": "mac", "value": mac}], "ip": ip, "subnet_id": subnet_id}
    reservations.create_reservation(session, OPERATOR, parsed(ReservationIn, wish))


@pytest.fixture
def full(engine: Engine, factory: SessionFactory) -> int:
    """10.0.0.0/24 with a pool over its middle, reservations, a static address and leases on both sides."""
    with unit_of_work(factory) as session:
        subnet = plan(session, "10.0.0.0/24", gateway="10.0.0.1", relays=["10.9.9.9"], lease_time=600)
        add_pool(session, subnet, "10.0.0.50", "10.0.0.199")
        reserve(session, "10.0.0.20", "02:00:0a:00:00:14")
        reserve(session, "10.0.0.220", "02:00:0a:00:00:dc")
        reserve(session, None, "02:00:00:00:00:01", subnet)
        addresses.put_address(session, OPERATOR, "10.0.0.230", AddressIn(hostname="printer"))
    hold_leases(engine, "10.0.0.60", "10.0.0.130")
    return subnet


def world(session: Session) -> dict[str, Any]:
    """Return where everything is."""
    cidrs = {row.id: row.cidr for row in session.scalars(select(Subnet).order_by(Subnet.first))}
    return {
        "subnets": {row.cidr: str(row.gateway) for row in session.scalars(select(Subnet).order_by(Subnet.first))},
        "pools": sorted((cidrs[p.subnet_id], f"{p.first}-{p.last}") for p in session.scalars(select(Pool))),
        "reservations": sorted((cidrs[r.subnet_id], str(r.ip)) for r in session.scalars(select(Reservation))),
        "addresses": sorted((cidrs[a.subnet_id], str(a.ip)) for a in session.scalars(select(KnownAddress))),
    }


def test_split_carries_everything_and_merge_brings_it_back(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session:
        before = world(session)
        used = usage.usage(session, [session.get_one(Subnet, full)])[full]
        parts = division.split(session, OPERATOR, full, prefix_len=25)
        low, high = "10.0.0.0/25", "10.0.0.128/25"
        assert world(session) == {
            "subnets": {low: "10.0.0.1", high: "None"},
            "pools": [(low, "10.0.0.50-10.0.0.127"), (high, "10.0.0.128-10.0.0.199")],
            "reservations": sorted([(low, "10.0.0.20"), (high, "10.0.0.220"), (low, "None"), (high, "None")]),
            "addresses": [(high, "10.0.0.230")],
        }
        assert [row.shared_network for row in parts] == ["10.0.0.0/24"] * 2
        assert [(row.lease_time, row.relays) for row in parts] == [(600, ["10.9.9.9"])] * 2
        halves = usage.usage(session, parts)
        assert [halves[row.id].leased for row in parts] == [1, 1]
        row = division.merge_subnets(session, OPERATOR, full, [parts[1].id])
        after = world(session)
        pieces = after.pop("pools")
        assert before.pop("pools") == [("10.0.0.0/24", "10.0.0.50-10.0.0.199")]
        assert pieces == [("10.0.0.0/24", "10.0.0.128-10.0.0.199"), ("10.0.0.0/24", "10.0.0.50-10.0.0.127")]
        assert after == before
        assert usage.usage(session, [row])[full] == used


def test_split_at_an_address_makes_the_fewest_prefixes(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session:
        parts = division.split(session, OPERATOR, full, at=ip_address("10.0.0.64"), same_link=False)
        assert [row.cidr for row in parts] == ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/25"]
        assert [row.relays for row in parts] == [["10.9.9.9"], [], []]
        assert [row.shared_network for row in parts] == [None] * 3


def test_split_moves_no_client_but_tells_it_the_new_mask(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session:
        division.split(session, OPERATOR, full, prefix_len=25)
        lines = session.scalars(select(AuditEntry).where(AuditEntry.id > 6))
        effects = impact.of_changes(session, [(line.object, line.before, line.after) for line in lines])
    assert [(e.kind, [c.ip for c in e.sample]) for e in effects] == [("settings", ["10.0.0.60", "10.0.0.130"])]


def test_split_is_refused_with_every_reason(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session:
        reserve(session, "10.0.0.127", "02:00:00:00:00:7f")
        addresses.put_address(session, OPERATOR, "10.0.0.128", AddressIn())
        plan(session, "10.0.0.0/25", dhcp_enabled=False)
        with pytest.raises(Conflict) as caught:
            division.split(session, OPERATOR, full, prefix_len=25)
        assert [(p.code, p.conflict_type) for p in caught.value.problems] == [
            ("duplicate", "subnets"), ("edge", "reservations"), ("edge", "addresses"),
        ]  # fmt: skip
        for wrong in ({"prefix_len": 24}, {"prefix_len": 33}, {"at": ip_address("10.0.0.0")}, {}):
            with pytest.raises(Invalid):
                division.split(session, OPERATOR, full, **wrong)


def test_merge_keeps_the_other_gateways_from_clients(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        one, two = (
            plan(session, "10.0.0.0/25", gateway="10.0.0.1"),
            plan(session, "10.0.0.128/25", gateway="10.0.0.129"),
        )
        row = division.merge_subnets(session, OPERATOR, two, [one])
        assert (row.cidr, str(row.gateway)) == ("10.0.0.0/24", "10.0.0.129")
        assert addresses.get_address(session, "10.0.0.1").state == "static"


@pytest.mark.parametrize(("first", "second"), [("10.0.0.0/25", "10.0.1.0/25"), ("10.0.0.128/25", "10.0.1.0/25")])
def test_merge_of_what_is_no_prefix_is_refused(factory: SessionFactory, first: str, second: str) -> None:
    with unit_of_work(factory) as session:
        one, two = plan(session, first), plan(session, second)
        with pytest.raises(Invalid, match="do not fill one prefix"):
            division.merge_subnets(session, OPERATOR, one, [two])


def test_merge_with_one_device_reserved_twice_is_refused(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        one, two = plan(session, "10.0.0.0/25"), plan(session, "10.0.0.128/25", dhcp_enabled=False)
        for ip in ("10.0.0.9", "10.0.0.140"):
            reserve(session, ip, "02:00:00:00:00:01")
        with pytest.raises(Conflict) as caught:
            division.merge_subnets(session, OPERATOR, one, [two])
        assert [p.code for p in caught.value.problems] == ["mixed", "duplicate"]


def test_larger_subnet_takes_over_and_smaller_one_leaves_known_addresses(
    factory: SessionFactory, full: int
) -> None:
    with unit_of_work(factory) as session:
        outer = plan(session, "10.0.0.0/16", dhcp_enabled=False)
        addresses.put_address(session, OPERATOR, "10.0.1.9", AddressIn())
        row = resizing.resize(session, OPERATOR, full, "10.0.0.0/23")
        assert row.cidr == "10.0.0.0/23"
        assert session.get_one(KnownAddress, ip_address("10.0.1.9")).subnet_id == full
        resizing.resize(session, OPERATOR, full, "10.0.0.0/24")
        assert session.get_one(KnownAddress, ip_address("10.0.1.9")).subnet_id == outer


def test_smaller_subnet_is_refused_with_all_that_would_be_outside(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session, pytest.raises(Conflict) as caught:
        resizing.resize(session, OPERATOR, full, "10.0.0.0/25")
    assert [p.detail for p in caught.value.problems] == [
        "The pool 10.0.0.50-10.0.0.199 would be outside 10.0.0.0/25.",
        "The reservation of 10.0.0.220 would be outside 10.0.0.0/25.",
        "The address 10.0.0.230 would be outside 10.0.0.0/25.",
    ]


def test_resize_to_another_network_or_over_a_served_one_is_refused(factory: SessionFactory, full: int) -> None:
    with unit_of_work(factory) as session:
        plan(session, "10.0.1.0/24")
        with pytest.raises(Invalid, match="two networks"):
            resizing.resize(session, OPERATOR, full, "10.0.2.0/24")
        with pytest.raises(Conflict, match=r"overlaps 10\.0\.1\.0/24"):
            resizing.resize(session, OPERATOR, full, "10.0.0.0/23")
        session.rollback()

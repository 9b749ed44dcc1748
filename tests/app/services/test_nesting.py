"""Do subnets nest by their ranges, in both families, and does each object belong to the narrowest one?"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.database import SessionFactory, unit_of_work
from app.models import KnownAddress, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, grid, nesting, pools, reservations, subnets
from app.services.actors import Actor
from app.services.errors import Conflict, Invalid
from app.services.nesting import starts_around
from app.services.patch import parsed

OPERATOR = Actor("olga", "operator")


def plan(factory: SessionFactory, cidr: str, **fields: object) -> int:
    with unit_of_work(factory) as session:
        return subnets.create_subnet(session, OPERATOR, parsed(SubnetIn, {"cidr": cidr, **fields})).id


def add_pool(factory: SessionFactory, subnet_id: int, start: str, end: str) -> int:
    with unit_of_work(factory) as session:
        return pools.create_pool(session, OPERATOR, PoolIn(subnet_id=subnet_id, start=start, end=end)).id


def reserve(factory: SessionFactory, ip: str, mac: str = "aabbcc000001", **fields: object) -> int:
    wish = {"identifiers": [{"type": "mac", "value": mac}], "ip": ip, **fields}
    with unit_of_work(factory) as session:
        return reservations.create_reservation(session, OPERATOR, parsed(ReservationIn, wish)).id


def note(factory: SessionFactory, ip: str) -> None:
    with unit_of_work(factory) as session:
        addresses.put_address(session, OPERATOR, ip, AddressIn())


def test_parents_depth_and_children_come_from_ranges(factory: SessionFactory) -> None:
    tens = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "10.1.3.0/24", "10.1.0.0/24"]
    ids = [plan(factory, cidr, dhcp_enabled=False) for cidr in [*tens, "192.168.0.0/24", "2001:db8::/32"]]
    inner = plan(factory, "2001:db8:0:1::/64")
    with unit_of_work(factory, writing=False) as session:
        nodes = nesting.tree(session)
        found = [(nodes[i].parent_id, nodes[i].depth, nodes[i].children) for i in [*ids, inner]]
    eight, sixteen, two = ids[0], ids[1], ids[2]
    assert found == [
        (None, 0, 1), (eight, 1, 3), (sixteen, 2, 1), (two, 3, 0), (sixteen, 2, 0), (sixteen, 2, 0),
        (None, 0, 0), (None, 0, 1), (ids[7], 1, 0),
    ]  # fmt: skip


def _is_planned(address: IPv4Address | IPv6Address) -> bool:
    return not (isinstance(address, IPv6Address) and address.ipv4_mapped)


# IPv4 written as IPv6 is refused at the edge: it would share its key with the IPv4 address (RFC 4291 §2.5.5.2).
PLANNED = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(_is_planned)


@pytest.mark.parametrize("text", ["::ffff:0:0/96", "::ffff:10.0.0.0/104"])
def test_ipv4_written_as_ipv6_is_no_subnet(text: str) -> None:
    with pytest.raises(Invalid):
        parsed(SubnetIn, {"cidr": text, "dhcp_enabled": False})


@given(PLANNED, st.integers(0, 128))
def test_every_prefix_around_an_address_is_looked_for(address, length: int) -> None:  # type: ignore[no-untyped-def]  # either family
    length = min(length, address.max_prefixlen)
    assert ip_network((address, length), strict=False).network_address in starts_around(address)


def test_address_belongs_to_the_narrowest_subnet(factory: SessionFactory) -> None:
    plan(factory, "10.0.0.0/8", dhcp_enabled=False)
    narrow = plan(factory, "10.1.0.0/16")
    note(factory, "10.1.0.9")
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(KnownAddress, ip_address("10.1.0.9")).subnet_id == narrow
        home = nesting.home_of(session, ip_address("10.1.255.255"))
        assert home is not None and home.id == narrow
        assert nesting.home_of(session, ip_address("11.0.0.0")) is None
        assert nesting.home_of(session, ip_address("::a01:9")) is None


def test_new_subnet_takes_over_what_lies_in_it(factory: SessionFactory) -> None:
    outer = plan(factory, "10.0.0.0/16", dhcp_enabled=False)
    pool, promise = add_pool(factory, outer, "10.0.5.10", "10.0.5.20"), reserve(factory, "10.0.5.30")
    note(factory, "10.0.5.40")
    note(factory, "10.0.6.1")
    inner = plan(factory, "10.0.5.0/24")
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(Pool, pool).subnet_id == inner
        moved = session.get_one(Reservation, promise)
        assert (moved.subnet_id, moved.identifiers[0].subnet_id) == (inner, inner)
        assert session.get_one(KnownAddress, ip_address("10.0.5.40")).subnet_id == inner
        assert session.get_one(KnownAddress, ip_address("10.0.6.1")).subnet_id == outer


def test_subnet_across_a_pool_is_refused(factory: SessionFactory) -> None:
    outer = plan(factory, "10.0.0.0/16", dhcp_enabled=False)
    add_pool(factory, outer, "10.0.5.200", "10.0.6.20")
    with pytest.raises(Conflict, match=r"pool 10\.0\.5\.200-10\.0\.6\.20 lies across the edge of 10\.0\.5\.0/24"):
        plan(factory, "10.0.5.0/24")


def test_named_part_of_a_served_subnet_takes_nothing_from_it(factory: SessionFactory) -> None:
    served = plan(factory, "10.9.0.0/24")
    pool, promise = add_pool(factory, served, "10.9.0.120", "10.9.0.140"), reserve(factory, "10.9.0.127")
    note(factory, "10.9.0.200")
    plan(factory, "10.9.0.128/25", dhcp_enabled=False)
    note(factory, "10.9.0.201")
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(Pool, pool).subnet_id == served
        assert session.get_one(Reservation, promise).subnet_id == served
        assert {row.subnet_id for row in session.scalars(select(KnownAddress))} == {served}
        assert addresses.get_address(session, "10.9.0.128").state == "free"


def test_subnet_can_be_served_unless_a_narrower_one_holds_pools(factory: SessionFactory) -> None:
    outer = plan(factory, "10.9.0.0/24", dhcp_enabled=False)
    inner = plan(factory, "10.9.0.128/25", dhcp_enabled=False)
    note(factory, "10.9.0.200")
    with unit_of_work(factory) as session:
        subnets.update_subnet(session, OPERATOR, outer, {"dhcp_enabled": True})
        assert session.get_one(KnownAddress, ip_address("10.9.0.200")).subnet_id == outer
        subnets.update_subnet(session, OPERATOR, outer, {"dhcp_enabled": False})
        assert session.get_one(KnownAddress, ip_address("10.9.0.200")).subnet_id == inner
    add_pool(factory, inner, "10.9.0.130", "10.9.0.140")
    with pytest.raises(Conflict, match="serve that one"), unit_of_work(factory) as session:
        subnets.update_subnet(session, OPERATOR, outer, {"dhcp_enabled": True})


def test_subnet_whose_edge_is_in_use_is_refused(factory: SessionFactory) -> None:
    plan(factory, "10.0.0.0/16", dhcp_enabled=False)
    note(factory, "10.0.5.255")
    with pytest.raises(Conflict, match=r"address 10\.0\.5\.255 would be the broadcast address of 10\.0\.5\.0/24"):
        plan(factory, "10.0.5.0/24")
    reserve(factory, "10.0.7.1")
    with pytest.raises(Conflict, match=r"10\.0\.7\.1 is reserved"):
        plan(factory, "10.0.7.0/24", gateway="10.0.7.1")


def test_pool_that_reaches_into_a_narrower_subnet_is_refused(factory: SessionFactory) -> None:
    outer = plan(factory, "10.0.0.0/16", dhcp_enabled=False)
    plan(factory, "10.0.5.0/24")
    with pytest.raises(Conflict, match=r"narrower subnet 10\.0\.5\.0/24"):
        add_pool(factory, outer, "10.0.4.0", "10.0.5.9")
    with pytest.raises(Conflict, match="belongs to"):
        reserve(factory, "10.0.5.9", subnet_id=outer)


def test_excluded_range_may_lie_in_a_pool_but_not_across_another(factory: SessionFactory) -> None:
    subnet = plan(factory, "10.0.0.0/24")
    add_pool(factory, subnet, "10.0.0.10", "10.0.0.99")
    with unit_of_work(factory) as session:
        hole = PoolIn(subnet_id=subnet, start="10.0.0.20", end="10.0.0.29", kind="excluded")
        pools.create_pool(session, OPERATOR, hole)
    with pytest.raises(Conflict, match="overlaps the pool"), unit_of_work(factory) as session:
        hole = PoolIn(subnet_id=subnet, start="10.0.0.29", end="10.0.0.35", kind="excluded")
        pools.create_pool(session, OPERATOR, hole)


def test_deleted_subnet_leaves_its_known_addresses_to_the_one_around_it(factory: SessionFactory) -> None:
    outer, inner = plan(factory, "10.0.0.0/16", dhcp_enabled=False), plan(factory, "10.0.5.0/24")
    add_pool(factory, inner, "10.0.5.10", "10.0.5.20")
    reserve(factory, "10.0.5.30")
    note(factory, "10.0.5.40")
    with unit_of_work(factory) as session:
        subnets.delete_subnet(session, OPERATOR, inner)
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(KnownAddress, ip_address("10.0.5.40")).subnet_id == outer
        assert session.scalars(select(Pool)).all() == []
        assert session.scalars(select(Reservation)).all() == []


def test_ipv6_is_planned_and_not_served(factory: SessionFactory) -> None:
    with pytest.raises(Invalid, match="DHCPv6 is not served yet"):
        plan(factory, "2001:db8::/64", dhcp_enabled=True)
    subnet = plan(factory, "2001:DB8:0::/64", gateway="2001:db8::1")
    add_pool(factory, subnet, "2001:db8::1000", "2001:db8::1fff")
    reserve(factory, "2001:db8::50")
    note(factory, "2001:db8::60")
    with unit_of_work(factory, writing=False) as session:
        row = session.get_one(Subnet, subnet)
        assert (row.cidr, row.dhcp_enabled) == ("2001:db8::/64", False)
        cells = {cell.ip: cell.state for cell in grid.grid(session, row, "2001:db8::", "2001:db8::ff").cells or []}
        assert addresses.get_address(session, "2001:db8::1fff").state == "free"
    assert len(cells) == 256
    marked = {ip: state for ip, state in cells.items() if state != "free"}
    assert marked == {
        "2001:db8::": "network", "2001:db8::1": "gateway", "2001:db8::50": "reserved", "2001:db8::60": "static",
    }  # fmt: skip
    with pytest.raises(Invalid, match="before the start"):
        add_pool(factory, subnet, "2001:db8::2000", "10.0.0.1")


@pytest.mark.parametrize("cidr", ["::ffff:10.0.0.0/120", "10.0.0.1/24", "2001:db8::1/64", "fe80::%eth0/64", "x"])
def test_prefix_that_is_none_is_refused(cidr: str) -> None:
    with pytest.raises(Invalid):
        parsed(SubnetIn, {"cidr": cidr})


def test_tree_of_random_prefixes_is_that_of_the_library(factory: SessionFactory) -> None:
    cidrs = {f"10.{a}.{b}.0/{length}" for a in (0, 16) for b in (0, 64, 128) for length in (16, 18, 24, 25)}
    networks = [IPv4Network(c) for c in sorted(cidrs) if str(IPv4Network(c, strict=False)) == c]
    ids = {network: plan(factory, str(network), dhcp_enabled=False) for network in networks}
    with unit_of_work(factory, writing=False) as session:
        nodes = nesting.tree(session)
    for network, id_ in ids.items():
        around = [n for n in networks if n != network and network.subnet_of(n)]
        parent = max(around, key=lambda n: n.prefixlen, default=None)
        assert nodes[id_].depth == len(around)
        assert nodes[id_].parent_id == (ids[parent] if parent else None)


def test_labels_say_what_the_rows_say_of_both_families_in_their_order(factory: SessionFactory) -> None:
    for cidr, name in (
        ("2001:db8::/64", "six"),
        ("10.0.0.0/8", "<all>"),
        ("10.0.0.0/24", ""),
        ("192.0.2.0/31", "x"),
    ):
        plan(factory, cidr, name=name, dhcp_enabled=False)
    with unit_of_work(factory, writing=False) as session:
        rows = subnets.list_subnets(session)
        assert list(subnets.labels(session).values()) == [(row.id, row.cidr, row.name) for row in rows]

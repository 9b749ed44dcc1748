"""Does the list of addresses give each address once, in order, in the state that it has alone?"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import KnownAddress, Lease, Pool, Subnet
from app.schemas.addresses import AddressOut
from app.schemas.labels import CustomFieldIn
from app.services import address_list, custom_fields
from app.services.actors import Actor
from app.services.addresses import describe
from app.services.grants import limit
from app.services.listing import Unreadable, read_wish
from app.services.patch import parsed
from tests.app.services.test_usage import BASE, World, churned
from tests.builders import hold_leases


def listed(session: Session, size: int = 50, **parameters: str) -> list[AddressOut]:
    """Follow the cursor to the end."""
    found: list[AddressOut] = []
    cursor: str | None = ""
    while cursor is not None:
        wish = read_wish([*parameters.items(), ("cursor", cursor), ("limit", str(size))])
        part = address_list.cut(session, wish)
        assert len(part.rows) <= size
        found += part.rows
        cursor = part.next_cursor
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_state_has_exactly_its_addresses(engine: Engine, factory: SessionFactory, seed: int) -> None:
    world = World(seed)
    list(churned(engine, world, 3))
    with unit_of_work(factory, writing=False) as session:
        right = describe(session, [IPv4Address(n) for n in range(BASE, BASE + 1024)])
        assert listed(session) == right
        for state in address_list.STATES:
            assert listed(session, 7, state=state) == [row for row in right if row.state == state], state
        some = ("free", "conflict", "network", "static")
        assert listed(session, state__in=",".join(some)) == [row for row in right if row.state in some]
        for subnet in world.subnets:
            own = [row for row in right if row.subnet_id == subnet.id]
            assert listed(session, subnet_id=str(subnet.id)) == own
            leased = [row for row in own if row.state == "leased"]
            assert listed(session, 3, subnet_id=str(subnet.id), state="leased") == leased
        within = ip_network("10.0.0.192/26")
        assert listed(session, within=str(within)) == [r for r in right if ip_address(r.ip) in within]


def test_a_text_finds_hosts_by_name_owner_mac_and_address(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.5", "10.0.0.9", "10.0.1.7")
    with unit_of_work(factory) as session:
        session.add(subnet("10.0.0.0/24"))
        session.flush()
        session.get_one(Lease, IPv4Address("10.0.0.5")).hostname = "printer-5"
        session.get_one(Lease, IPv4Address("10.0.1.7")).hostname = "printer-7"
        session.add(KnownAddress(ip=IPv4Address("10.0.0.40"), subnet_id=1, owner="Printers 100%", notes="x"))
    with unit_of_work(factory, writing=False) as session:
        for text, octets in (("printer", [5, 40]), ("100%", [40]), ("10.0.0.77", [77]), ("020A.0000.0009", []),
                             ("02:00:0a:00:00:09", [9]), ("10.0.1.7", []), ("nobody", [])):  # fmt: skip
            assert [int(row.ip.split(".")[3]) for row in listed(session, 2, q=text)] == octets, text
        assert [row.ip for row in listed(session, q="printer", state="static")] == ["10.0.0.40"]


def test_custom_fields_find_addresses(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        session.add(subnet("10.0.0.0/24"))
        session.flush()
        wish = parsed(CustomFieldIn, {"resource": "addresses", "name": "rack", "type": "integer"})
        custom_fields.create_custom_field(session, Actor("ada", "admin"), wish)
        for n in range(1, 9):
            ip = IPv4Address(f"10.0.0.{n}")
            session.add(KnownAddress(ip=ip, subnet_id=1, hostname=f"h{n % 2}", custom_fields={"rack": n}))
    with unit_of_work(factory, writing=False) as session:
        assert [row.ip for row in listed(session, 2, cf_rack__gt="5")] == ["10.0.0.6", "10.0.0.7", "10.0.0.8"]
        assert [row.ip for row in listed(session, 2, cf_rack__gt="5", q="h1")] == ["10.0.0.7"]


def test_a_large_prefix_is_walked_and_not_written_out(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        session.add_all([subnet("10.0.0.0/8"), subnet("2001:db8::/64")])
        session.flush()
        session.add(
            Pool(subnet_id=1, first=IPv4Address("10.0.0.1"), last=IPv4Address("10.255.0.0"), kind="excluded")
        )
        session.add(KnownAddress(ip=IPv4Address("10.200.0.1"), subnet_id=1))
        session.add(KnownAddress(ip=IPv6Address("2001:db8::dead:beef"), subnet_id=2))
    with unit_of_work(factory, writing=False) as session:
        part = address_list.cut(session, read_wish([("state", "free"), ("limit", "2")]))
        assert [row.ip for row in part.rows] == ["10.255.0.1", "10.255.0.2"]
        assert [row.ip for row in listed(session, state="static")] == ["10.200.0.1", "2001:db8::dead:beef"]
        six = address_list.cut(
            session, read_wish([("within", "2001:db8::/64"), ("limit", "2"), ("count", "exact")])
        )
        assert ([row.ip for row in six.rows], six.total) == (["2001:db8::", "2001:db8::1"], 2**64)


def test_a_part_ends_after_so_many_looks_and_goes_on(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_list, "LOOKED_AT", 300)
    with unit_of_work(factory) as session:
        session.add(subnet("10.0.0.0/20", dhcp_enabled=False))
        session.flush()
        whole = IPv4Network("10.0.0.0/21")
        session.add(Pool(subnet_id=1, first=whole[0], last=whole[-1], kind="excluded"))
    with unit_of_work(factory, writing=False) as session:
        first = address_list.cut(session, read_wish([("state", "free")]))
        assert (first.rows, first.next_cursor is None) == ([], False)
        assert len(listed(session, 500, state="free")) == 2048 - 1


def test_a_limited_viewer_sees_only_their_addresses(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.5", "10.0.1.5")
    with unit_of_work(factory) as session:
        session.add_all([subnet("10.0.0.0/24"), subnet("10.0.1.0/24")])
    with unit_of_work(factory, writing=False) as session:
        limit(session, ((IPv4Address("10.0.1.0"), IPv4Address("10.0.1.255")),))
        assert [row.ip for row in listed(session, state="leased")] == ["10.0.1.5"]
        assert len(listed(session)) == 256


@pytest.mark.parametrize(
    ("name", "value"),
    [("state", "asleep"), ("state__in", "free,asleep"), ("within", "x"), ("subnet_id", "x"), ("colour", "red"),
     ("sort", "-ip"), ("cursor", "zzz"), ("cursor", "WzFd"), ("cf_rack", "1"), ("limit", "0")],
)  # fmt: skip
def test_a_parameter_that_is_wrong_or_unknown_is_refused(factory: SessionFactory, name: str, value: str) -> None:
    with unit_of_work(factory, writing=False) as session, pytest.raises(Unreadable):
        address_list.cut(session, read_wish([(name, value)]))


def subnet(cidr: str, **more: bool) -> Subnet:
    network = ip_network(cidr)
    assert isinstance(network, IPv4Network | IPv6Network)
    ends = {"first": network.network_address, "last": network.broadcast_address}
    return Subnet(**ends, prefix_len=network.prefixlen, **more)

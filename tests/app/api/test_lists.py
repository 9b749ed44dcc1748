"""Is each list filtered, sorted and cut in SQL, stable under inserts, on both databases?"""

from ipaddress import ip_address

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Lease
from app.models.base import utc_now
from app.schemas.subnets import SubnetIn
from app.services import events, leases, occupancy, subnets
from app.services.actors import Actor
from app.services.listing import Unreadable, Wish, cut, read_wish
from app.services.patch import parsed
from tests.builders import hold_leases

OPERATOR = Actor("olga", "operator")
NAMES = ("delta", "alpha", "Bravo", "", "charlie", "alpha")


@pytest.fixture
def held(engine: Engine, factory: SessionFactory) -> SessionFactory:
    """Leases on 10.0.0.1 to .6; .3 and .5 never end, the others end in the order of their addresses."""
    hold_leases(engine, *(f"10.0.0.{n}" for n in range(1, 7)))
    with unit_of_work(factory) as session:
        for number, name in enumerate(NAMES, 1):
            row = session.get_one(Lease, ip_address(f"10.0.0.{number}"))
            row.hostname = name
            row.expires_at = None if number in (3, 5) else utc_now().replace(year=2030, second=number)
            row.state = "declined" if number == 6 else "active"
        session.flush()
        occupancy.rebuild(session)
    return factory


def found(session: Session, **parameters: str) -> list[int]:
    """Return the last octets of all leases that a list gives, two a page."""
    cursor, octets = "", []
    while cursor is not None:
        part = cut(session, leases.LISTING, read_wish([*parameters.items(), ("cursor", cursor), ("limit", "2")]))
        octets += [int(row.ip) & 255 for row in part.rows]
        cursor = part.next_cursor  # type: ignore[assignment]  # None ends the loop
    return octets


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("ip", [1, 2, 3, 4, 5, 6]),
        ("-ip", [6, 5, 4, 3, 2, 1]),
        ("expires_at", [1, 2, 4, 6, 3, 5]),
        ("-expires_at,ip", [3, 5, 6, 4, 2, 1]),
        ("-expires_at", [3, 5, 6, 4, 2, 1]),
        ("state,-ip", [5, 4, 3, 2, 1, 6]),
        ("-state,expires_at", [6, 1, 2, 4, 3, 5]),
    ],
)
def test_pages_together_give_each_row_once_in_order(held: SessionFactory, sort: str, order: list[int]) -> None:
    with unit_of_work(held, writing=False) as session:
        assert found(session, sort=sort) == order


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("ip", "10.0.0.4", [4]),
        ("ip__in", "10.0.0.4,10.0.0.2,10.9.9.9", [2, 4]),
        ("ip__gt", "10.0.0.4", [5, 6]),
        ("ip__lt", "10.0.0.3", [1, 2]),
        ("state__ne", "active", [6]),
        ("hostname", "alpha", [2, 6]),
        ("hostname__contains", "A", [1, 2, 3, 5, 6]),
        ("hostname__startswith", "b", [3]),
        ("hostname__contains", "%", []),
        ("expires_at__isnull", "true", [3, 5]),
        ("expires_at__isnull", "false", [1, 2, 4, 6]),
        ("expires_at__lt", "2030-12-31T00:00:00Z", [1, 2, 4, 6]),
        ("expires_at__gt", "2029-01-01T00:00:00Z", [1, 2, 4, 6]),
        ("expires_at__ne", "2029-01-01T00:00:00Z", [1, 2, 3, 4, 5, 6]),
        ("mac", "0200.0a00.0004", [4]),
        ("mac__startswith", "02:00:0a", [1, 2, 3, 4, 5, 6]),
        ("mac__startswith", "02:00:0b", []),
        ("within", "10.0.0.4/30", [4, 5, 6]),
        ("within", "10.0.0.5", [5]),
        ("subnet_id", "1", [1, 2, 3, 4, 5, 6]),
        ("renewals__gt", "0", []),
        ("q", "0200.0a00.0003", [3]),
        ("q", "10.0.0.3", [3]),
        ("q", "ALPH", [2, 6]),
        ("q", " ", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_filter_leaves_what_it_names(held: SessionFactory, name: str, value: str, octets: list[int]) -> None:
    with unit_of_work(held, writing=False) as session:
        assert found(session, **{name: value}) == octets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stat", "active"), ("renewals__contains", "1"), ("ip", "10.0.0"), ("ip__in", "10.0.0.1,x"),
        ("sort", "nothing"), ("sort", "ip,ip"), ("limit", "0"), ("limit", "1001"), ("limit", "x"), ("count", "all"),
        ("cursor", "x"), ("cursor", "bnVsbA"), ("expires_at__lt", "soon"), ("expires_at__lt", "2030-01-01T00:00"),
        ("within", "10.0.0.0/33"), ("contains", "10.0.0.1"), ("mac", "no"), ("renewals", "9" * 30), ("ip__", "x"),
        ("__in", "x"), ("expires_at__isnull", "maybe"), ("ip__in", ",".join(["10.0.0.1"] * 501)),
    ],
)  # fmt: skip
def test_parameter_that_means_nothing_is_refused(held: SessionFactory, name: str, value: str) -> None:
    with unit_of_work(held, writing=False) as session, pytest.raises(Unreadable) as refused:
        cut(session, leases.LISTING, read_wish([(name, value)]))
    assert refused.value.problems[0].field == name


def test_twice_the_same_parameter_is_refused() -> None:
    with pytest.raises(Unreadable, match="twice"):
        read_wish([("state", "active"), ("state", "declined")])


def test_cursor_belongs_to_its_order(held: SessionFactory) -> None:
    with unit_of_work(held, writing=False) as session:
        cursor = cut(session, leases.LISTING, Wish(limit=2)).next_cursor or ""
        with pytest.raises(Unreadable, match="cursor"):
            cut(session, leases.LISTING, Wish(limit=2, sort="-ip", cursor=cursor))


def test_rows_inserted_behind_and_before_the_cursor_neither_double_nor_hide_others(
    engine: Engine, held: SessionFactory
) -> None:
    with unit_of_work(held, writing=False) as session:
        first = cut(session, leases.LISTING, Wish(limit=3))
    hold_leases(engine, "10.0.0.0", "10.0.0.9")
    with unit_of_work(held, writing=False) as session:
        rest = cut(session, leases.LISTING, Wish(limit=10, cursor=first.next_cursor or "", count=True))
    assert [str(row.ip) for row in rest.rows] == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.9"]
    assert rest.total == 8


def test_network_filters_find_nested_prefixes(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        for cidr in ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/24"):
            wish = parsed(SubnetIn, {"cidr": cidr, "dhcp_enabled": False})
            subnets.create_subnet(session, OPERATOR, wish)
        for name, value, wanted in (
            ("within", "10.1.0.0/16", ["10.1.0.0/16", "10.1.2.0/24"]),
            ("contains", "10.1.2.3", ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"]),
            ("contains", "10.1.0.0/16", ["10.0.0.0/8", "10.1.0.0/16"]),
            ("overlaps", "10.1.2.0/23", ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"]),
            ("q", "192.168", []),
            ("q", "192.168.0.77", ["192.168.0.0/24"]),
            ("gateway__isnull", "true", ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/24"]),
        ):
            part = cut(session, subnets.LISTING, Wish(((name, value),)))
            assert [row.cidr for row in part.rows] == wanted, (name, value)


IDENTIFIERS = {
    1: "0102000a000001",
    2: "00616263",
    3: "ff0000000100010001",
    4: "0602000a000004",
    5: "0102000a000001",
    6: "",
}
"""Client identifiers by last octet: its MAC, a short text, a DUID, its MAC as another type, another's MAC, none."""


@pytest.mark.parametrize(
    ("asked", "octets"),
    [
        ("0102000a000001", [1, 5]),
        ("01:02:00:0a:00:00:01", [1, 5]),
        ("00616263", [2]),
        ("ff0000000100010001", [3]),
        ("0602000a000004", [4]),
        ("0102000a000004", []),
        ("", [6]),
    ],
)
def test_client_identifiers_are_found_whatever_they_are_made_of(
    held: SessionFactory, asked: str, octets: list[int]
) -> None:
    with unit_of_work(held) as session:
        for octet, identifier in IDENTIFIERS.items():
            session.get_one(Lease, ip_address(f"10.0.0.{octet}")).client_id = bytes.fromhex(identifier)
    with unit_of_work(held, writing=False) as session:
        assert found(session, client_id=asked) == octets


def test_events_of_a_subnet_are_those_of_its_addresses_even_after_it_was_made(held: SessionFactory) -> None:
    with unit_of_work(held) as session:
        row = subnets.create_subnet(session, OPERATOR, SubnetIn(cidr="10.0.0.4/30"))
        asked = read_wish([("subnet_id", str(row.id))])
        told = cut(session, events.LISTING, asked).rows
        assert {str(event.ip) for event in told} == {"10.0.0.4", "10.0.0.5", "10.0.0.6"}
        assert [event.id for event in told] == sorted((event.id for event in told), reverse=True)
        assert len(cut(session, events.LISTING, read_wish([("subnet_id", "77")])).rows) == 0

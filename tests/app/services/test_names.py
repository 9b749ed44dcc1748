"""Does the memory of names find what the table holds, also after changes?"""

from ipaddress import IPv4Address, ip_address

from sqlalchemy import Engine, update

from app.database import SessionFactory, unit_of_work
from app.models import Lease
from app.services import leases, names
from app.services.listing import Wish, cut
from app.services.names import Names
from tests.builders import hold_leases


def name(factory: SessionFactory, address: str, hostname: str) -> None:
    with unit_of_work(factory) as session:
        session.get_one(Lease, ip_address(address)).hostname = hostname


def loaded(factory: SessionFactory) -> Names:
    known = Names()
    with unit_of_work(factory, writing=False) as session:
        known.load(session)
    return known


def found(known: Names, text: str) -> list[str] | None:
    addresses = known.find(text)
    return None if addresses is None else [str(ip) for ip in addresses]


def test_part_of_a_name_is_found_once_whatever_the_case(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
    for address, hostname in (("10.0.0.1", "Printer-printer"), ("10.0.0.2", "printers"), ("10.0.0.4", "Straße")):
        name(factory, address, hostname)
    known = loaded(factory)
    assert found(known, "PRINTER") == ["10.0.0.1", "10.0.0.2"]
    assert found(known, "printers") == ["10.0.0.2"]
    assert found(known, "straße") == ["10.0.0.4"]
    assert found(known, "rprinters") == []
    assert found(known, "") is None


def test_changed_name_is_found_by_the_new_one_only(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.1", "10.0.0.2")
    name(factory, "10.0.0.1", "old")
    known = loaded(factory)
    known.note([(IPv4Address("10.0.0.1"), "New"), (IPv4Address("10.0.0.2"), "newer")])
    assert found(known, "old") == []
    assert found(known, "new") == ["10.0.0.1", "10.0.0.2"]


def test_nothing_is_said_before_all_is_known_nor_about_too_many(engine: Engine, factory: SessionFactory) -> None:
    assert Names().find("x") is None
    addresses = [f"10.0.{n >> 8}.{n & 255}" for n in range(names.MAX_FOUND + 1)]
    hold_leases(engine, *addresses)
    with unit_of_work(factory) as session:
        session.execute(update(Lease).values(hostname="same"))
    known = loaded(factory)
    assert found(known, "same") is None
    assert found(known, "other") == []


def test_list_of_leases_uses_the_names_and_the_table_judges(engine: Engine, factory: SessionFactory) -> None:
    hold_leases(engine, "10.0.0.1", "10.0.0.2")
    name(factory, "10.0.0.1", "alpha-one")
    name(factory, "10.0.0.2", "alpha-two")
    known = loaded(factory)
    name(factory, "10.0.0.2", "gone")
    with unit_of_work(factory, writing=False) as session:
        session.info[names.NAMES] = known
        for filters in ((("q", "alpha"),), (("hostname__contains", "LPHA"),)):
            assert [str(row.ip) for row in cut(session, leases.LISTING, Wish(filters)).rows] == ["10.0.0.1"]

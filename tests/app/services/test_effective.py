"""Do the settings in force name the right scope, and are they what the worker sends? On both databases."""

from ipaddress import IPv4Address
from typing import Any

import pytest
from sqlalchemy import Engine

from app.database import SessionFactory, unit_of_work
from app.schemas.effective import EffectiveOut, EffectiveQuery
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.shared_networks import SharedNetworkIn
from app.services import effective, pools, reservations, settings, shared_networks
from app.services.errors import Invalid
from app.services.patch import parsed
from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.loader import load_snapshot
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import decide
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import parse_ipv4, parse_mac
from dhcpd.protocol.packet import Packet, decode
from tests.app.services.test_client_classes import make
from tests.app.services.test_option_definitions import ADMIN
from tests.app.services.test_plan import plan
from tests.builders import hold_leases

MAC = "02:00:00:00:00:07"
SERVER = parse_ipv4("10.0.0.1")
BOOT = {60: b"PXEClient:Arch:00007", 93: b"\0\7"}


def option(name: str, value: object, *, always: bool = False) -> dict[str, object]:
    return {"option": name, "value": value, "always": always}


def told(name: str) -> dict[str, object]:
    """Return an option that says which scope it comes from."""
    return option("root-path", name)


@pytest.fixture
def subnet(factory: SessionFactory) -> int:
    """A subnet all of whose scopes say something."""
    boot = {"options": [told("class"), option("boot-size", 5)], "boot_file": "class.efi", "position": 10}
    make(factory, "boot", 'vendor_class startswith "PXEClient" and architecture in (7, 9)', **boot)
    weaker = {"options": [told("weaker"), option("boot-size", 6), option("merit-dump", "weaker")], "position": 20}
    make(factory, "any-boot", 'vendor_class startswith "PXEClient"', **weaker)
    with unit_of_work(factory) as session:
        wide = [told("settings"), option("routers", ["192.0.2.1"]), option("domain-name", "settings", always=True)]
        changes = {"options": wide, "next_server": "10.0.0.66", "renew_time": 1000}
        settings.update_settings(session, ADMIN, changes)
        data = SharedNetworkIn(options=[told("shared")], server_name="shared")
        shared_networks.put_shared_network(session, ADMIN, "link", data)
    subnet = plan(
        factory,
        gateway="10.0.0.1",
        shared_network="link",
        lease_time=3600,
        options=[told("subnet")],
        boot_file="subnet",
    )
    with unit_of_work(factory) as session:
        fields = {"subnet_id": subnet, "start": "10.0.0.10", "end": "10.0.0.20"}
        pools.create_pool(session, ADMIN, PoolIn(**fields, options=[told("pool")]))
        pools.create_pool(session, ADMIN, PoolIn(subnet_id=subnet, start="10.0.0.30", end="10.0.0.40"))
    return subnet


def reserve(factory: SessionFactory, ip: str) -> None:
    with unit_of_work(factory) as session:
        values = {"ip": ip, "identifiers": [{"type": "mac", "value": MAC}], "options": [told("reservation")],
                  "hostname": "printer", "server_name": "reserved"}  # fmt: skip
        reservations.create_reservation(session, ADMIN, parsed(ReservationIn, values))


def ask(factory: SessionFactory, subnet: int, **query: Any) -> EffectiveOut:
    with unit_of_work(factory, writing=False) as session:
        return effective.effective(session, subnet, EffectiveQuery(**query))


def where(outcome: EffectiveOut, code: int) -> list[str]:
    """Return the value of an option, then those that it overrides."""
    (found,) = [row for row in outcome.options if row.code == code]
    return [found.value, *(row.value for row in found.overrides)]


def test_each_scope_overrides_those_above_it(factory: SessionFactory, subnet: int) -> None:
    assert where(ask(factory, subnet), 17) == ["subnet", "shared", "settings"]
    assert where(ask(factory, subnet, ip="10.0.0.10"), 17) == ["pool", "subnet", "shared", "settings"]
    booting = {"vendor_class": "PXEClient", "architecture": 7}
    assert where(ask(factory, subnet, **booting), 17) == ["class", "weaker", "subnet", "shared", "settings"]
    reserve(factory, "10.0.0.12")
    everything = ["reservation", "pool", "class", "weaker", "subnet", "shared", "settings"]
    assert where(ask(factory, subnet, mac=MAC, **booting), 17) == everything
    assert where(ask(factory, subnet, ip="10.0.0.12", classes="boot,any-boot"), 17) == everything


def test_sources_name_the_scope_and_where_the_api_has_it(factory: SessionFactory, subnet: int) -> None:
    found = {row.code: row for row in ask(factory, subnet, classes="boot").options}
    assert (found[3].source.type, found[3].value, found[3].wire) == ("prefix", ["10.0.0.1"], "0a000001")
    assert [row.source.title for row in found[3].overrides] == ["the settings"]
    assert found[17].source.title == "class boot"
    assert found[17].source.href == f"/api/v1/client-classes/{found[17].source.id}"
    assert (found[67].value, found[67].wire) == ("class.efi", b"class.efi".hex())
    assert found[67].overrides[0].source.href == f"/api/v1/subnets/{subnet}"


def test_times_and_boot_fields_come_with_their_source(factory: SessionFactory, subnet: int) -> None:
    outcome = ask(factory, subnet, classes="boot")
    times = {row.field: (row.value, row.source.type) for row in outcome.times}
    assert times["lease_time"] == (3600, "subnets")
    assert times["max_lease_time"] == (604800, "settings")
    assert times["renew_time"] == (1000, "settings")
    assert times["rebind_time"] == (3150, "default")
    boot = {row.field: (row.value, row.source.type) for row in outcome.boot}
    assert boot == {
        "next_server": ("10.0.0.66", "settings"),
        "server_name": ("shared", "shared-networks"),
        "boot_file": ("class.efi", "client-classes"),
    }


def test_requested_codes_tell_what_is_sent(factory: SessionFactory, subnet: int) -> None:
    sent = {row.code for row in ask(factory, subnet, requested="1,3,17").options if row.sent}
    assert sent == {1, 3, 15, 17}  # 15 is always sent


def test_address_of_a_lease_means_its_client(engine: Engine, factory: SessionFactory, subnet: int) -> None:
    hold_leases(engine, "10.0.0.10")
    make(factory, "leased", 'mac startswith "02:00:0a"')
    assert ask(factory, subnet, ip="10.0.0.10").classes == ["leased"]
    assert ask(factory, subnet, ip="10.0.0.11").classes == []


@pytest.mark.parametrize(
    "query",
    [{"ip": "10.9.9.9"}, {"ip": "x"}, {"classes": "none"}, {"mac": "x"}, {"requested": "a"}, {"option": ["x"]}],
)
def test_impossible_question_is_refused(factory: SessionFactory, subnet: int, query: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        ask(factory, subnet, **query)


@pytest.mark.parametrize("reserved", [None, "10.0.0.12", "10.0.0.35", "10.0.0.200"])
@pytest.mark.parametrize("sent", [{}, BOOT, {60: b"PXEClient"}], ids=["plain", "uefi", "any-boot"])
def test_worker_sends_just_that(
    engine: Engine, factory: SessionFactory, subnet: int, reserved: str | None, sent: dict[int, bytes]
) -> None:
    if reserved is not None:
        reserve(factory, reserved)
    snapshot = load_snapshot(engine, [Interface("eth0", 1, b"", (SERVER,))])
    table = Table()
    table.use(snapshot)
    ingress = Ingress("eth0", SERVER, 0, 68, frozenset({SERVER}))
    packet = Packet(chaddr=parse_mac(MAC), options={53: b"\1", **sent})
    decision = decide(packet, ingress, snapshot, table, now=1000)
    assert decision.reply is not None, decision.reason
    reply = decode(decision.reply)
    query: dict[str, Any] = {"mac": MAC, "ip": str(IPv4Address(reply.yiaddr))}
    if 60 in sent:
        query["vendor_class"] = sent[60].decode()
    if 93 in sent:
        query["architecture"] = 7
    outcome = ask(factory, subnet, **query)
    expected = {row.code: bytes.fromhex(row.wire) for row in outcome.options if row.sent}
    received = {code: value for code, value in reply.options.items() if code not in (51, 53, 54, 58, 59)}
    assert received == expected
    boot = {row.field: row.value for row in outcome.boot}
    assert reply.siaddr == parse_ipv4(str(boot["next_server"]))
    assert (reply.sname.decode(), reply.file.decode()) == (boot["server_name"], boot["boot_file"])
    assert int.from_bytes(reply.options[58], "big") == {row.field: row.value for row in outcome.times}["renew_time"]

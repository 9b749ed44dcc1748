"""Does what was exported come back, into an empty database, as the plan that it was?"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.database import SessionFactory, make_engine, make_session_factory, unit_of_work
from app.transfer.exports import CSV_TABLES, export
from app.transfer.tables import TABLES
from tests.app.transfer.test_exports import DNSMASQ_SERVER, KEA_SERVER, judge, losses, text
from tests.app.transfer.test_jobs import actions, commit, state, upload

PXE = {"option": "vendor-encapsulated-options", "value": {
    "space": "pxe", "options": [{"option": "discovery-control", "value": 8}],
}}  # fmt: skip
RELAY = {"type": "circuit_id", "value": "port 7, left"}
LABELS = {"tags": ["iot", "second floor"], "custom_fields": {"site": "north"}}
PROGRAM = ("port: ", "'lease-database' ", "'calculate-tee-times' ")
"""What an export says of the program itself."""
LABELLED = ("subnets", "pools", "reservations", "addresses", "vlans")
WORLD: dict[str, Any] = {
    "format": "leaseboard",
    "version": 1,
    "settings": [{
        "lease_time": 7200, "min_lease_time": 120, "max_lease_time": 90000, "renew_time": 3000, "rebind_time": 5000,
        "next_server": "192.0.2.9", "server_name": "boot.example", "boot_file": "ipxe.efi",
        "options": [
            {"option": "domain-name-servers", "value": ["192.0.2.53", "192.0.2.54"]},
            {"option": "domain-name", "value": "example.org"},
            {"option": "classless-static-routes", "value": [{"destination": "10.0.0.0/8", "router": "10.1.0.1"}]},
            {"option": "domain-search", "value": ["a.example", "b.example"], "always": True},
        ],
    }],
    "option_definitions": [
        {"space": "dhcp4", "code": 224, "name": "door-code", "kind": "u16"},
        {"space": "acme", "code": 1, "name": "controller", "kind": "ip"},
    ],
    "tags": [{"name": "iot", "color": "#2563eb", "description": "things"}, {"name": "second floor"}],
    "custom_fields": [
        *({"resource": kind, "name": "site", "type": "choice", "choices": ["north", "south"]} for kind in LABELLED),
        {"resource": "subnets", "name": "rack", "type": "integer", "default": 7, "label": "Rack, row"},
        {"resource": "pools", "name": "floor", "type": "choice", "choices": ["one, east", "two west"]},
        {"resource": "pools", "name": "row", "type": "text", "default": "7", "description": "[old] {new}"},
    ],
    "vlans": [{"vid": 30, "group": "hall", "name": "lab", **LABELS}],
    "client_classes": [
        {"name": "phones", "expression": 'vendor_class startswith "phone"', "options": [PXE], "position": 3},
        {"name": "uefi", "expression": 'class("phones") or architecture in (7, 9)', "boot_file": "snp.efi"},
        {"name": "bad", "expression": 'mac startswith "00:1b:22"', "drop": True},
    ],
    "shared_networks": [{
        "name": "floor", "boot_file": "floor.0", "next_server": "192.0.2.8", "server_name": "floor.example",
        "options": [{"option": "ntp-servers", "value": ["192.0.2.123"]}],
    }],
    "subnets": [
        {"cidr": "10.1.0.0/24", "name": "office", "gateway": "10.1.0.1", "shared_network": "floor",
         "lease_time": 3600, "min_lease_time": 300, "max_lease_time": 7200, "relays": ["10.1.0.2", "10.1.0.3"],
         "authoritative": True},
        {"cidr": "10.2.0.0/24", "shared_network": "floor", "ignore_client_id": True,
         "description": 'two, "quoted"', "authoritative": True, "client_class": "phones"},
        {"cidr": "10.3.0.0/24", "name": "a lab", "vlan": 30, "vlan_group": "hall", **LABELS,
         "boot_file": "pxelinux.0", "next_server": "10.3.0.9", "server_name": "pxe.example",
         "renew_time": 600, "rebind_time": 1200, "authoritative": True,
         "options": [{"option": "interface-mtu", "value": 1400, "always": True}, PXE,
                     {"option": "log-servers", "value": ["10.3.0.4", "10.3.0.5"]}]},
        {"cidr": "10.0.0.0/8", "dhcp_enabled": False, "custom_fields": {"rack": 3}},
        {"cidr": "2001:db8::/48", "name": "planned", "dhcp_enabled": False, **LABELS},
        {"cidr": "2001:db8:0:1::/64", "dhcp_enabled": False},
    ],
    "pools": [
        {"subnet": "10.1.0.0/24", "start": "10.1.0.10", "end": "10.1.0.99", **LABELS},
        {"subnet": "10.1.0.0/24", "start": "10.1.0.100", "end": "10.1.0.199", "client_class": "uefi",
         "options": [{"option": "time-servers", "value": ["192.0.2.1"]}]},
        {"subnet": "10.1.0.0/24", "start": "10.1.0.60", "end": "10.1.0.69", "kind": "excluded"},
        {"subnet": "10.3.0.0/24", "start": "10.3.0.10", "end": "10.3.0.20"},
    ],
    "reservations": [
        {"subnet": "10.1.0.0/24", "ip": "10.1.0.5", "hostname": "printer", "description": "by the door",
         "identifiers": [{"type": "mac", "value": "00:11:22:33:44:55"}], **LABELS},
        {"subnet": "10.3.0.0/24", "hostname": "phone",
         "identifiers": [{"type": "client_id", "value": "01001122334466"}],
         "options": [{"option": "tftp-server-name", "value": "boot.example"}], "boot_file": "phone.cfg",
         "next_server": "10.3.0.8", "server_name": "phones.example"},
        {"subnet": "10.3.0.0/24", "ip": "10.3.0.7", "expires_at": "2899-01-01T00:00:00Z", "identifiers": [
            {"type": "mac", "value": "00:11:22:33:44:77"}, {"type": "mac", "value": "00:11:22:33:44:78"}, RELAY]},
        {"subnet": "10.1.0.0/24", "ip": "10.1.0.6", "identifiers": [{"type": "circuit_id", "value": "00ff10"}]},
    ],
    "denied_clients": [{"mac": "00:1b:21", "description": "one vendor"}, {"mac": "00:1b:23:00:00:01"}],
    "addresses": [
        {"ip": "10.1.0.50", "state": "static", "hostname": "nas", "notes": "line\nbreak, comma", **LABELS},
        {"ip": "2001:db8::10", "state": "static", "hostname": "planned", "owner": "olga"},
    ],
}  # fmt: skip


@pytest.fixture
def planned(factory: SessionFactory) -> SessionFactory:
    """A plan that uses what there is."""
    made = commit(factory, upload(factory, json.dumps(WORLD).encode(), "json"))
    assert not {"error", "conflict"} & set(state(factory, made)[1]), actions(factory, made)
    return factory


@pytest.fixture
def empty(tmp_path: Path, migrated_file: Path) -> Iterator[SessionFactory]:
    """An empty database for what comes back."""
    shutil.copyfile(migrated_file, tmp_path / "empty.db")
    engine = make_engine(f"sqlite:///{tmp_path}/empty.db")
    yield make_session_factory(engine)
    engine.dispose()


def take_in(factory: SessionFactory, source: str, format_: str) -> list[tuple[int, str, str]]:
    """Import a file; return (line, action, reason) of each row that did not go into the plan."""
    made = commit(factory, upload(factory, source.encode(), format_))
    told = state(factory, made)[1]
    assert not {"error", "conflict"} & set(told), actions(factory, made)
    return [row for row in actions(factory, made) if row[1] not in ("create", "update", "skip")]


def test_json_is_the_same_plan_in_an_empty_database(planned: SessionFactory, empty: SessionFactory) -> None:
    source = text(planned, "json")
    assert take_in(empty, source, "json") == []
    assert text(empty, "json") == source
    assert all(f'"{kind}"' in source and len(list(json.loads(source)[kind])) > 0 for kind in TABLES)


def test_tables_in_csv_are_the_same_plan_in_an_empty_database(
    planned: SessionFactory, empty: SessionFactory
) -> None:
    for table in [name for name in CSV_TABLES if name != "leases"]:
        with unit_of_work(planned, writing=False) as session:
            source = export(session, "csv", table).text
        assert take_in(empty, source, "csv") == [], table
    assert json.loads(text(empty, "json")) == json.loads(text(planned, "json"))


@pytest.mark.parametrize(
    ("format_", "words"), [("kea", [KEA_SERVER, "-t"]), ("dnsmasq", [DNSMASQ_SERVER, "--test", "-C"])]
)
def test_file_of_another_server_is_the_same_file_again(
    planned: SessionFactory, empty: SessionFactory, tmp_path: Path, format_: str, words: list[str]
) -> None:
    path = tmp_path / "file.conf"
    path.write_text(text(planned, format_))
    judge(*words, str(path))
    lost = take_in(empty, path.read_text(), format_)
    assert [reason for _, _, reason in lost if not reason.startswith(PROGRAM)] == []
    assert text(empty, format_) == path.read_text()


def test_what_dnsmasq_and_kea_cannot_say_is_named(planned: SessionFactory) -> None:
    """Each table and field that the world sets is in the file or among the losses."""
    kea, dnsmasq = losses(planned, "kea"), losses(planned, "dnsmasq")
    for lost in (kea, dnsmasq):
        assert lost["client classes"] == ["phones", "uefi", "bad"]
        assert lost["option definitions"] == ["door-code", "controller"]
        assert lost["vlans"] == ["lab"]
        assert lost["tags"] == ["iot", "second floor"]
        assert set(lost["custom fields"]) <= {"site", "floor", "row", "rack"}
        assert lost["addresses"] == ["10.1.0.50", "2001:db8::10"]
        assert lost["a subnet that DHCPv4 does not serve"] == ["10.0.0.0/8", "2001:db8::/48", "2001:db8:0:1::/64"]
        assert lost["client class of a pool"] == ["10.1.0.100"]
        assert lost["client class of a subnet"] == ["10.2.0.0/24"]
        assert lost["expires at of a reservation"] == ["10.3.0.7"]
        assert lost["tags of a subnet"] == ["10.3.0.0/24"]
    assert kea["denied clients"] == ["00:1b:21", "00:1b:23:00:00:01"]
    assert dnsmasq["shared networks"] == ["floor"]
    assert dnsmasq["relays of a subnet"] == ["10.1.0.0/24"]
    assert dnsmasq["identifiers of a reservation other than MACs and one client identifier"] == [
        "10.1.0.6",
        "10.3.0.7",
    ]


TAGGED = """
dhcp-range=set:lan,192.168.0.50,192.168.0.150,255.255.255.0,12h
dhcp-range=set:lab,192.168.1.50,192.168.1.150,255.255.255.0,12h
dhcp-boot=pxelinux.0,boot.example,192.168.0.2
dhcp-boot=tag:lab,lab.efi,,192.168.1.2
dhcp-boot=tag:fred,"fred.0"
dhcp-boot=net:lan,old.0
dhcp-boot=tag:!ipxe,undionly.kpxe
dhcp-boot=tag:nobody,x.0
dhcp-boot=tag:lan,named.0,,boot.example
dhcp-host=02:00:00:00:00:01,set:fred,192.168.0.60,fred
dhcp-host=02:00:00:00:00:02,tag:lab,anywhere
dhcp-host=02:00:00:00:00:03,tag:else,other
"""


def test_boot_files_of_tags_go_to_the_ranges_and_hosts_that_set_them(empty: SessionFactory, tmp_path: Path) -> None:
    path = tmp_path / "dnsmasq.conf"
    path.write_text(TAGGED)
    judge(DNSMASQ_SERVER, "--test", "-C", str(path))
    lost = take_in(empty, TAGGED, "dnsmasq")
    assert [(line, reason.partition(" is ")[0]) for line, _, reason in sorted(lost)] == [
        (8, "A boot file for several tags together, or for the lack of one,"),
        (9, "The boot file"),
        (10, "The boot server 'boot.example'"),
        (13, "The host"),
    ]
    plan = json.loads(text(empty, "json"))
    assert boot_of(plan["settings"][0]) == ("pxelinux.0", "boot.example", "192.168.0.2")
    assert [(row["name"], *boot_of(row)) for row in plan["subnets"]] == [
        ("lan", "named.0", None, None), ("lab", "lab.efi", None, "192.168.1.2"),
    ]  # fmt: skip
    assert [(row["hostname"], row["subnet"], row["boot_file"]) for row in plan["reservations"]] == [
        ("anywhere", "192.168.1.0/24", None), ("fred", "192.168.0.0/24", "fred.0"),
    ]  # fmt: skip


def boot_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["boot_file"], row["server_name"], row["next_server"]


ISC = """
authoritative;
ddns-update-style none;
option domain-name "example.org";
option domain-name-servers 10.5.0.53, 10.5.0.54;
default-lease-time 600; max-lease-time 7200;
failover peer "dhcp" { primary; address 10.5.0.2; port 647; peer address 10.5.0.3; mclt 3600; split 128; }
option space acme;
option acme.controller code 1 = ip-address;
class "phones" { match if substring(option vendor-class-identifier, 0, 5) = "phone"; }
class "cpe" { match hardware; }
subclass "cpe" 1:02:00:00:00:00:aa;
if option arch = 00:07 { filename "ipxe.efi"; } else { filename "undionly.kpxe"; }
shared-network floor {
  option ntp-servers 10.5.0.123;
  subnet 10.5.0.0 netmask 255.255.255.0 {
    option routers 10.5.0.1;
    pool { failover peer "dhcp"; allow members of "phones"; range 10.5.0.10 10.5.0.20; }
    pool { deny members of "phones"; range 10.5.0.100 10.5.0.199; }
  }
  subnet 10.6.0.0 netmask 255.255.255.0 { range 10.6.0.10 10.6.0.20; next-server 10.6.0.9; filename "pxe.0"; }
}
group {
  option log-servers 10.5.0.7;
  host one { hardware ethernet 02:00:00:00:00:01; fixed-address 10.5.0.31; }
  host two { hardware ethernet 02:00:00:00:00:02; fixed-address 10.6.0.32; filename "two.0"; }
}
host three { hardware ethernet 02:00:00:00:00:03; fixed-address 10.5.0.33; option host-name "three"; }
host four { hardware ethernet 02:00:00:00:00:04; }
host five { option dhcp-client-identifier "five"; fixed-address 10.9.9.9; }
host six { hardware ethernet 02:00:00:00:00:06; fixed-address named.example.org; }
key omapi { algorithm hmac-md5; secret abcd; }
zone example.org. { primary 127.0.0.1; key omapi; }
on commit { set clip = binary-to-ascii(10, 8, ".", leased-address); }
include "/etc/dhcp/more.conf";
"""


def test_configuration_of_isc_dhcpd_from_life(empty: SessionFactory) -> None:
    lost = take_in(empty, ISC, "isc-dhcpd")
    lines = ISC.split("\n")
    told = {lines[line - 1].strip().partition(" ")[0] for line, _, reason in lost if reason}
    assert {"failover", "class", "subclass", "if", "on", "include", "key", "zone", "host"} <= told
    assert all(reason for _, _, reason in lost)
    plan = json.loads(text(empty, "json"))
    assert [(row["cidr"], row["shared_network"]) for row in plan["subnets"]] == [
        ("10.5.0.0/24", "floor"), ("10.6.0.0/24", "floor"),
    ]  # fmt: skip
    hosts = {row["identifiers"][0]["value"][-2:]: row for row in plan["reservations"]}
    assert {key: row["ip"] for key, row in hosts.items()} == {
        "01": "10.5.0.31",
        "02": "10.6.0.32",
        "03": "10.5.0.33",
    }
    assert [row["option"] for row in hosts["01"]["options"]] == ["log-servers"]
    assert (hosts["02"]["boot_file"], hosts["03"]["hostname"]) == ("two.0", "three")
    silent = [
        number
        for number, line in enumerate(lines, start=1)
        if line.startswith(("host four", "host five", "host six"))
    ]
    assert set(silent) <= {line for line, _, _ in lost}
    assert [row["start"] for row in plan["pools"]] == ["10.5.0.10", "10.5.0.100", "10.6.0.10"]

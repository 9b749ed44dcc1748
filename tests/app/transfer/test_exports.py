"""Is an export accepted by the server that it is for, and does it come back without a difference?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.database import SessionFactory, unit_of_work
from app.transfer.exports import CSV_TABLES, export
from app.transfer.tables import TABLES
from tests.app.transfer.test_formats import DNSMASQ, ISC, KEA
from tests.app.transfer.test_jobs import commit, picture, state, undo, upload

KEA_SERVER = shutil.which("kea-dhcp4") or "/usr/sbin/kea-dhcp4"
DNSMASQ_SERVER = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
RICH = b"""{"format": "leaseboard", "version": 1,
"settings": [{"lease_time": 7200, "next_server": "192.0.2.9", "boot_file": "ipxe.efi",
  "options": [{"option": "domain-name-servers", "value": ["192.0.2.53", "192.0.2.54"]},
              {"option": "domain-name", "value": "example.org"},
              {"option": "classless-static-routes",
               "value": [{"destination": "10.0.0.0/8", "router": "10.1.0.1"}]},
              {"option": "web-proxy-auto-discovery", "value": "http://wpad/wpad.dat,x"}]}],
"option_definitions": [{"space": "dhcp4", "code": 224, "name": "door-code", "kind": "u16"}],
"tags": [{"name": "iot", "color": "#2563eb"}],
"custom_fields": [{"resource": "subnets", "name": "site", "type": "choice", "choices": ["north", "south"]}],
"vlans": [{"vid": 30, "name": "lab", "tags": ["iot"]}],
"client_classes": [{"name": "phones", "expression": "vendor_class startswith \\"phone\\""}],
"shared_networks": [{"name": "floor", "options": [{"option": "ntp-servers", "value": ["192.0.2.123"]}]}],
"subnets": [
  {"cidr": "10.1.0.0/24", "name": "office", "gateway": "10.1.0.1", "shared_network": "floor", "lease_time": 3600,
   "min_lease_time": 300, "max_lease_time": 7200, "relays": ["10.1.0.2"], "authoritative": false},
  {"cidr": "10.2.0.0/24", "shared_network": "floor", "ignore_client_id": true, "description": "two, \\"quoted\\""},
  {"cidr": "10.3.0.0/24", "vlan": 30, "tags": ["iot"], "custom_fields": {"site": "north"},
   "boot_file": "pxelinux.0", "next_server": "10.3.0.9", "renew_time": 600,
   "rebind_time": 1200, "options": [{"option": "interface-mtu", "value": 1400, "always": true},
                                    {"option": "domain-search", "value": ["a.example", "b.example"]}]},
  {"cidr": "10.0.0.0/8", "dhcp_enabled": false}],
"pools": [
  {"subnet": "10.1.0.0/24", "start": "10.1.0.10", "end": "10.1.0.99"},
  {"subnet": "10.1.0.0/24", "start": "10.1.0.100", "end": "10.1.0.199",
   "options": [{"option": "time-servers", "value": ["192.0.2.1"]}]},
  {"subnet": "10.3.0.0/24", "start": "10.3.0.10", "end": "10.3.0.20"}],
"reservations": [
  {"subnet": "10.1.0.0/24", "ip": "10.1.0.5", "hostname": "printer", "description": "by the door",
   "identifiers": [{"type": "mac", "value": "00:11:22:33:44:55"}]},
  {"subnet": "10.3.0.0/24", "hostname": "phone", "identifiers": [{"type": "client_id", "value": "01001122334466"}],
   "options": [{"option": "tftp-server-name", "value": "boot.example"}]},
  {"subnet": "10.3.0.0/24", "ip": "10.3.0.7", "identifiers": [{"type": "mac", "value": "00:11:22:33:44:77"},
   {"type": "mac", "value": "00:11:22:33:44:78"}, {"type": "circuit_id", "value": "port 7, left"}]}],
"denied_clients": [{"mac": "00:1b:21", "description": "one vendor"}],
"addresses": [{"ip": "10.1.0.50", "state": "static", "hostname": "nas", "notes": "line\\nbreak, comma"}]}
"""
EXCLUDED = (
    b"subnet,start,end,kind\n10.1.0.0/24,10.1.0.200,10.1.0.209,excluded\n10.3.0.0/24,10.3.0.30,10.3.0.40,dynamic\n"
)


def text(factory: SessionFactory, format_: str, table: str | None = None) -> str:
    with unit_of_work(factory, writing=False) as session:
        return export(session, format_, table).text


def losses(factory: SessionFactory, format_: str) -> dict[str, list[str]]:
    with unit_of_work(factory, writing=False) as session:
        return {what: loss.examples for what, loss in export(session, format_).losses.items()}


def judge(*words: str) -> None:
    """Let the server itself say whether it takes the file."""
    if not Path(words[0]).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{words[0]} is missing")
        pytest.skip(f"{words[0]} is missing")
    env = {**os.environ, "KEA_LOCKFILE_DIR": "none", "KEA_PIDFILE_DIR": "/tmp"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def planned(factory: SessionFactory) -> SessionFactory:
    """A plan that uses most of what there is."""
    commit(factory, upload(factory, RICH, "json"))
    commit(factory, upload(factory, EXCLUDED))
    return factory


def test_kea_accepts_the_export(planned: SessionFactory, tmp_path: Path) -> None:
    path = tmp_path / "kea.conf"
    path.write_text(text(planned, "kea"))
    judge(KEA_SERVER, "-t", str(path))
    lost = losses(planned, "kea")
    assert lost["a subnet that DHCPv4 does not serve"] == ["10.0.0.0/8"]
    assert lost["vlan of a subnet"] == ["10.3.0.0/24"]
    assert any("identifiers" in what for what in lost)
    assert "10.1.0.10 - 10.1.0.49" in path.read_text()  # the address in use is not offered


def test_dnsmasq_accepts_the_export(planned: SessionFactory, tmp_path: Path) -> None:
    path = tmp_path / "dnsmasq.conf"
    path.write_text(text(planned, "dnsmasq"))
    judge(DNSMASQ_SERVER, "--test", "-C", str(path))
    assert "dhcp-host=00:11:22:33:44:55,10.1.0.5,printer" in path.read_text()
    assert losses(planned, "dnsmasq")["shared networks"] == ["floor"]


def test_json_comes_back_without_a_difference(planned: SessionFactory, factory: SessionFactory) -> None:
    again = upload(factory, text(planned, "json").encode(), "json")
    _, counts = state(factory, again)
    assert set(counts) <= {"skip", *TABLES}
    assert counts["skip"] == 21


def test_undone_and_imported_again_is_the_same_plan(factory: SessionFactory) -> None:
    made = commit(factory, upload(factory, RICH, "json"))
    before, source = text(factory, "json"), text(factory, "json").encode()
    undo(factory, made)
    assert state(factory, made)[1]["kept"] == 0
    commit(factory, upload(factory, source, "json"))
    assert text(factory, "json") == before


@pytest.mark.parametrize("table", [name for name in CSV_TABLES if name != "leases"])
def test_each_table_comes_back_from_csv_without_a_difference(planned: SessionFactory, table: str) -> None:
    with unit_of_work(planned, writing=False) as session:
        source = export(session, "csv", table).text
    before = picture(planned)
    made = upload(planned, source.encode())
    with unit_of_work(planned, writing=False) as session:
        rows = source.count("\n") - 1
        del session
    _, counts = state(planned, made)
    assert set(counts) == {"skip", table}, counts
    assert rows >= counts["skip"] > 0
    assert picture(planned) == before


@pytest.mark.parametrize(("format_", "source"), [("kea", KEA), ("isc-dhcpd", ISC), ("dnsmasq", DNSMASQ)])
def test_foreign_configuration_survives_a_round_through_kea(
    factory: SessionFactory, format_: str, source: bytes, tmp_path: Path
) -> None:
    commit(factory, upload(factory, source, format_))
    path = tmp_path / "kea.conf"
    path.write_text(text(factory, "kea"))
    judge(KEA_SERVER, "-t", str(path))
    _, counts = state(factory, upload(factory, path.read_bytes(), "kea"))
    assert not {"create", "update", "conflict", "error"} & set(counts), counts

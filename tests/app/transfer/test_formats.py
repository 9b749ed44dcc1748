"""Is every file turned into rows and notes with their lines, whatever it holds?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transfer.document import KINDS, Document
from app.transfer.formats import FORMATS, guess, read

KEA = b"""{ // the whole of it
  "Dhcp4": {
    "valid-lifetime": 4000, # seconds
    "option-data": [{"name": "domain-name-servers", "data": "192.0.2.1, 192.0.2.2"}],
    "subnet4": [{
      "id": 1, "subnet": "10.0.0.0/24", "pools": [{"pool": "10.0.0.10 - 10.0.0.20"}],
      "option-data": [{"name": "routers", "data": "10.0.0.1"}],
      "reservations": [{"hw-address": "aa:bb:cc:dd:ee:ff", "ip-address": "10.0.0.5", "hostname": "pc"}],
      "ddns-send-updates": true, /* not ours */
    }],
    "hooks-libraries": [{"library": "libdhcp_ha.so"}]
  }
}"""
ISC = b"""option domain-name "example.org";
default-lease-time 600;
shared-network floor {
  subnet 10.0.0.0 netmask 255.255.255.0 { option routers 10.0.0.1; range 10.0.0.10 10.0.0.20; }
  subnet 10.0.1.0 netmask 255.255.255.0 { }
  pool { range 10.0.1.5 10.0.1.9; allow unknown-clients; }
}
group {
  next-server 10.0.0.2;
  host pc1 { hardware ethernet 0:1:2:3:4:5; fixed-address 10.0.0.50; }
}
class "phones" { match if substring(option vendor-class-identifier, 0, 4) = "AAAA"; }
"""
DNSMASQ = b"""port=0
dhcp-range=set:lan,192.168.0.50,192.168.0.150,255.255.255.0,12h
dhcp-option=tag:lan,3,192.168.0.1
dhcp-option=option:ntp-server,192.168.0.4
dhcp-host=11:22:33:44:55:66,fred,192.168.0.60
dhcp-match=set:x,1
"""
ISC_LEASES = b"""lease 10.0.0.5 {
  starts 4 2026/11/26 12:00:00; ends 4 2026/11/26 12:30:00;
  binding state active; hardware ethernet 00:11:22:33:44:55;
  uid "\\001\\000\\021"; client-hostname "pc"; set vendor-class-identifier = "MSFT";
}
lease 10.0.0.6 { ends never; binding state free; hardware ethernet 00:11:22:33:44:56; }
"""
KEA_LEASES = (
    b"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
    b"10.0.0.5,00:11:22:33:44:55,01:00:11,3600,1800000000,1,0,0,old,0,\n"
    b"10.0.0.5,00:11:22:33:44:55,01:00:11,3600,1800000900,1,0,0,pc,0,\n"
    b"10.0.0.6,00:11:22:33:44:56,,0,1800000000,1,0,0,gone,0,\n"
)
DNSMASQ_LEASES = b"1800000000 00:11:22:33:44:55 10.0.0.5 pc 01:00:11\n0 00:11:22:33:44:56 10.0.0.6 * *\n"
JSON = b'{"format": "leaseboard", "version": 1, "subnets": [{"cidr": "10.0.0.0/24"}]}'
CSV = b'mac,ip,hostname,option:dns-server\naa-bb-cc-00-11-22,10.0.0.5,pc,"1.1.1.1,2.2.2.2"\n'
WORDS = st.sampled_from(
    [
        *(b'"', b"{", b"}", b";", b",", b":", b"\\", b"\0", b"0", b"-1", b"\n", b"=", b"(", b"[", b"]", b"\xff"),
        *(b"tag:x", b"9" * 30, b"10.0.0.0/24", b"null", b"option:", b"set:", b"range "),
    ]
)
SAMPLES = {
    "csv": CSV,
    "json": JSON,
    "kea": KEA,
    "kea-leases": KEA_LEASES,
    "isc-dhcpd": ISC,
    "isc-leases": ISC_LEASES,
    "dnsmasq": DNSMASQ,
    "dnsmasq-leases": DNSMASQ_LEASES,
}


def values(document: Document, kind: str) -> list[dict[str, Any]]:
    return [dict(row.values) for row in document.rows if row.kind == kind]


def notes(document: Document) -> list[tuple[int, str]]:
    return [(note.line, note.action) for note in document.notes]


def test_every_format_has_a_sample_here() -> None:
    assert set(SAMPLES) == set(FORMATS)
    assert all(read(name, source, None).rows for name, source in SAMPLES.items())


def test_kea_with_comments_gives_rows_and_the_lines_that_were_lost() -> None:
    document = read("kea", KEA, None)
    (subnet,) = values(document, "subnets")
    assert (subnet["cidr"], subnet["gateway"], subnet["options"]) == ("10.0.0.0/24", "10.0.0.1", [])
    assert values(document, "pools")[0]["end"] == "10.0.0.20"
    assert values(document, "reservations")[0]["hostname"] == "pc"
    assert values(document, "settings")[0]["lease_time"] == 4000
    assert sorted(notes(document)) == [(9, "lost"), (11, "lost")]


@pytest.mark.parametrize(
    ("source", "place"),
    [(b'{"Dhcp4": {\n  "subnet4" []}}', (2, 13)), (b'{"Dhcp4":\n\n {"a": 1', (3, 9)), (b"[" * 100, (1, 66))],
)
def test_broken_json_is_an_error_with_line_and_column(source: bytes, place: tuple[int, int]) -> None:
    (note,) = read("kea", source, None).notes
    assert ((note.line, note.column), note.action) == (place, "error")


def test_dhcpd_conf_keeps_links_groups_and_reports_classes() -> None:
    document = read("isc-dhcpd", ISC, None)
    assert [s["shared_network"] for s in values(document, "subnets")] == ["floor", "floor"]
    assert [p["start"] for p in values(document, "pools")] == ["10.0.0.10", "10.0.1.5"]
    (host,) = values(document, "reservations")
    assert (host["ip"], host["next_server"], host["subnet"]) == ("10.0.0.50", "10.0.0.2", "10.0.0.0/24")
    assert notes(document) == [(6, "lost"), (12, "lost")]


def test_dnsmasq_tags_bind_options_to_their_range() -> None:
    document = read("dnsmasq", DNSMASQ, None)
    (subnet,) = values(document, "subnets")
    assert (subnet["name"], subnet["gateway"], subnet["lease_time"]) == ("lan", "192.168.0.1", 43200)
    assert values(document, "reservations")[0]["ip"] == "192.168.0.60"
    assert notes(document) == [(1, "lost"), (6, "lost")]


def test_lease_files_keep_the_last_word_on_each_address() -> None:
    (isc,) = values(read("isc-leases", ISC_LEASES, None), "leases")
    assert (isc["mac"], isc["client_id"], isc["hostname"]) == ("00:11:22:33:44:55", "010011", "pc")
    assert isc["expires_at"] - isc["started_at"] == 1800
    (kea,) = values(read("kea-leases", KEA_LEASES, None), "leases")
    assert (kea["hostname"], kea["expires_at"], kea["started_at"]) == ("pc", 1800000900, 1799997300)
    first, second = values(read("dnsmasq-leases", DNSMASQ_LEASES, None), "leases")
    assert (first["client_id"], second["expires_at"], second["client_id"]) == ("010011", None, "")


def test_csv_names_the_line_of_a_bad_cell() -> None:
    document = read("csv", b"cidr;options\n10.0.0.0/24;[{\n10.0.1.0/24;[]\n", None)
    assert values(document, "subnets") == [{"cidr": "10.0.1.0/24", "options": []}]
    assert notes(document) == [(2, "error")]


def test_formats_are_guessed_from_their_content() -> None:
    names = {"csv": "a.csv", "isc-leases": "dhcpd.leases", "dnsmasq-leases": "dnsmasq.leases"}
    assert {name: guess(names.get(name, "file"), source) for name, source in SAMPLES.items()} == {
        name: name for name in SAMPLES
    }


@pytest.mark.parametrize("name", sorted(SAMPLES))
@given(st.data())
def test_any_octets_give_a_document(name: str, data: st.DataObject) -> None:
    """Arbitrary octets, and samples with parts cut out, doubled and overwritten."""
    sample = SAMPLES[name]
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, len(sample)))
    filling = b"".join(data.draw(st.lists(st.binary(max_size=8) | WORDS, max_size=6)))
    source = sample[:start] + filling + sample[end:]
    document = read(name, source, data.draw(st.sampled_from([None, *KINDS])))
    lines = source.count(b"\n") + source.count(b"\r") + 2  # a CSV may end its lines with either
    assert all(note.action in ("lost", "error") and 0 < note.line <= lines and note.text for note in document.notes)
    assert all(row.kind in KINDS and 0 < row.line <= lines for row in document.rows)

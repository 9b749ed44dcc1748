"""Is the option table consistent, and does each option go over the wire as its RFC says?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import OPTIONS, STANDARD, find
from dhcpd.protocol.spaces import SPACES

ASSIGNED = {
    *range(1, 84), *range(85, 96), *range(97, 102), 108, 109, *range(112, 115), *range(116, 126), *range(136, 149),
    *range(150, 160), 161, 162, *range(208, 214), 220, 221,
}  # fmt: skip
"""IANA's registry without the codes that were removed (84, 96, 115, 126) or are unassigned (149, 160)."""
PRIVATE = {*range(128, 136), 160, 175, 176, 177, 242, 249, 252}


def test_every_assigned_code_and_the_common_private_ones_are_there() -> None:
    assert {o.code for o in OPTIONS} == ASSIGNED | PRIVATE


def test_codes_and_names_are_unique_in_each_space() -> None:
    for definitions in (OPTIONS, SPACES):
        assert len({(o.space, o.code) for o in definitions}) == len(definitions)
        assert len({(o.space, o.name) for o in definitions}) == len(definitions)


@pytest.mark.parametrize("definition", STANDARD.definitions, ids=lambda o: f"{o.space}-{o.name}")
def test_example_of_each_option_survives_the_wire(definition: OptionDefinition) -> None:
    example = STANDARD.kind(definition).example
    data = STANDARD.encode(definition, example)
    assert data or definition.kind in ("empty", "ips-or-none")
    assert STANDARD.encode(definition, STANDARD.decode(definition, data)) == data
    json.dumps(STANDARD.decode(definition, data))


GOLDEN: list[tuple[str, object, str]] = [
    # RFC 2132: each kind of value once.
    ("routers", ["10.0.0.1", "10.0.0.2"], "0a0000010a000002"),
    ("domain-name", "example.org", "6578616d706c652e6f7267"),
    ("interface-mtu", 1500, "05dc"),
    ("time-offset", -3600, "fffff1f0"),
    ("default-ip-ttl", 64, "40"),
    ("ip-forwarding", True, "01"),
    ("arp-cache-timeout", 60, "0000003c"),
    ("path-mtu-plateau-table", [68, 1500], "004405dc"),
    ("static-routes", [["10.1.0.0", "10.0.0.1"]], "0a0100000a000001"),
    ("parameter-request-list", [1, 3, 6], "010306"),
    # RFC 2242 §3, RFC 2610, RFC 2937
    ("nwip-suboptions", {"space": "nwip", "options": [{"option": "nsq-broadcast", "value": True}]}, "050101"),
    ("slp-directory-agents", {"mandatory": True, "addresses": ["10.0.0.5"]}, "010a000005"),
    ("slp-service-scopes", {"mandatory": False, "scopes": "default"}, "0064656661756c74"),
    ("name-service-search", [6, 44], "0006002c"),
    # RFC 3004 §4, RFC 4039, RFC 4702 §2, RFC 4578
    ("user-class", ["iPXE"], "0469505845"),
    ("rapid-commit", True, ""),
    ("client-fqdn", {"flags": 5, "name": "h.example."}, "05ffff0168076578616d706c6500"),
    ("client-fqdn", {"flags": 4, "name": "h"}, "04ffff0168"),
    ("client-fqdn", {"flags": 1, "name": "h.example"}, "01ffff682e6578616d706c65"),
    ("client-architecture", [7, 9], "00070009"),
    ("client-interface", {"type": 1, "major": 3, "minor": 16}, "010310"),
    ("client-uuid", {"type": 0, "uuid": "00112233445566778899aabbccddeeff"}, "0000112233445566778899aabbccddeeff"),
    # RFC 3361: its own example has the length 27 for two names
    ("sip-servers", ["example.com", "example.net"], "00076578616d706c6503636f6d00076578616d706c65036e657400"),
    ("sip-servers", ["192.0.2.1", "192.0.2.2"], "01c0000201c0000202"),
    # RFC 3397 §2: its own example
    ("domain-search", ["eng.apple.com", "marketing.apple.com"],
     "03656e67056170706c6503636f6d00096d61726b6574696e67c004"),
    # RFC 3442: the table of descriptor encodings
    ("classless-static-routes", [{"destination": "0.0.0.0/0", "router": "10.0.0.1"}], "000a000001"),
    ("classless-static-routes", [{"destination": "10.0.0.0/8", "router": "10.0.0.1"}], "080a0a000001"),
    ("classless-static-routes", [{"destination": "10.17.0.0/16", "router": "10.0.0.1"}], "100a110a000001"),
    ("classless-static-routes", [{"destination": "10.27.129.0/24", "router": "10.0.0.1"}], "180a1b810a000001"),
    ("classless-static-routes", [{"destination": "10.229.0.128/25", "router": "10.0.0.1"}], "190ae500800a000001"),
    ("classless-static-routes", [{"destination": "10.198.122.47/32", "router": "10.0.0.1"}], "200ac67a2f0a000001"),
    # RFC 3495 §5, RFC 3925, RFC 4174
    ("cablelabs-client-configuration",
     {"space": "ccc", "options": [{"option": "primary-dhcp-server", "value": "10.0.0.1"},
                                  {"option": "kerberos-realm", "value": "EXAMPLE"}]},
     "01040a0000010609074558414d504c4500"),
    ("vendor-identifying-class", [{"enterprise": 4491, "items": ["docsis3.0"]}], "0000118b0a09646f63736973332e30"),
    ("vendor-identifying-options",
     [{"enterprise": 4491, "options": [{"option": "tftp-servers", "value": ["10.0.0.1"]}]},
      {"enterprise": 9, "options": [{"option": 5, "value": "beef"}]}],
     "0000118b0602040a000001" "00000009040502beef"),
    ("isns-servers", {"functions": 1, "discovery-access": 2, "administrative": 3, "security": 4,
                      "servers": ["10.0.0.1"]}, "000100020003000000040a000001"),
    # RFC 4776 §3.1, RFC 4833 §2, RFC 6225 §2.2
    ("civic-address", {"what": 1, "country": "DE", "elements": [{"type": 3, "value": "München"}]},
     "0144450308" "4dc3bc6e6368656e"),
    ("tz-posix-string", "EST5EDT4,M3.2.0/02:00,M11.1.0/02:00",
     b"EST5EDT4,M3.2.0/02:00,M11.1.0/02:00".hex()),
    ("geoconf", {"latitude": 38.5, "longitude": -77.0, "altitude-type": 1, "altitude": 15.5, "datum": 1,
                 "latitude-resolution": 34, "longitude-resolution": 34, "altitude-resolution": 30},
     "884d0000008b66000000178000" "0f8001"),
    ("geoloc", {"latitude": -33.5, "longitude": 151.25, "altitude-type": 2, "altitude": -2.0, "datum": 1,
                "latitude-uncertainty": 18, "longitude-uncertainty": 18, "altitude-uncertainty": 9},
     "4bbd0000004" "92e8000002" "27ffffe0041"),
    # RFC 5071, 5678, 5859, 5969 §7.1.1
    ("pxelinux-magic", "f100747e", "f100747e"),
    ("pxelinux-reboot-time", 300, "0000012c"),
    ("mos-addresses", {"space": "mos-addresses", "options": [{"option": "event", "value": ["10.0.0.9"]}]},
     "03040a000009"),
    ("tftp-servers", ["10.0.0.7"], "0a000007"),
    ("6rd", {"ipv4-mask-length": 8, "prefix-length": 32, "prefix": "2001:db8::", "border-relays": ["10.0.0.1"]},
     "082020010db80000000000000000000000000a000001"),
    # RFC 6731 §4.3, 6926 §6.2.2, 7291 §4, 7618 §9
    ("rdnss-selection",
     {"preference": 1, "primary": "10.0.0.1", "secondary": "10.0.0.2", "domains": ["example.org"]},
     "010a0000010a000002076578616d706c65036f726700"),
    ("status-code", {"code": 2, "message": "no"}, "026e6f"),
    ("pcp-servers", [["10.0.0.1"], ["10.0.1.1", "10.0.1.2"]], "040a000001080a0001010a000102"),
    ("port-parameters", {"offset": 6, "psid-length": 8, "psid": 0x3400}, "06083400"),
    # RFC 8572 §8.1, 8910, 8925, 8973, 9463 §5.1 with the parameters of RFC 9460
    ("sztp-redirect", ["https://a.example"], "0011" + b"https://a.example".hex()),
    ("captive-portal", "https://portal.example/api", b"https://portal.example/api".hex()),
    ("ipv6-only-preferred", 1800, "00000708"),
    ("dots-agent", "dots.example", "04646f7473076578616d706c6500"),
    ("encrypted-dns",
     [{"priority": 1, "name": "dns.example", "addresses": ["10.0.0.53"], "params": {"alpn": ["dot"], "port": 853}}],
     "0023" "0001" "0d" "03646e73076578616d706c6500" "04" "0a000035" "0001000403646f74" "000300020355"),
    ("encrypted-dns", [{"priority": 2, "name": "dns.example"}], "0010" "0002" "0d" "03646e73076578616d706c6500"),
    # Private codes
    ("vendor-encapsulated-options", {"space": "pxe", "options": [{"option": "discovery-control", "value": 8}]},
     "060108"),
    ("vendor-encapsulated-options",
     {"space": "pxe", "options": [{"option": "boot-servers", "value": [{"type": 0, "addresses": ["10.0.0.5"]}]},
                                  {"option": "boot-menu", "value": [{"type": 0, "description": "Local"}]}]},
     "08070000040a000005" "0908000005" "4c6f63616c"),
    ("etherboot", {"space": "ipxe", "options": [{"option": "no-pxedhcp", "value": 1}]}, "b00101"),
    ("web-proxy-auto-discovery", "http://wpad/wpad.dat", b"http://wpad/wpad.dat".hex()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "wire"), GOLDEN, ids=lambda v: v if isinstance(v, str) else "")
def test_golden_bytes(name: str, value: object, wire: str) -> None:
    definition = find(name)
    assert definition is not None
    assert STANDARD.encode(definition, value).hex() == wire
    decoded = STANDARD.decode(definition, bytes.fromhex(wire))
    assert STANDARD.encode(definition, decoded).hex() == wire
    if definition.kind != "suboptions":  # the wire does not say which vendor's they are
        assert decoded == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("routers", "10.0.0.1"), ("routers", []), ("routers", ["10.0.0"]), ("interface-mtu", 70000),
     ("ip-forwarding", "maybe"), ("domain-name", 5), ("classless-static-routes", [{"destination": "x"}]),
     ("sip-servers", ["192.0.2.1", "example.org"]),
     ("civic-address", {"what": 1, "country": "DEU", "elements": []}),
     ("geoconf", {}), ("encrypted-dns", [{"priority": 1}]),
     ("encrypted-dns", [{"priority": 1, "name": "a.b", "params": {"port": 1}}]),
     ("vendor-encapsulated-options", {"space": "pxe", "options": [{"option": "no-such", "value": 1}]}),
     ("vendor-encapsulated-options", {"space": "pxe", "options": [{"option": 99, "value": "0g"}]}),
     ("vendor-encapsulated-options", {"space": "pxe", "options": [{"option": 99, "value": "00" * 256}]}),
     ("vendor-identifying-options", [{"enterprise": -1, "options": []}]),
     ("domain-name", "x" * 1025)],
)  # fmt: skip
def test_wrong_value_is_refused_by_name(name: str, value: object) -> None:
    definition = find(name)
    assert definition is not None
    with pytest.raises(OptionValueError, match=name):
        STANDARD.encode(definition, value)


@given(st.sampled_from(STANDARD.definitions), st.binary(max_size=80))
def test_arbitrary_octets_decode_to_what_encodes_again_or_are_refused(
    definition: OptionDefinition, data: bytes
) -> None:
    try:
        value = STANDARD.decode(definition, data)
    except OptionValueError:
        return
    json.dumps(value)
    try:
        again = STANDARD.encode(definition, value)
    except OptionValueError:
        return  # readable, but nothing that we would write: a label with odd octets, a text with a NUL inside
    assert STANDARD.decode(definition, again) == value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["10.0.0.1", "a.b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["space", "options", "option", "value", "priority", "name"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(STANDARD.definitions), JSON)
def test_arbitrary_json_is_encoded_or_refused(definition: OptionDefinition, value: object) -> None:
    try:
        data = STANDARD.encode(definition, value)
    except OptionValueError:
        return
    STANDARD.decode(definition, data)


def test_only_options_of_messages_are_found_without_a_space() -> None:
    assert find("discovery-control") is None
    assert all(d.space != DHCP4 for d in SPACES)

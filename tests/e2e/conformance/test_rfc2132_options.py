"""RFC 2132, 3396, 3397, 3442: do options stand on the wire as they must?"""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.scenario import FAT, LONG_ROUTES, NETWORKS, ROUTES, SEARCH, USUAL, Setting
from tests.e2e.conformance.wire import ACK, DISCOVER, OFFER, REQUEST, Reply, ip, u16

FAT_CODES = bytes(setting.code for setting in FAT)


@pytest.mark.parametrize("setting", USUAL, ids=lambda setting: f"option-{setting.code}")
def test_octets_of_an_option(client: NewClient, setting: Setting) -> None:
    """RFC 2132 §3 to §8: the value as its section lays it out."""
    assert client("plain").discover((55, bytes((setting.code,))))[setting.code] == setting.octets


def test_mask_and_router_of_the_network(client: NewClient) -> None:
    """RFC 2132 §3.3, §3.5: a netmask and addresses, four octets each."""
    offer = client("plain").discover((55, b"\x01\x03"))
    assert (offer[1], offer[3]) == (ip("255.255.252.0"), ip("10.40.0.1"))


def test_mask_goes_before_the_router(client: NewClient) -> None:
    """RFC 2132 §3.3: the subnet mask option MUST be first, whatever order the client asks in."""
    codes = client("plain").discover((55, b"\x03\x06\x01")).codes
    assert codes.index(1) < codes.index(3)


def test_pads_between_options(client: NewClient) -> None:
    """RFC 2132 §3.1: pad octets may stand anywhere to align what follows."""
    host = client("plain")
    xid, payload = host.message(DISCOVER, [])
    host.raw(payload[:240] + bytes(3) + payload[240:243] + bytes(5) + b"\x37\x01\x06\0\xff")
    reply = host.wire.take(xid)
    assert reply is not None
    assert reply.get(6) is not None


def test_octets_after_end_are_ignored(client: NewClient) -> None:
    """RFC 2132 §3.2: END marks the end of valid information."""
    host = client("plain")
    xid, payload = host.message(DISCOVER, [])
    host.raw(payload[:243] + b"\xff\x35\x01\x05\x82\xff\xee" + bytes(60))
    reply = host.wire.take(xid)
    assert reply is not None
    assert reply.type == OFFER


def test_unknown_options_are_ignored(client: NewClient) -> None:
    """RFC 2132 §2: a length octet lets a reader pass over what it does not know."""
    assert client("plain").discover((224, b"whatever"), (254, b""), (55, b"\x06\xe0\xfe"))[6]


def test_parameter_list_is_followed_in_order(client: NewClient) -> None:
    """RFC 2132 §9.8: MUST try to insert the requested options in the order requested."""
    wanted = [42, 15, 6, 26]
    codes = client("plain").discover((55, bytes(wanted))).codes
    assert [code for code in codes if code in wanted] == wanted


def test_options_not_asked_for_come_only_if_needed(client: NewClient) -> None:
    """RFC 2132 §9.8, RFC 2131 §4.3.1: a list says what the client wants, here not NTP nor MTU."""
    codes = client("plain").discover((55, b"\x01\x03\x06")).codes
    assert not {26, 42} & set(codes)


def test_doubled_codes_in_the_list(client: NewClient) -> None:
    """RFC 2132 §9.8: a list of codes; one named twice is sent once (RFC 2131 §4.1)."""
    codes = client("plain").discover((55, bytes((6, 6, 15, 6, 51, 53)))).codes
    assert codes.count(6) == codes.count(51) == codes.count(53) == 1


def test_times_are_in_order(client: NewClient) -> None:
    """RFC 2132 §9.11, §9.12, RFC 2131 §4.4.5: T1 below T2 below the lease time; 0.5 and 0.875 by default."""
    ack = client("plain").lease((55, bytes((58, 59))))
    assert (ack.seconds(58), ack.seconds(59), ack.seconds(51)) == (1800, 3150, 3600)


def test_message_type_has_one_octet(client: NewClient) -> None:
    """RFC 2132 §9.6: length 1."""
    assert len(client("plain").discover()[53]) == 1


@pytest.mark.parametrize("data", [b"", b"\1\2\3", b"\1\2\3\4\5"])
def test_requested_address_of_wrong_length_harms_nobody(client: NewClient, data: bytes) -> None:
    """RFC 2132 §9.1: length 4; anything else is no address to be given."""
    host = client("plain")
    reply = host.wire.take(host.send(DISCOVER, (50, data)), 0.3)
    assert reply is None or host.network.pooled(reply.yiaddr)
    host.discover()


def test_identifier_of_two_octets(client: NewClient) -> None:
    """RFC 2132 §9.14: minimum length 2."""
    host = client("plain")
    host.always = [(61, b"\x00\x01")]
    assert host.lease().type == ACK


def test_trailing_nuls_of_text_are_deleted(client: NewClient) -> None:
    """RFC 2132 §2: receivers MUST be prepared to delete trailing nulls (here: of the vendor class)."""
    assert client("plain").discover((60, b"MSFT 5.0\0\0"), (12, b"host\0"), (55, b"\x06"))[6]


# --- size, §9.3 and §9.10 ---


def test_reply_fits_the_least_datagram(client: NewClient) -> None:
    """RFC 2131 §2, RFC 2132 §9.10: without option 57: 576 octets with IP and UDP header, so 548 in all."""
    assert len(client("fat").discover((55, FAT_CODES)).data) <= 548


@pytest.mark.needs("long options")
def test_fields_are_overloaded_when_options_are_full(client: NewClient) -> None:
    """RFC 2132 §9.3, RFC 2131 §4.1: 'file' and 'sname' take what does not fit, each closed by END."""
    offer = client("fat").discover((55, FAT_CODES))
    assert offer[52] in (b"\x01", b"\x02", b"\x03")
    placed = offer.fields.get("file", []) + offer.fields.get("sname", [])
    assert placed
    assert not {53, 54, 51, 52} & {code for code, _ in placed}


def test_values_are_whole_or_missing(client: NewClient) -> None:
    """RFC 2132 §2: an option that finds no room is left out, never cut."""
    offer = client("fat").discover((55, FAT_CODES))
    sent = {setting.code: setting.octets for setting in FAT}
    present = [code for code in offer.codes if code in sent]
    assert present
    for code in present:
        assert offer[code] == sent[code], code


def test_maximum_message_size_is_kept(client: NewClient) -> None:
    """RFC 2132 §9.10: MUST NOT be exceeded; it counts IP and UDP headers."""
    for size in (576, 700, 900, 1200):
        assert len(client("fat").discover((55, FAT_CODES), (57, u16(size))).data) <= size - 28


def test_large_messages_are_used_when_the_client_takes_them(client: NewClient) -> None:
    """RFC 2132 §9.10: a client that takes 1500 octets gets every option that it asked for."""
    offer = client("fat").discover((55, FAT_CODES), (57, u16(1500)))
    assert {*FAT_CODES} <= set(offer.codes)


def test_maximum_message_size_below_the_least_is_ignored(client: NewClient) -> None:
    """RFC 2132 §9.10: the minimum legal value is 576."""
    offer = client("fat").discover((55, FAT_CODES), (57, u16(300)))
    assert 300 < len(offer.data) <= 548


# --- RFC 3396, long options ---


@pytest.mark.needs("long options")
def test_long_value_is_split(client: NewClient) -> None:
    """RFC 3396 §6: an option of more than 255 octets is sent in parts, in order, side by side or not."""
    offer = client("fat").discover((55, b"\x79"), (57, u16(1500)))
    parts = [value for code, value in offer.options if code == 121]
    assert len(parts) == 2
    assert b"".join(parts) == LONG_ROUTES.octets


@pytest.mark.needs("long options")
def test_long_value_across_fields(client: NewClient) -> None:
    """RFC 3396 §5, §6: the buffer is options, file, sname in that order; a small datagram uses them all."""
    offer = client("fat").discover((55, b"\x79"))
    assert offer[121] == LONG_ROUTES.octets
    assert len(offer.data) <= 548


def test_split_parameter_list_is_joined(client: NewClient) -> None:
    """RFC 3396 §7: several options of one code are concatenated before they are read."""
    codes = client("plain").discover((55, b"\x06"), (12, b"x"), (55, b"\x0f\x2a")).codes
    assert {6, 15, 42} <= set(codes)


def test_split_identifier_is_joined(client: NewClient) -> None:
    """RFC 3396 §7: a client identifier in two parts is the same client as in one."""
    split, whole = client("plain"), client("plain")
    split.always = [(61, b"\x00a long"), (61, b" identifier")]
    whole.always = [(61, b"\x00a long identifier")]
    first, second = split.lease(), whole.lease()
    assert first.yiaddr == second.yiaddr
    assert first[61] == b"\x00a long identifier"


def test_identifier_split_across_fields_is_joined(client: NewClient) -> None:
    """RFC 3396 §5: ... the part in 'options' first, then that in 'file'."""
    split, whole = client("plain"), client("plain")
    whole.always = [(61, b"\x00one two")]
    address = whole.lease().yiaddr
    file = wire.tlv([(61, b" two")]) + b"\xff"
    assert split.discover((61, b"\x00one"), (52, b"\x01"), file=file).yiaddr == address


def test_identifier_of_more_than_255_octets(client: NewClient) -> None:
    """RFC 3396 §7: such a client is served too, and (RFC 6842) gets its identifier back whole."""
    host = client("plain")
    long = bytes(range(200)) + b"\0" * 100
    host.always = [(61, long[:255]), (61, long[255:])]
    assert host.discover()[61] == long


# --- RFC 3397, domain search ---


def test_search_list_is_in_dns_form(client: NewClient) -> None:
    """RFC 3397 §2, §3: RFC 1035 names; the section's own example, compressed."""
    data = client("routes").discover((55, b"\x77"))[119]
    assert names(data) == ["eng.apple.com", "marketing.apple.com"]


def test_search_list_is_compressed(client: NewClient) -> None:
    """RFC 3397 §2: the encoding of RFC 1035 §4.1.4 MUST be used to save space: golden octets of §3."""
    assert client("routes").discover((55, b"\x77"))[119] == SEARCH.octets


def names(data: bytes) -> list[str]:
    """Read names (RFC 1035 §4.1.4) with pointers into the option itself."""
    found: list[str] = []
    position = 0
    while position < len(data):
        labels: list[bytes] = []
        at, jumped = position, False
        while data[at]:
            if data[at] >= 0xC0:
                target = (data[at] & 0x3F) << 8 | data[at + 1]
                assert target < at, "a pointer points forward"
                position = position if jumped else at + 2
                at, jumped = target, True
                continue
            labels.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        position = position if jumped else at + 1
        found.append(b".".join(labels).decode())
    return found


# --- RFC 3442, classless routes ---


def routes(client: NewClient, wanted: bytes) -> Reply:
    return client("routes").discover((55, wanted))


def test_classless_routes_have_significant_octets_only(client: NewClient) -> None:
    """RFC 3442 page 3: width, then only the significant octets of the subnet: the table's own examples."""
    assert routes(client, b"\x79")[121] == ROUTES.octets


def test_classless_routes_stand_alone(client: NewClient) -> None:
    """RFC 3442 page 5: asked for 121 too, the server SHOULD NOT include options 3 and 33."""
    assert not {3, 33} & set(routes(client, bytes((1, 121, 3, 33))).codes)


def test_old_client_gets_old_routes(client: NewClient) -> None:
    """RFC 3442 page 5: a client that does not ask for 121 gets 3 and 33."""
    offer = routes(client, bytes((1, 3, 33)))
    assert offer[3] == ip("10.42.0.1")
    assert offer[33] == ip("192.0.2.7") + ip("10.42.0.9")
    assert 121 not in offer.codes


def test_renewal_has_the_same_settings(client: NewClient) -> None:
    """RFC 2132 §9.8, RFC 2131 §4.3.2: a renewal carries the parameters that are asked for, like the first ACK."""
    host = client("plain")
    wanted = (55, bytes((1, 3, 6, 15, 42)))
    ack = host.lease(wanted)
    again = host.renew(ack.yiaddr, wanted)
    for code in (1, 3, 6, 15, 42):
        assert again[code] == ack[code]


def test_inform_gets_what_it_asks_for(client: NewClient) -> None:
    """RFC 2132 §9.8, RFC 2131 §4.3.5: new parameters alone, without an address."""
    host = client("routes")
    ack = host.ask(wire.INFORM, (55, b"\x77\x79"), ciaddr=NETWORKS["routes"].at(201))
    assert (ack[119], ack[121]) == (SEARCH.octets, ROUTES.octets)


def test_server_identifier_of_wrong_length_harms_nobody(client: NewClient) -> None:
    """RFC 2132 §9.7: length 4."""
    host = client("plain")
    host.send(REQUEST, (50, ip("10.40.3.150")), (54, b"\x0a"))
    host.discover()

"""RFC 2131 §2, §4.1 and table 3: does each reply look as it must, and go where it must?"""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.wire import ACK, BROADCAST, BROADCAST_MAC, DISCOVER, NAK, REQUEST, Reply, ip, u32

NOT_FROM_SERVERS = {50, 55, 57}
"""Table 3: MUST NOT in OFFER, ACK and NAK (61 too, until RFC 6842)."""
ZERO = "0.0.0.0"


def grants(client: NewClient, where: str = "plain", **fields: object) -> list[Reply]:
    """Return an OFFER and an ACK."""
    host = client(where)
    offer = host.discover((55, bytes((1, 3, 6, 15))), (57, wire.u16(1400)), **fields)
    return [offer, host.select(offer, (55, bytes((1, 3, 6, 15))), **fields)]


def every_reply(client: NewClient, where: str = "plain", **fields: object) -> list[Reply]:
    return [*grants(client, where, **fields), client(where).reboot("192.168.9.9", **fields)]


# --- table 3, the fixed fields ---


def test_fixed_fields_of_every_reply(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: op BOOTREPLY, htype, hlen, chaddr of the client, hops and secs 0."""
    for reply in every_reply(client, secs=7, hops=3):
        assert (reply.op, reply.htype, reply.hlen) == (2, 1, 6)
        assert (reply.hops, reply.secs) == (0, 0)
        assert reply.chaddr[:2] == b"\x02\x5c"
        assert reply.chaddr[6:] == bytes(10)


@pytest.mark.parametrize("xid", [1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_transaction_is_copied(client: NewClient, xid: int) -> None:
    """RFC 2131 §4.3.1, table 3: 'xid' from the client's message."""
    assert client("plain").discover(xid=xid).xid == xid


@pytest.mark.parametrize("flags", [0, BROADCAST])
def test_flags_are_copied(client: NewClient, flags: int) -> None:
    """RFC 2131 §4.3.1, table 3: 'flags' from the client's message, for a NAK too on the link."""
    offer, ack, _ = every_reply(client, flags=flags)
    assert offer.flags == ack.flags == flags


def test_giaddr_is_copied(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 'giaddr' from the client's message."""
    assert {reply.giaddr for reply in every_reply(client)} == {"10.40.0.1"}
    assert {reply.giaddr for reply in every_reply(client, "link")} == {ZERO}


def test_ciaddr_of_offer_and_nak_is_zero(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 'ciaddr' 0 in OFFER and NAK; in an ACK that of the REQUEST, or 0."""
    offer, ack, nak = every_reply(client)
    assert (offer.ciaddr, ack.ciaddr, nak.ciaddr) == (ZERO, ZERO, ZERO)


def test_nak_to_a_rebinding_client_has_no_ciaddr(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 'ciaddr' 0 in a NAK even when the REQUEST had one."""
    nak = client().rebind("192.168.9.9")
    assert (nak.type, nak.ciaddr, nak.yiaddr, nak.siaddr) == (NAK, ZERO, ZERO, ZERO)


def test_nak_has_no_boot_fields(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: yiaddr, siaddr 0; sname, file unused in a NAK (a network with boot settings)."""
    nak = client("boot").reboot("192.168.9.9", (55, bytes((1, 3, 6, 66, 67))))
    assert (nak.type, nak.yiaddr, nak.siaddr) == (NAK, ZERO, ZERO)
    assert not nak.sname.strip(b"\0")
    assert not nak.file.strip(b"\0")


def test_nak_has_only_its_options(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: all others MUST NOT; 54 MUST, 56 SHOULD, 61 since RFC 6842."""
    host = client("plain")
    host.always = [(61, b"\1" + host.mac)]
    nak = host.reboot("192.168.9.9", (55, bytes((1, 3, 6, 15, 51))), (57, wire.u16(1400)))
    assert set(nak.codes) <= {53, 54, 56, 61}
    assert nak[54]


def test_nak_says_why(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 'message' SHOULD be in a NAK."""
    assert client("plain").reboot("192.168.9.9")[56].decode("ascii").isprintable()


def test_boot_fields(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: siaddr, sname and file as configured, in OFFER and ACK."""
    for reply in grants(client, "boot"):
        assert reply.siaddr == "192.0.2.69"
        assert reply.sname.rstrip(b"\0") == b"boot.example"
        assert reply.file.rstrip(b"\0") == b"pxe/start.0"


# --- table 3, the options ---


def test_lease_time_in_offer_and_ack(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 'IP address lease time' MUST be in OFFER and ACK (lease)."""
    assert [reply.seconds(51) for reply in grants(client)] == [3600, 3600]


@pytest.mark.parametrize("where", ["link", "plain"])
def test_server_identifier_in_every_reply(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.1, table 3; §4.1: MUST be an address of the server that clients can reach."""
    own = {ip("10.77.0.1"), ip("10.30.0.1")}
    assert {reply[54] for reply in every_reply(client, where)} <= own


def test_options_that_servers_never_send(client: NewClient) -> None:
    """RFC 2131 §4.3.1, table 3: 50, 55 and 57 MUST NOT be in OFFER, ACK, NAK."""
    for reply in every_reply(client):
        assert not NOT_FROM_SERVERS & set(reply.codes)


def test_configured_values_that_were_asked_for_are_sent(client: NewClient) -> None:
    """RFC 2131 §4.3.1: MUST return the values that the client asked for if they are configured."""
    host = client("plain")
    wanted = bytes(setting.code for setting in host.network.settings)
    for reply in (offer := host.discover((55, wanted)), host.select(offer, (55, wanted))):
        for setting in host.network.settings:
            assert reply[setting.code] == setting.octets, setting


def test_every_option_once(client: NewClient) -> None:
    """RFC 2131 §4.1: options may appear only once, unless they are long (RFC 3396)."""
    for reply in grants(client):
        assert len(reply.codes) == len(set(reply.codes))


# --- §4.1, where a reply goes ---


def test_reply_to_the_relay(client: NewClient) -> None:
    """RFC 2131 §4.1: giaddr set: to the 'DHCP server' port (67) of the relay agent."""
    for reply in every_reply(client):
        assert (reply.to, reply.dport, reply.sport) == ("10.40.0.1", 67, 67)


def test_reply_to_ciaddr(client: NewClient) -> None:
    """RFC 2131 §4.1: giaddr 0, ciaddr set: OFFER and ACK by unicast to ciaddr, even with the broadcast bit."""
    host = client()
    ack = host.lease()
    again = host.rebind(ack.yiaddr, flags=BROADCAST)
    assert (again.to, again.dport) == (ack.yiaddr, 68)


def test_reply_by_broadcast(client: NewClient) -> None:
    """RFC 2131 §4.1: giaddr and ciaddr 0, broadcast bit set: to 255.255.255.255."""
    for reply in grants(client, "link", flags=BROADCAST):
        assert (reply.to, reply.mac_to, reply.dport) == ("255.255.255.255", BROADCAST_MAC, 68)


def test_reply_by_unicast_to_yiaddr_at_chaddr(client: NewClient) -> None:
    """RFC 2131 §4.1: giaddr and ciaddr 0, bit clear: to the client's hardware address and yiaddr."""
    host = client()
    offer = host.discover(flags=0)
    ack = host.select(offer, flags=0)
    for reply in (offer, ack):
        assert (reply.to, reply.mac_to, reply.dport) == (offer.yiaddr, host.mac, 68)


@pytest.mark.parametrize("flags", [0, BROADCAST])
def test_nak_on_the_link_is_broadcast(client: NewClient, flags: int) -> None:
    """RFC 2131 §4.1: in all cases when giaddr is zero NAK messages are broadcast, whatever the flag."""
    nak = client().reboot("192.168.9.9", flags=flags)
    assert (nak.type, nak.to, nak.mac_to) == (NAK, "255.255.255.255", BROADCAST_MAC)


def test_nak_on_the_link_is_broadcast_even_with_ciaddr(client: NewClient) -> None:
    """RFC 2131 §4.1, §4.3.2: the client's address may be wrong: not to ciaddr."""
    nak = client().rebind("192.168.9.9", flags=0)
    assert (nak.type, nak.to) == (NAK, "255.255.255.255")


def test_nak_to_a_relay_has_the_broadcast_bit(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: giaddr set: MUST set the broadcast bit, so that the relay broadcasts it."""
    nak = client("plain").reboot("192.168.9.9", flags=0)
    assert (nak.type, nak.to, nak.flags & BROADCAST) == (NAK, "10.40.0.1", BROADCAST)


def test_source_is_the_server_port(client: NewClient) -> None:
    """RFC 2131 §4.1: from the DHCP server port (67), with a source address that is the server's."""
    for reply in every_reply(client, "link"):
        assert (reply.source, reply.sport) == ("10.77.0.1", 67)


# --- §2, §3, §4.1: the message ---


def test_cookie_and_end(client: NewClient) -> None:
    """RFC 2131 §3: the options begin with 99.130.83.99 and (§4.1) end with 255."""
    for reply in every_reply(client):
        assert reply.data[236:240] == bytes((99, 130, 83, 99))
        assert reply.options  # the reader fails without END


def test_message_type_comes_first(client: NewClient) -> None:
    """RFC 2131 §3: 'DHCP message type' MUST be in every DHCP message (first, for old relays and clients)."""
    for reply in every_reply(client):
        assert reply.codes[0] == 53


def test_reply_is_a_whole_bootp_message(client: NewClient) -> None:
    """RFC 2131 §4.1, RFC 1542 §2.1: at least 300 octets, so that BOOTP relays pass it on."""
    for reply in every_reply(client):
        assert len(reply.data) >= 300


def test_text_fields_end_with_nul(client: NewClient) -> None:
    """RFC 2131 §2, table 1: sname and file are null terminated strings."""
    offer = client("boot").discover()
    assert offer.sname.endswith(b"\0")
    assert offer.file.endswith(b"\0")


def test_options_in_file_and_sname_are_read(client: NewClient) -> None:
    """RFC 2131 §4.1: the fields 'file', then 'sname' are read when 'option overload' says so."""
    host = client("plain")
    file = wire.tlv([(50, ip("10.40.3.175"))]) + b"\xff"
    sname = wire.tlv([(55, b"\x06"), (51, u32(900))]) + b"\xff"
    offer = host.discover((52, b"\x03"), file=file, sname=sname)
    assert (offer.yiaddr, offer.seconds(51)) == ("10.40.3.175", 900)


def test_without_overload_file_and_sname_are_no_options(client: NewClient) -> None:
    """RFC 2131 §4.1: ... and only then."""
    host = client("plain")
    file = wire.tlv([(50, ip("10.40.3.174"))]) + b"\xff"
    assert host.discover(file=file).yiaddr != "10.40.3.174"


@pytest.mark.parametrize(
    ("htype", "address"),
    [
        (1, bytes(6)),
        (6, b"\x02\0\0\0\x07\x01"),
        (32, b"\x20" + bytes(15)),
        (7, b"\x2a"),
        (8, b"\x02\0\0\0\0\0\x07\x02"),
    ],
)
def test_other_hardware_types(client: NewClient, htype: int, address: bytes) -> None:
    """RFC 2131 §2, table 1: htype and hlen as in ARP; chaddr has 16 octets."""
    host = client("plain", address)
    host.always = [(61, b"\xff" + address + bytes((htype,)))]
    offer = host.discover(htype=htype)
    assert (offer.htype, offer.hlen, offer.chaddr[: len(address)]) == (htype, len(address), address)


def test_client_without_hardware_address(client: NewClient) -> None:
    """RFC 2131 §4.2, RFC 4390 §2.1: hlen 0, known by its client identifier alone."""
    host = client("plain", b"")
    host.always = [(61, b"\xff\0\0\0\x09\0\x02hlen-zero")]
    assert host.lease(htype=32).hlen == 0


@pytest.mark.parametrize("seconds", [0, 1, 0xFFFF])
def test_any_secs(client: NewClient, seconds: int) -> None:
    """RFC 2131 §2, table 1: 'secs' is filled in by the client; no server waits unless it is told to."""
    assert client("plain").discover(secs=seconds).secs == 0


@pytest.mark.parametrize("hops", [1, 4, 16])
def test_any_hops(client: NewClient, hops: int) -> None:
    """RFC 2131 §4.3.1, table 3: relays count hops; the reply has 0."""
    assert client("plain").discover(hops=hops).hops == 0


# --- who the client is, §4.2 ---


def test_identifier_not_hardware_address_names_the_client(client: NewClient) -> None:
    """RFC 2131 §4.2: with a client identifier the server MUST use it, not chaddr, to find the binding."""
    one, moved = client("plain"), client("plain")
    one.always = moved.always = [(61, b"\x00the same host")]
    assert one.lease().yiaddr == moved.lease().yiaddr


def test_two_identifiers_at_one_hardware_address_are_two_clients(client: NewClient) -> None:
    """RFC 2131 §4.2: the identifier is the client's key; two of them, two leases."""
    one = client("plain")
    two = client("plain", one.mac)
    one.always, two.always = [(61, b"\x00first")], [(61, b"\x00second")]
    assert one.lease().yiaddr != two.lease().yiaddr


def test_identifier_is_opaque(client: NewClient) -> None:
    """RFC 2131 §4.2: an identifier that looks like a MAC with type 1 is still compared as a whole."""
    plain = client("plain")
    other = client("plain")
    other.always = [(61, b"\x01" + plain.mac)]
    first = plain.lease().yiaddr
    assert other.lease().yiaddr != first


def test_one_client_on_two_networks(client: NewClient) -> None:
    """RFC 2131 §4.2: an identifier MUST be unique within a subnet; elsewhere it is another binding."""
    here = client("plain")
    there = client("routes", here.mac)
    first, second = here.lease(), there.lease()
    assert (here.network.pooled(first.yiaddr), there.network.pooled(second.yiaddr)) == (True, True)
    assert here.reboot(first.yiaddr).type == ACK


def test_client_that_moved_is_told(client: NewClient) -> None:
    """RFC 2131 §4.3.2: INIT-REBOOT with the address of the network where it was: NAK, then a new one."""
    here = client("plain")
    address = here.lease().yiaddr
    there = client("routes", here.mac)
    assert there.reboot(address).type == NAK
    assert there.network.pooled(there.lease().yiaddr)


def test_selecting_by_unicast(client: NewClient) -> None:
    """RFC 2131 §4.3.2: what the options say, not how the datagram came, tells SELECTING."""
    host = client("plain")
    offer = host.discover()
    assert host.ask(REQUEST, (50, ip(offer.yiaddr)), (54, offer[54]), hops=2).type == ACK


def test_discover_is_never_refused(client: NewClient) -> None:
    """RFC 2131 §4.3.1: a DISCOVER gets an OFFER or nothing, whatever it asks for."""
    assert client("plain").ask(DISCOVER, (50, ip("192.168.9.9")), (51, u32(0))).type == wire.OFFER

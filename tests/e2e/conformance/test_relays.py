"""RFC 3046, 3527, 5107, 8357, 3011, 3993, 6925 and 1542: is a relay agent heard and answered?"""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.lab import Client
from tests.e2e.conformance.scenario import CIRCUIT, FAT, NETWORKS, NOWHERE
from tests.e2e.conformance.wire import ACK, DISCOVER, NAK, REQUEST, ip, tlv, u16

REMOTE = b"\x02\x07modem-1"


def behind(client: NewClient, where: str, relay_info: bytes) -> Client:
    host = client(where)
    host.always = [(82, relay_info)]
    return host


# --- RFC 3046 ---


def test_relay_information_is_echoed_in_every_reply(client: NewClient) -> None:
    """RFC 3046 §2.2: the server SHALL echo the entire contents in all replies, NAK included."""
    info = CIRCUIT + REMOTE
    host = behind(client, "plain", info)
    offer = host.discover((55, b"\x01\x03\x06"))
    for reply in (offer, host.select(offer), host.reboot("192.168.9.9")):
        assert reply[82] == info


def test_relay_information_is_last(client: NewClient) -> None:
    """RFC 3046 §2.1, §2.2: the last option before END."""
    host = behind(client, "plain", CIRCUIT)
    offer = host.discover((55, b"\x01\x03\x06"))
    for reply in (offer, host.select(offer), host.reboot("192.168.9.9")):
        assert reply.codes[-1] == 82


@pytest.mark.parametrize(
    "info",
    [b"\x01\x00", b"\xc8\x03abc" + CIRCUIT, CIRCUIT + CIRCUIT, b"\x01\xc8" + bytes(200), b"\xff\x01x\x00\x01y"],
    ids=["empty", "unknown", "doubled", "200 octets", "codes 255 and 0"],
)
def test_any_relay_information_is_echoed_octet_by_octet(client: NewClient, info: bytes) -> None:
    """RFC 3046 §2.0, §2.2: sub-options in no order, of any length, known or not; no END and no pads inside."""
    assert behind(client, "plain", info).discover()[82] == info


def test_no_relay_information_is_made_up(client: NewClient) -> None:
    """RFC 3046 §2.2: only what the relay put in is echoed."""
    assert 82 not in client("plain").discover((55, bytes((1, 82)))).codes


def test_unicast_renewal_has_none(client: NewClient) -> None:
    """RFC 3046 §2.2: a renewal by unicast passes no relay: its reply carries no option 82."""
    host = behind(client, "plain", CIRCUIT)
    ack = host.lease()
    host.always = []
    again = host.renew(ack.yiaddr)
    assert (again.type, again.yiaddr) == (ACK, ack.yiaddr)
    assert 82 not in again.codes


def test_relay_information_never_in_overloaded_fields(client: NewClient) -> None:
    """RFC 3046 §2.2: room is kept for it in 'options' when the datagram is full."""
    host = behind(client, "fat", CIRCUIT + REMOTE)
    offer = host.discover((55, bytes(setting.code for setting in FAT)))
    assert offer.fields["options"][-1] == (82, CIRCUIT + REMOTE)
    assert len(offer.data) <= 548


def test_reservation_by_circuit(client: NewClient) -> None:
    """RFC 3046 §3.1: what is plugged in at this port gets this address, whoever it is."""
    assert behind(client, "ports", CIRCUIT).lease().yiaddr == "10.54.0.20"


def test_reservation_by_remote_end(client: NewClient) -> None:
    """RFC 3046 §3.2: the modem names the customer."""
    assert behind(client, "ports", b"\x02\x07modem-9").lease().yiaddr == "10.54.0.21"


def test_cut_relay_information_is_not_answered(client: NewClient) -> None:
    """RFC 3046 §2.0: a sub-option that runs past the end of option 82 says nothing that can be trusted."""
    host = behind(client, "plain", b"\x01\x09abc")
    reply = host.wire.take(host.send(DISCOVER), 0.3)
    assert reply is None or reply[82] == b"\x01\x09abc"
    client("plain").discover()


def test_relay_on_a_network_that_nobody_planned(client: NewClient) -> None:
    """RFC 2131 §4.3.1, RFC 1542 §4: giaddr tells the network; one that has no addresses gets no answer."""
    client(NOWHERE).silence(DISCOVER)


def test_relay_with_another_address(client: NewClient) -> None:
    """RFC 1542 §4.1.1: giaddr is an address of the relay, maybe outside the clients' subnet; configured here."""
    host = client("listed")
    host.giaddr = "10.62.0.1"
    offer = host.discover()
    assert host.network.pooled(offer.yiaddr)
    assert offer.to == "10.62.0.1"


def test_shared_network_gives_from_its_second_subnet(client: NewClient) -> None:
    """RFC 2131 §4.3.1: more than one subnet on one link: a full first one leads to the second."""
    taken = [client("first").lease().yiaddr for _ in range(4)]
    assert sum(NETWORKS["second"].pooled(address) for address in taken) >= 2


def test_shared_network_knows_its_members(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: an address of another subnet of the same link is on the right network."""
    host = client("second")
    address = host.lease().yiaddr
    assert client("first", host.mac).reboot(address).type == ACK


# --- RFC 3527, link selection ---


def test_link_selection_goes_before_giaddr(client: NewClient) -> None:
    """RFC 3527 §3: the address comes from the sub-option's subnet, the reply goes to giaddr."""
    host = behind(client, "plain", b"\x05\x04" + ip("10.44.0.0"))
    offer = host.discover()
    assert NETWORKS["boot"].pooled(offer.yiaddr)
    assert (offer.to, offer.giaddr) == ("10.40.0.1", "10.40.0.1")


def test_link_selection_holds_for_the_request(client: NewClient) -> None:
    """RFC 3527 §3: ... and for the whole exchange."""
    host = behind(client, "plain", b"\x05\x04" + ip("10.44.0.0"))
    ack = host.lease()
    assert NETWORKS["boot"].pooled(ack.yiaddr)
    assert ack[82] == b"\x05\x04" + ip("10.44.0.0")
    assert host.reboot("10.40.3.150").type == NAK


def test_link_selection_of_an_unknown_network(client: NewClient) -> None:
    """RFC 3527 §3: if the server can't allocate on that subnet it SHOULD NOT respond from another."""
    behind(client, "plain", b"\x05\x04" + ip("10.63.0.0")).silence(DISCOVER)


# --- RFC 3011, subnet selection ---


def test_subnet_selection_is_followed_and_echoed(client: NewClient) -> None:
    """RFC 3011 §2: MUST allocate from the subnet named, and MUST return the option as it came."""
    host = client("plain")
    offer = host.discover((118, ip("10.44.0.0")))
    assert NETWORKS["boot"].pooled(offer.yiaddr)
    assert offer[118] == ip("10.44.0.0")


def test_link_selection_goes_before_subnet_selection(client: NewClient) -> None:
    """RFC 3527 §4: with both, the relay's sub-option determines the subnet."""
    host = behind(client, "plain", b"\x05\x04" + ip("10.44.0.0"))
    assert NETWORKS["boot"].pooled(host.discover((118, ip("10.42.0.0"))).yiaddr)


# --- RFC 5107, server identifier override ---


@pytest.mark.needs("server identifier override")
def test_server_identifier_override_is_used(client: NewClient) -> None:
    """RFC 5107 §4: the reply's server identifier MUST be the sub-option's value."""
    host = behind(client, "plain", b"\x0b\x04" + ip("10.40.0.1"))
    offer = host.discover()
    ack = host.select(offer)
    assert offer[54] == ack[54] == ip("10.40.0.1")
    assert ack.type == ACK


@pytest.mark.needs("server identifier override")
def test_request_to_the_override_is_ours(client: NewClient) -> None:
    """RFC 5107 §4: a REQUEST whose server identifier matches the sub-option is for this server."""
    host = behind(client, "plain", b"\x0b\x04" + ip("10.40.0.1"))
    offer = host.discover()
    assert host.ask(REQUEST, (50, ip(offer.yiaddr)), (54, ip("10.40.0.1"))).type == ACK
    host.silence(REQUEST, (50, ip(offer.yiaddr)), (54, ip("10.40.0.77")))


# --- RFC 8357, source port ---


@pytest.mark.needs("relay source port")
def test_reply_goes_to_the_relays_own_port(client: NewClient) -> None:
    """RFC 8357 §5.2, §5.4: with sub-option 19 the reply goes to the port that the relay sent from."""
    host = behind(client, "plain", b"\x13\x00")
    host.source_port = 40001
    offer = host.discover()
    assert (offer.dport, offer[82]) == (40001, b"\x13\x00")


def test_other_source_ports_do_not_count(client: NewClient) -> None:
    """RFC 8357 §5.2: without the sub-option the reply goes to port 67."""
    host = behind(client, "plain", CIRCUIT)
    host.source_port = 40002
    assert host.discover().dport == 67


# --- RFC 3993, RFC 6925 and the rest of the sub-options ---


@pytest.mark.parametrize(("rfc", "info"), [
    ("RFC 3993 subscriber-id", b"\x06\x08customer"),
    ("RFC 6925 relay-id", b"\x0c\x0a\x00\x03\x00\x01\x02\x00\x00\x00\x00\x09"),
    ("RFC 4030 authentication", b"\x08\x04\x00\x00\x00\x00"),
    ("RFC 4243 vendor", b"\x09\x09\x00\x00\x0d\xe9\x04\x01\x02hi"),
    ("RFC 5010 flags", b"\x0a\x01\x80"),
    ("RFC 6607 VSS", b"\x97\x01\xff"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_later_suboptions_are_echoed(client: NewClient, rfc: str, info: bytes) -> None:
    """RFC 3046 §2.2, RFC 3993 §3, RFC 6925 §5.2: known to the server or not, all of it goes back."""
    host = behind(client, "plain", CIRCUIT + info)
    assert host.lease()[82] == CIRCUIT + info


@pytest.mark.needs("virtual subnets")
def test_private_network_that_is_not_served_gets_nothing(client: NewClient) -> None:
    """RFC 6607 §6: an address of another VPN must not come from the common pool."""
    behind(client, "plain", b"\x97\x05\x00vpn1").silence(DISCOVER)


def test_subscriber_id_is_echoed(client: NewClient) -> None:
    """RFC 3993 §3: opaque text of the provider, returned by the server like all of option 82."""
    host = behind(client, "plain", b"\x06\x0acustomer-7")
    assert host.lease()[82] == b"\x06\x0acustomer-7"


def test_relay_id_is_echoed(client: NewClient) -> None:
    """RFC 6925 §5.2: a DUID of the relay; two relays with one giaddr are told apart by it."""
    info = tlv([(12, b"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x0a"), (1, b"port 1")])
    host = behind(client, "plain", info)
    assert host.lease()[82] == info


def test_message_size_with_relay_information(client: NewClient) -> None:
    """RFC 3046 §2.2, RFC 2132 §9.10: option 82 counts; the limit of the client holds on the way back too."""
    host = behind(client, "fat", b"\x01\xf0" + bytes(240))
    offer = host.discover((55, bytes(setting.code for setting in FAT)), (57, u16(700)))
    assert offer[82] == b"\x01\xf0" + bytes(240)
    assert len(offer.data) <= 672


def test_broadcast_bit_passes_the_relay(client: NewClient) -> None:
    """RFC 1542 §4.1.2: the relay reads the flag in the reply: it is the client's."""
    assert client("plain").discover(flags=wire.BROADCAST).flags == wire.BROADCAST
    assert client("plain").discover(flags=0).flags == 0

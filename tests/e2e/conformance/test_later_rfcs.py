"""RFC 4039 rapid commit, RFC 8925 IPv6-only, RFC 951, 1497, 1534 and 1542 BOOTP: what a network may also do."""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.lab import Client
from tests.e2e.conformance.scenario import BOOTP_MAC, CIRCUIT
from tests.e2e.conformance.wire import ACK, BROADCAST, DISCOVER, OFFER, Reply, ip, u32

RAPID = (80, b"")

# --- RFC 4039 ---


def test_rapid_commit(client: NewClient) -> None:
    """RFC 4039 §3.1: a DISCOVER with the option is answered by an ACK with it, of length 0."""
    host = client("rapid")
    ack = host.ask(DISCOVER, RAPID, (55, b"\x01\x03\x06"))
    assert (ack.type, ack[80]) == (ACK, b"")
    assert host.network.pooled(ack.yiaddr)
    assert ack.seconds(51) == 3600
    assert ack[6]


def test_rapid_commit_is_committed(client: NewClient) -> None:
    """RFC 4039 §3.1: MUST commit the binding before the ACK: it can be renewed and is nobody else's."""
    host = client("rapid")
    address = host.ask(DISCOVER, RAPID).yiaddr
    assert host.renew(address).type == ACK
    assert client("rapid").ask(DISCOVER, RAPID, (50, ip(address))).yiaddr != address


def test_rapid_commit_again(client: NewClient) -> None:
    """RFC 4039 §3.1: a client that missed the ACK asks again and gets the same address."""
    host = client("rapid")
    assert host.ask(DISCOVER, RAPID).yiaddr == host.ask(DISCOVER, RAPID).yiaddr


def test_offer_without_the_option(client: NewClient) -> None:
    """RFC 4039 §3.1: a client that does not ask for it gets an OFFER, without the option."""
    host = client("rapid")
    offer = host.ask(DISCOVER, (55, b"\x50\x06"))
    assert offer.type == OFFER
    assert 80 not in offer.codes


def test_ack_of_a_request_has_no_rapid_commit(client: NewClient) -> None:
    """RFC 4039 §4: only in the ACK that answers a DISCOVER."""
    host = client("rapid")
    assert 80 not in host.lease().codes


@pytest.mark.needs("rapid commit by network")
def test_server_that_is_not_configured_offers(client: NewClient) -> None:
    """RFC 4039 §3.1: a server that is not configured for it ignores the option: OFFER, without it."""
    offer = client("plain").ask(DISCOVER, RAPID)
    assert offer.type == OFFER
    assert 80 not in offer.codes


def test_two_rapid_clients(client: NewClient) -> None:
    """RFC 4039 §3.1: each ACK its own address."""
    assert len({client("rapid").ask(DISCOVER, RAPID).yiaddr for _ in range(4)}) == 4


# --- RFC 8925 ---


def test_ipv6_only_is_told_when_asked(client: NewClient) -> None:
    """RFC 8925 §3.3, §3.1: asked for and configured: in the OFFER, four octets with the configured wait."""
    offer = client("v6only").ask(DISCOVER, (55, b"\x01\x03\x06\x6c"))
    assert (offer.type, offer[108]) == (OFFER, u32(1800))


def test_ipv6_only_is_not_told_unasked(client: NewClient) -> None:
    """RFC 8925 §3.3: MUST NOT be included if the client did not ask for it."""
    host = client("v6only")
    offer = host.discover((55, b"\x01\x03\x06"))
    assert 108 not in offer.codes
    assert 108 not in host.select(offer, (55, b"\x01\x03\x06")).codes
    assert host.network.pooled(offer.yiaddr)


def test_ipv6_only_in_the_ack(client: NewClient) -> None:
    """RFC 8925 §3.3: in the ACK too, to a client that comes back with an address (INIT-REBOOT)."""
    host = client("v6only")
    ack = host.lease((55, b"\x01\x03\x06"))
    again = host.reboot(ack.yiaddr, (55, b"\x01\x6c"))
    assert (again.type, again[108]) == (ACK, u32(1800))


def test_ipv6_only_is_not_told_where_it_is_not_configured(client: NewClient) -> None:
    """RFC 8925 §3.3: SHOULD NOT be included unless the network is meant for it; an address is offered as ever."""
    host = client("plain")
    offer = host.discover((55, b"\x01\x6c"))
    assert 108 not in offer.codes
    assert host.network.pooled(offer.yiaddr)


# --- BOOTP ---


def bootp(host: Client, options: list[wire.Option] | None = None, **fields: object) -> int:
    """Send a BOOTREQUEST; return its transaction number."""
    xid = int.from_bytes(b"\x5b" + host.mac[-3:], "big")
    given: dict[str, object] = {"giaddr": host.giaddr, "chaddr": host.mac, "xid": xid, **fields}
    host.raw(wire.message(options, **given))  # type: ignore[arg-type]  # passed on
    return xid


def answer(host: Client, options: list[wire.Option] | None = None, **fields: object) -> Reply:
    reply = host.wire.take(bootp(host, options, **fields))
    assert reply is not None, host.lab.log()
    return reply


def test_bootp_client_with_a_reservation(client: NewClient) -> None:
    """RFC 951 §7.3, RFC 1534 §2: yiaddr, siaddr and file by hardware address, in one exchange."""
    reply = answer(client("bootp", BOOTP_MAC))
    assert (reply.op, reply.yiaddr, reply.siaddr) == (2, "10.49.0.10", "192.0.2.69")
    assert reply.file.rstrip(b"\0") == b"rom.bin"


def test_bootp_reply_has_no_dhcp_options(client: NewClient) -> None:
    """RFC 1534 §2: a BOOTP client's reply has no 'DHCP message type', nor lease times: 50 to 61 are for DHCP."""
    reply = answer(client("bootp", BOOTP_MAC), [(12, b"terminal")])
    assert not set(range(50, 62)) & set(reply.codes)


def test_bootp_vendor_field(client: NewClient) -> None:
    """RFC 1497 page 2, RFC 951 §3: cookie, mask, routers in the vendor field of 64 octets, which is all."""
    reply = answer(client("bootp", BOOTP_MAC), [(12, b"terminal")])
    assert (reply[1], reply[3]) == (ip("255.255.255.0"), ip("10.49.0.1"))
    assert len(reply.data) == 300


def test_bootp_client_of_the_pool(client: NewClient) -> None:
    """RFC 1534 §2: an address from a pool that is open to BOOTP, for ever: asked again, the same."""
    host = client("bootp")
    first, again = answer(host), answer(host)
    assert host.network.pooled(first.yiaddr)
    assert again.yiaddr == first.yiaddr
    assert answer(client("bootp")).yiaddr != first.yiaddr


def test_bootp_reply_copies_what_it_must(client: NewClient) -> None:
    """RFC 951 §7.3, RFC 1542 §3.2: xid, htype, hlen, chaddr, giaddr, flags as in the request."""
    host = client("bootp", BOOTP_MAC)
    reply = answer(host, flags=BROADCAST, secs=4)
    assert (reply.htype, reply.hlen, reply.chaddr[:6]) == (1, 6, BOOTP_MAC)
    assert (reply.giaddr, reply.flags) == ("10.49.0.1", BROADCAST)
    assert (reply.to, reply.dport) == ("10.49.0.1", 67)


def test_bootp_through_a_relay_with_option_82(client: NewClient) -> None:
    """RFC 3046 §2.2: relays add it to BOOTREQUESTs too; it goes back."""
    assert answer(client("bootp", BOOTP_MAC), [(82, CIRCUIT)])[82] == CIRCUIT


def test_bootp_client_that_knows_its_address(client: NewClient) -> None:
    """RFC 951 §7.3: ciaddr is the client's own; the reply still tells the boot file."""
    reply = answer(client("bootp", BOOTP_MAC), ciaddr="10.49.0.10", giaddr="10.49.0.1")
    assert reply.ciaddr == "10.49.0.10"
    assert reply.file.rstrip(b"\0") == b"rom.bin"


def test_bootp_client_that_wants_another_server(client: NewClient) -> None:
    """RFC 951 §7.3: sname names a server that is not this one: no answer."""
    host = client("bootp", BOOTP_MAC)
    host.unanswered(bootp(host, sname=b"some.other.host"))


@pytest.mark.needs("BOOTP by network")
def test_bootp_where_it_is_not_wanted(client: NewClient) -> None:
    """RFC 1534 §2: a DHCP server MAY answer BOOTP; here it is configured not to."""
    host = client("plain")
    host.unanswered(bootp(host))


@pytest.mark.needs("pools for BOOTP alone")
def test_pool_of_bootp_clients_is_not_for_others(client: NewClient) -> None:
    """RFC 1534 §2: addresses given for ever are apart from those that are leased."""
    client("bootp").silence(DISCOVER)

"""Does anything that arrives stop the server, or get an answer that it must not get?"""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.wire import DISCOVER, ip

GOOD = wire.tlv([(53, b"\x01")])


def unanswered(client: NewClient, payload: bytes, xid: int = 0x5CBAD000) -> None:
    """Send a payload as a relay; nothing may come back, and the next client must be served."""
    host = client("plain")
    host.raw(payload)
    host.unanswered(xid)


@pytest.mark.parametrize("length", [0, 1, 28, 43, 108, 235, 236, 239, 240, 242])
def test_truncated(client: NewClient, length: int) -> None:
    """RFC 2131 §2: fixed fields, cookie and at least option 53 must be there."""
    unanswered(client, client("plain").message(DISCOVER, [], xid=0x5CBAD000)[1][:length])


@pytest.mark.parametrize("cookie", [b"\0\0\0\0", b"\x63\x82\x53\x64", b"CMU\0"])
def test_wrong_cookie(client: NewClient, cookie: bytes) -> None:
    """RFC 2131 §3, RFC 2132 §2: the first four octets of the options are 99.130.83.99."""
    payload = client("plain").message(DISCOVER, [], xid=0x5CBAD000)[1]
    unanswered(client, payload[:236] + cookie + payload[240:])


@pytest.mark.parametrize("op", [0, 2, 3, 255])
def test_not_a_request(client: NewClient, op: int) -> None:
    """RFC 2131 §2, table 1: op 1 is a client's message; a server does not answer a server."""
    unanswered(client, client("plain").message(DISCOVER, [], xid=0x5CBAD000, op=op)[1])


@pytest.mark.parametrize("hlen", [17, 64, 255])
def test_hardware_address_longer_than_its_field(client: NewClient, hlen: int) -> None:
    """RFC 2131 §2, figure 1: chaddr has 16 octets."""
    host = client("plain")
    unanswered(client, host.message(DISCOVER, [], xid=0x5CBAD000, hlen=hlen)[1])


@pytest.mark.parametrize(
    "options",
    [b"\x35\x01\x01\x37\xff\x01\xff", b"\x35\x01\x01\x37", b"\x35\x01\x01\x3d\x7f" + bytes(20) + b"\xff"],
)
def test_option_past_the_end(client: NewClient, options: bytes) -> None:
    """RFC 2132 §2: the length counts octets of the value; there must be as many."""
    host = client("plain")
    payload = host.message(DISCOVER, [], xid=0x5CBAD000)[1][:240] + options
    host.raw(payload)
    client("plain").discover()


@pytest.mark.parametrize("value", [b"", b"\0"])
def test_message_type_that_is_none(client: NewClient, value: bytes) -> None:
    """RFC 2132 §9.6: one octet, 1 to 8 (and later ones)."""
    host = client("plain")
    payload = wire.message([(53, value)], xid=0x5CBAD000, chaddr=host.mac, giaddr=host.giaddr)
    unanswered(client, payload)


def test_message_type_twice(client: NewClient) -> None:
    """RFC 2132 §9.6, RFC 3396 §7: joined they have two octets: an answer or none, and the server goes on."""
    host = client("plain")
    host.send(DISCOVER, (53, b"\x03"))
    client("plain").discover()


def test_overload_that_overlaps_itself(client: NewClient) -> None:
    """RFC 2132 §9.3: option 52 inside the fields that it opens has no meaning and makes no loop."""
    host = client("plain")
    file = wire.tlv([(52, b"\x03"), (12, b"x")]) + b"\xff"
    assert host.discover((52, b"\x01"), file=file)


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x04", b"\xff", b"\x01\x02"])
def test_overload_without_meaning(client: NewClient, value: bytes) -> None:
    """RFC 2132 §9.3: 1, 2 or 3; whatever else is sent, the next client is served."""
    host = client("plain")
    host.send(DISCOVER, (52, value))
    client("plain").discover()


@pytest.mark.parametrize("octet", [0x00, 0x37, 0xFE])
def test_options_of_one_octet_repeated(client: NewClient, octet: int) -> None:
    """RFC 2132 §2: a datagram of 1,400 equal octets is no message and no trouble."""
    host = client("plain")
    head = host.message(DISCOVER, [], xid=0x5CBAD000)[1][:240]
    host.raw(head + bytes((octet,)) * 1160)
    client("plain").discover()


def test_giaddr_that_is_no_relay(client: NewClient) -> None:
    """RFC 1542 §4.1.1: giaddr is an address of the relay; a broadcast or loopback one is answered to nobody."""
    host = client("plain")
    for giaddr in ("255.255.255.255", "127.0.0.1", "224.0.0.1"):
        host.giaddr = giaddr
        host.raw(host.message(DISCOVER, [], xid=0x5CBAD000)[1], source="10.40.0.1")
        host.unanswered(0x5CBAD000)


def test_fields_full_of_ones(client: NewClient) -> None:
    """RFC 2131 §2: every field at its largest value, except giaddr: an answer or none, and the server goes on."""
    host = client("plain", b"\xff" * 16)
    host.send(DISCOVER, (50, ip("255.255.255.255")), (51, b"\xff" * 4), (57, b"\xff\xff"), secs=0xFFFF,
              hops=255, sname=b"\xff" * 64, file=b"\xff" * 128)  # fmt: skip
    client("plain").discover()

"""RFC 6842, 4361, and reservations: is a client recognised, and told how?"""

import pytest

from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.scenario import KNOWN_ID, KNOWN_MAC, NETWORKS
from tests.e2e.conformance.wire import ACK, NAK, ip

IDENTIFIERS = pytest.mark.parametrize(
    "identifier",
    [b"\x01\x02\x5c\x00\x00\x00\x01", b"\xff\x12\x34\x56\x78\x00\x02\x00\x00\xab\x11" + bytes(8), b"\x00text",
     b"\x00\x00\x00", b"\x09" + bytes(range(254))],
    ids=["hardware", "DUID", "text", "zeros", "255 octets"],
)  # fmt: skip


@IDENTIFIERS
def test_identifier_is_returned_unaltered(client: NewClient, identifier: bytes) -> None:
    """RFC 6842 §3: if it was in the client's message, MUST be in OFFER and ACK, unaltered."""
    host = client("plain")
    host.always = [(61, identifier)]
    offer = host.discover()
    assert offer[61] == host.select(offer)[61] == identifier


def test_identifier_is_returned_in_a_nak(client: NewClient) -> None:
    """RFC 6842 §3: ... and in a NAK."""
    host = client("plain")
    host.always = [(61, b"\x00who asks")]
    nak = host.reboot("192.168.9.9")
    assert (nak.type, nak[61]) == (NAK, b"\x00who asks")


def test_no_identifier_is_made_up(client: NewClient) -> None:
    """RFC 6842 §3: MUST NOT be in the reply if it was not in the client's message."""
    host = client("plain")
    offer = host.discover((55, bytes((1, 61))))
    for reply in (offer, host.select(offer), host.reboot("192.168.9.9")):
        assert 61 not in reply.codes


def test_identifier_without_parameter_list(client: NewClient) -> None:
    """RFC 6842 §3: whether or not the client asks for it in its list."""
    host = client("plain")
    host.always = [(61, b"\x00list or none"), (55, b"\x01")]
    assert host.discover()[61] == b"\x00list or none"


def test_identifier_is_returned_to_an_inform(client: NewClient) -> None:
    """RFC 6842 §3: the ACK of an INFORM too."""
    host = client("plain")
    host.always = [(61, b"\x00settings only")]
    assert host.ask(8, ciaddr="10.40.3.203")[61] == b"\x00settings only"


def test_duid_identifier_is_compared_whole(client: NewClient) -> None:
    """RFC 4361 §6.1, §6.3: type 255, IAID, DUID: two interfaces of one host differ in their IAID alone."""
    one, two = client("plain"), client("plain")
    duid = b"\x00\x01\x00\x01\x2a\x2b\x2c\x2d\x02\x00\x00\x00\x00\x77"
    one.always, two.always = [(61, b"\xff\0\0\0\x01" + duid)], [(61, b"\xff\0\0\0\x02" + duid)]
    assert one.lease().yiaddr != two.lease().yiaddr


def test_duid_identifier_survives_a_new_card(client: NewClient) -> None:
    """RFC 4361 §4.1: the identifier names the host, whatever its hardware address."""
    old, new = client("plain"), client("plain")
    old.always = new.always = [(61, b"\xff\0\0\0\x07\x00\x04" + bytes(range(16)))]
    assert new.lease().yiaddr == old.lease().yiaddr


def test_system_keeps_the_address_of_its_boot_rom(client: NewClient) -> None:
    """RFC 4361 §6.3, RFC 2131 §4.2: first without an identifier (PXE), then with one: one host, one address."""
    rom = client("plain")
    address = rom.lease().yiaddr
    system = client("plain", rom.mac)
    system.always = [(61, b"\xff\0\0\0\x01\0\x03\0\x01" + rom.mac)]
    assert system.discover().yiaddr == address


# --- reservations: RFC 2131 §1.2 calls it manual allocation ---


def test_reservation_by_hardware_address(client: NewClient) -> None:
    """RFC 2131 §1, §4.3.1: 'manual allocation', an address outside the pool."""
    host = client("reserved", KNOWN_MAC)
    assert host.select(host.discover((50, ip("10.53.0.120")))).yiaddr == "10.53.0.10"


def test_reservation_by_identifier(client: NewClient) -> None:
    """RFC 2131 §4.2, RFC 4361 §6.1: by client identifier, from any hardware address."""
    for _ in range(2):
        host = client("reserved")
        host.always = [(61, KNOWN_ID)]
        assert host.lease().yiaddr == "10.53.0.11"


def test_reserved_address_is_not_given_to_others(client: NewClient) -> None:
    """RFC 2131 §1.6: an address is in use by no more than one client; this one lies in the pool."""
    assert client("reserved").discover((50, ip("10.53.0.150"))).yiaddr != "10.53.0.150"


def test_reservation_holds_at_reboot_without_a_lease(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: a reservation is a record of the client."""
    host = client("reserved", bytes.fromhex("02fe00000003"))
    ack = host.reboot("10.53.0.150")
    assert (ack.type, ack.yiaddr) == (ACK, "10.53.0.150")


def test_client_with_a_reservation_is_sent_to_it(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: any other address is incorrect."""
    assert client("reserved", KNOWN_MAC).reboot("10.53.0.160").type == NAK


def test_reserved_name(client: NewClient) -> None:
    """RFC 2132 §3.14: the name of the client as the server knows it."""
    assert client("reserved", KNOWN_MAC).discover((55, b"\x0c"))[12] == b"printer"


def test_reservation_counts_on_its_network_only(client: NewClient) -> None:
    """RFC 2131 §4.3.1: elsewhere the same device gets an address of that network."""
    assert NETWORKS["plain"].pooled(client("plain", KNOWN_MAC).discover().yiaddr)

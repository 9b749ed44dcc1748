"""Are probes on the wire what RFC 826, 5227 and 792 say, and answers understood?"""

from hypothesis import given
from hypothesis import strategies as st

from dhcpd.protocol.arp import ArpReply, decode_reply, encode_probe
from dhcpd.protocol.frame import checksum
from dhcpd.protocol.icmp import encode_echo, is_echo_reply

MAC, OTHER = bytes.fromhex("02aabbccdd01"), bytes.fromhex("02aabbccdd02")


def test_probe_has_no_sender_address() -> None:
    """RFC 5227 §2.1.1."""
    start = "ffffffffffff02aabbccdd0108060001080006040001"
    wanted = start + "02aabbccdd01000000000000000000000a000064"
    assert encode_probe(0x0A000064, MAC).hex() == wanted


def test_reply_tells_address_and_mac() -> None:
    start = "02aabbccdd0102aabbccdd0208060001080006040002"
    frame = start + "02aabbccdd020a00006402aabbccdd0100000000"
    assert decode_reply(bytes.fromhex(frame) + bytes(18)) == ArpReply(0x0A000064, OTHER)
    assert decode_reply(encode_probe(0x0A000064, MAC)) is None


def test_echo_is_answered_by_its_identifier() -> None:
    """RFC 792."""
    echo = encode_echo(0x1234, 7)
    assert checksum(echo) == 0
    reply = bytes((0x45, *bytes(19))) + b"\0" + echo[1:]
    assert is_echo_reply(reply, 0x1234)
    assert not is_echo_reply(reply, 0x1235)


@given(st.binary(max_size=80), st.integers(0, 0xFFFF))
def test_arbitrary_octets_never_crash(data: bytes, identifier: int) -> None:
    decode_reply(data)
    is_echo_reply(data, identifier)

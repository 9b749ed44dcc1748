"""Is every message read and written as RFC 2131 draws it, and does no input do harm?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpd.protocol.constants import LEASE_TIME, MESSAGE_TYPE, OVERLOAD, RELAY_INFO, SERVER_ID
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet, decode, encode

HEAD = bytes.fromhex("0101060012345678" + "0005" + "8000" + "0a000001" + "0a000002" + "0a000003" + "0a000004")
DISCOVER = (
    HEAD + bytes.fromhex("aabbccddeeff").ljust(16, b"\0") + bytes(192) + bytes.fromhex("63825363" + "350101" + "ff")
)
ADDRESS = st.integers(0, 2**32 - 1)
OPTIONS = st.dictionaries(
    st.integers(1, 254).filter(lambda code: code not in (OVERLOAD, 50, 51, 53, 54, 57, 118)),
    st.binary(max_size=600),
)
PACKETS = st.builds(
    Packet,
    op=st.sampled_from([1, 2]),
    htype=st.integers(0, 255),
    hops=st.integers(0, 255),
    xid=ADDRESS,
    secs=st.integers(0, 65535),
    flags=st.integers(0, 65535),
    ciaddr=ADDRESS,
    yiaddr=ADDRESS,
    siaddr=ADDRESS,
    giaddr=ADDRESS,
    chaddr=st.binary(max_size=16),
    sname=st.binary(max_size=63).map(lambda data: data.replace(b"\0", b"x")),
    file=st.binary(max_size=127).map(lambda data: data.replace(b"\0", b"x")),
    options=OPTIONS.map(lambda options: {MESSAGE_TYPE: b"\1", **options}),
)


def test_golden_discover() -> None:
    """RFC 2131 figure 1."""
    packet = decode(DISCOVER)
    assert (packet.xid, packet.secs, packet.flags) == (0x12345678, 5, 0x8000)
    assert (packet.ciaddr, packet.yiaddr) == (0x0A000001, 0x0A000002)
    assert (packet.siaddr, packet.giaddr) == (0x0A000003, 0x0A000004)
    assert packet.chaddr.hex() == "aabbccddeeff"
    assert packet.message_type == 1
    assert encode(packet, limit_bytes=548, order=()).data == DISCOVER.ljust(300, b"\0")


@given(PACKETS)
def test_packet_with_room_survives_the_wire(packet: Packet) -> None:
    size = 240 + sum(len(v) + 2 * (len(v) // 255 + 1) for v in packet.options.values()) + 10
    if size > 9000:
        return
    encoded = encode(packet, limit_bytes=size, order=())
    assert encoded.dropped == ()
    assert decode(encoded.data) == packet


@given(PACKETS, st.integers(548, 1400), st.binary(max_size=20))
def test_size_is_kept_and_what_is_dropped_is_told(packet: Packet, limit: int, order: bytes) -> None:
    """RFC 2131 §4.1: the client's limit holds unless the options that every reply must have are longer."""
    packet.options[SERVER_ID] = b"\1\2\3\4"
    packet.options[LEASE_TIME] = b"\0\0\0\1"
    packet.options.pop(61, None)
    packet.options.pop(RELAY_INFO, None)
    encoded = encode(packet, limit_bytes=limit, order=order)
    assert 300 <= len(encoded.data) <= limit
    back = decode(encoded.data)
    assert set(back.options) | set(encoded.dropped) == set(packet.options)
    assert all(packet.options[code] == value for code, value in back.options.items())
    assert not {MESSAGE_TYPE, SERVER_ID, LEASE_TIME} & set(encoded.dropped)


def test_full_reply_overloads_file_then_sname() -> None:
    """RFC 2132 §9.3: the options that do not fit go into file, then into sname."""
    options = {MESSAGE_TYPE: b"\2", **{code: bytes(60) for code in (1, 3, 6, 12, 15, 17, 42)}}
    encoded = encode(Packet(op=2, options=options), limit_bytes=548, order=())
    assert encoded.dropped == ()
    assert OVERLOAD in dict(walk(encoded.data))
    assert decode(encoded.data).options == options


def walk(data: bytes) -> list[tuple[int, bytes]]:
    """Return the options of the options field, read by hand."""
    found, position = [], 240
    while data[position] != 255:
        size = data[position + 1]
        found.append((data[position], data[position + 2 : position + 2 + size]))
        position += 2 + size
    return found


def test_relay_information_is_last_and_never_overloaded() -> None:
    """RFC 3046 §2.2."""
    options = {MESSAGE_TYPE: b"\2", RELAY_INFO: b"\1\4abcd", **{code: bytes(60) for code in (1, 3, 6, 12, 15)}}
    encoded = encode(Packet(op=2, options=options), limit_bytes=548, order=())
    assert walk(encoded.data)[-1] == (RELAY_INFO, b"\1\4abcd")


def test_repeated_option_is_joined() -> None:
    """RFC 3396 §7."""
    data = DISCOVER[:-1] + b"\x0c\x02ab" + b"\x0c\x02cd" + b"\xff"
    assert decode(data).options[12] == b"abcd"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (DISCOVER[:239], "truncated"),
        (DISCOVER[:236] + b"\0\0\0\0" + DISCOVER[240:], "bad-cookie"),
        (b"\7" + DISCOVER[1:], "bad-op"),
        (DISCOVER[:2] + b"\x11" + DISCOVER[3:], "bad-hlen"),
        (DISCOVER[:-1], "no-end"),
        (DISCOVER[:-1] + b"\x0c\x40ab", "option-overrun"),
        (DISCOVER[:-1] + b"\x35\x01\x03\xff", "bad-message-type"),
        (DISCOVER[:240] + b"\x35\x02\x01\x01\xff", "bad-message-type"),
        (DISCOVER[:-1] + b"\x32\x03abc\xff", "bad-option-length"),
        (DISCOVER + bytes(65000), "oversized"),
    ],
)
def test_malformed_packet_is_a_named_error(data: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.code == code


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=700), st.booleans())
def test_no_bytes_do_harm(data: bytes, whole: bool) -> None:
    try:
        decode(DISCOVER[:240] + data if whole else data)
    except DecodeError as error:
        assert error.code


def test_bootp_client_without_a_cookie_is_understood() -> None:
    """RFC 951: the vendor field may be empty."""
    packet = decode(DISCOVER[:236] + bytes(64))
    assert (packet.chaddr, packet.options, packet.message_type) == (decode(DISCOVER).chaddr, {}, None)


def test_message_type_stays_first_when_the_relay_leaves_no_room() -> None:
    """RFC 2131 §4.1 and RFC 3046 §2.2: 82 goes whole into the options field, and so does what tells the message."""
    options = {53: b"\5", 54: b"\12\0\0\1", 51: b"\0\0\16\20", 97: b"\0" * 109, 82: b"\xff\0\1" * 170}
    data = encode(Packet(options=options), limit_bytes=548, order=()).data
    assert data[240:243] == b"\x35\1\5"
    assert {code: decode(data).options.get(code) for code in options} == options

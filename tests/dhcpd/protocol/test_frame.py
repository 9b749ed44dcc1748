"""Are frames drawn right and their checksums right?"""

from hypothesis import given
from hypothesis import strategies as st

from dhcpd.protocol.frame import encode_frame

MAC = st.binary(min_size=6, max_size=6)
ADDRESS = st.integers(0, 2**32 - 1)


def naive(data: bytes) -> int:
    """RFC 1071 §4.1, word by word."""
    total = 0
    for index in range(0, len(data), 2):
        total += int.from_bytes(data[index : index + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(MAC, MAC, ADDRESS, ADDRESS, st.binary(max_size=400), st.integers(0, 65535))
def test_checksums_are_right(
    ours: bytes, theirs: bytes, source: int, target: int, payload: bytes, number: int
) -> None:
    """RFC 791 §3.1, RFC 768: with its checksum in place each sum is all ones."""
    frame = encode_frame(
        source_mac=ours,
        destination_mac=theirs,
        source=source,
        destination=target,
        source_port=67,
        destination_port=68,
        payload=payload,
        identification=number,
    )
    assert frame[:14] == theirs + ours + b"\x08\x00"
    header, udp = frame[14:34], frame[34:]
    assert naive(header) == 0xFFFF
    assert udp[6:8] != b"\0\0"
    assert naive(header[12:20] + b"\0\x11" + len(udp).to_bytes(2, "big") + udp) == 0xFFFF
    assert udp[8:] == payload

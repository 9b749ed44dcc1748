"""Is option 82 read, written and told as its RFCs say?"""

import pytest

from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.relay import decode_relay_info, describe_relay_info, encode_relay_info


def test_every_sub_option_is_told_by_name() -> None:
    """RFC 3046, 3527, 3993, 5010, 5107, 6607, 6925, 8357."""
    said = {
        1: b"Gi1/0/7", 2: b"\0\x04\0\x01", 5: b"\x0a\0\0\x01", 6: b"cust-17", 10: b"\x80", 11: b"\x0a\0\0\x02",
        12: b"\0\x03\0\x01relay", 19: b"", 151: b"\0red", 9: b"\0\0\0\x09\x01x",
    }  # fmt: skip
    assert describe_relay_info(encode_relay_info(said)) == {
        "circuit_id": "Gi1/0/7", "remote_id": "00040001", "link_selection": "10.0.0.1", "subscriber_id": "cust-17",
        "flags": "unicast", "server_id_override": "10.0.0.2", "relay_id": "0003000172656c6179", "source_port": "",
        "virtual_subnet": "00726564", "82.9": "000000090178",
    }  # fmt: skip


@pytest.mark.parametrize("data", [b"\x01", b"\x01\x05abc", b"\x05\x03abc", b"\x0b\x05abcde"])
def test_malformed_option_82_is_refused_and_told_as_nothing(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_relay_info(data)
    assert describe_relay_info(data) == {}

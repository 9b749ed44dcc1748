"""What did a relay agent say in option 82?

    +------+-----+------------------+------+-----+------------------+
    | code | len | value (len)      | code | len | value (len)      | ...
    +------+-----+------------------+------+-----+------------------+

RFC 3046 §2.0: no pads and no END inside. A sub-option that is repeated is joined like an option.
"""

from collections.abc import Mapping
from typing import Final

from dhcpd.protocol.addresses import format_ipv4
from dhcpd.protocol.constants import (
    CIRCUIT_ID,
    LINK_SELECTION,
    RELAY_FLAGS,
    RELAY_ID,
    REMOTE_ID,
    SERVER_ID_OVERRIDE,
    SOURCE_PORT,
    SUBSCRIBER_ID,
    VIRTUAL_SUBNET,
)
from dhcpd.protocol.errors import DecodeError

RELAY_KINDS: Final = (
    ("circuit_id", CIRCUIT_ID),
    ("remote_id", REMOTE_ID),
    ("subscriber_id", SUBSCRIBER_ID),
    ("relay_id", RELAY_ID),
)
"""What a relay vouches for and a reservation may name, the narrowest first."""
_OTHER_NAMES: Final = {
    LINK_SELECTION: "link_selection",
    SERVER_ID_OVERRIDE: "server_id_override",
    RELAY_FLAGS: "flags",
    SOURCE_PORT: "source_port",
    VIRTUAL_SUBNET: "virtual_subnet",
}
_UNICAST: Final = 0x80
_ADDRESSES: Final = (LINK_SELECTION, SERVER_ID_OVERRIDE)


def decode_relay_info(data: bytes) -> dict[int, bytes]:
    """Return the sub-options of an option 82 by code; raise DecodeError if they are malformed.

    Sub-options 5 and 11 have four octets in the result. An empty option 82 gives an empty result.
    """
    suboptions: dict[int, bytes] = {}
    position = 0
    size = len(data)
    while position < size:
        code = data[position]
        start = position + 2
        if start > size or (position := start + data[start - 1]) > size:
            raise DecodeError("bad-relay-info", f"sub-option {code} runs past the end of option 82")
        value = data[start:position]
        suboptions[code] = suboptions[code] + value if code in suboptions else value
    for code in _ADDRESSES:
        if len(suboptions.get(code, b"....")) != 4:
            raise DecodeError("bad-relay-info", f"sub-option {code} is not an IPv4 address")
    return suboptions


def encode_relay_info(suboptions: Mapping[int, bytes]) -> bytes:
    """Return the value of option 82; raise ValueError for a value of more than 255 octets."""
    return b"".join([bytes((code, len(value))) + value for code, value in suboptions.items()])


def describe_relay_info(data: bytes) -> dict[str, str]:
    """Return what a stored option 82 says, by name; text where it is text, else hexadecimal. {} = malformed."""
    try:
        suboptions = decode_relay_info(data)
    except DecodeError:
        return {}
    names = {code: kind for kind, code in RELAY_KINDS} | _OTHER_NAMES
    return {names.get(code, f"82.{code}"): _describe(code, value) for code, value in suboptions.items()}


def _describe(code: int, value: bytes) -> str:
    if code in _ADDRESSES:
        return format_ipv4(int.from_bytes(value, "big"))
    if code == RELAY_FLAGS:  # RFC 5010 §3: how the relay received the client's message
        return "unicast" if value[:1] and value[0] & _UNICAST else "broadcast"
    text = value.decode("ascii", "replace")
    return text if value.isascii() and text.isprintable() else value.hex()

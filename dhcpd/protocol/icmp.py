"""How is a distant host asked whether it is there, and did it answer? ICMP echo, RFC 792.

+---------------+---------------+-------------------------------+
|   type (1)    |   code (1)    |         checksum (2)          |
+---------------+---------------+-------------------------------+
|         identifier (2)        |        sequence (2)           |
+-------------------------------+-------------------------------+
"""

from struct import Struct
from typing import Final

from dhcpd.protocol.frame import checksum

_HEADER: Final = Struct("!BBHHH")
_ECHO_REQUEST: Final = 8
ECHO_REPLY: Final = 0


def encode_echo(identifier: int, sequence: int) -> bytes:
    """Return an echo request without data."""
    unsummed = _HEADER.pack(_ECHO_REQUEST, 0, 0, identifier, sequence)
    return _HEADER.pack(_ECHO_REQUEST, 0, checksum(unsummed), identifier, sequence)


def is_echo_reply(packet: bytes, identifier: int) -> bool:
    """Tell whether an IPv4 packet, header included, answers a request of ours."""
    start = (packet[0] & 15) * 4 if packet else 0
    if start < 20 or len(packet) < start + _HEADER.size:
        return False
    kind, _, _, found, _ = _HEADER.unpack_from(packet, start)
    return bool(kind == ECHO_REPLY and found == identifier)

"""How is a link asked who has an IPv4 address, and who answered?

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-----------------------+-----------------------+---------------+
    |      destination (6)  |      source (6)       | 0x0806 (2)    |   0
    +---------------+-------+-------+-------+-------+---------------+
    |  hardware (2) |  protocol (2) | 6 (1) | 4 (1) |  operation (2)|  14
    +---------------+---------------+-------+-------+---------------+
    | sender hardware (6), sender IPv4 (4), target hardware (6), target IPv4 (4)
    +---------------------------------------------------------------+

RFC 826; a probe has the sender address 0.0.0.0, so that no host learns a wrong one (RFC 5227 §2.1.1).
"""

from struct import Struct
from typing import Final, NamedTuple

_FRAME: Final = Struct("!6s6sHHHBBH6sI6sI")
_ETHERTYPE_ARP: Final = 0x0806
_ETHERTYPE_IPV4: Final = 0x0800
_BROADCAST: Final = b"\xff" * 6
_REQUEST: Final = 1
REPLY: Final = 2
OPERATION_OFFSET: Final = 20
"""Where the operation stands in a frame."""


class ArpReply(NamedTuple):
    """The host of the hardware address says that it has the IPv4 address."""

    ip: int
    mac: bytes


def encode_probe(ip: int, source: bytes) -> bytes:
    """Return the broadcast frame that asks who has the address; `source` = our hardware address, 6 octets."""
    start = (_BROADCAST, source, _ETHERTYPE_ARP, 1, _ETHERTYPE_IPV4, 6, 4, _REQUEST)
    return _FRAME.pack(*start, source, 0, b"\0" * 6, ip)


def decode_reply(frame: bytes) -> ArpReply | None:
    """Return what a frame tells; None unless it is an ARP reply for IPv4 over Ethernet."""
    if len(frame) < _FRAME.size:
        return None
    _, _, kind, hardware, protocol, hlen, plen, operation, mac, ip, _, _ = _FRAME.unpack_from(frame)
    if (kind, hardware, protocol, hlen, plen, operation) != (_ETHERTYPE_ARP, 1, _ETHERTYPE_IPV4, 6, 4, REPLY):
        return None
    return ArpReply(ip, mac)

"""Whose is a client when several hosts serve the same link? Load balancing by RFC 3074."""

from typing import Final, NamedTuple

from dhcpd.protocol.constants import CLIENT_ID, SERVER_ID
from dhcpd.protocol.packet import Packet

BUCKETS: Final = 256
FALLBACK_SECS: Final = 4
"""`secs` from which on a client is everybody's: its own server has not answered it (RFC 3074 §4, DDP)."""
# RFC 3074 §6: Pearson's permutation of 0 to 255; every server that shares clients must use the same one.
_MIX: Final = bytes.fromhex(
    "fbaf77d7510e4fbf6731b58fba9d00e81f20373c983a11edae46a090dc5a39df"
    "3b03128c6fa6cbc486f37c5fdeb3c541b430240f6b2ee982a51e7ba1d1176110"
    "285bdb3d640ad26dfa7f168a1d6cf443cf09b2cc4a627ef9a774224dc1c87905"
    "14714723800db65e19e2e3c74b1b29f5e6e02be1b11a9b96d48eda73f1495869"
    "27723effc0c991d6a89edd949a7a0c5452a32c8be4eccdf2d90bbb929f4056ef"
    "c32a6ac67670b8ac5702ad75b0e5f7fd89b963a466932d42e7348dd3c2cef6ee"
    "386e4ef83ff0bd5d5c3335b713ab48322168654508fc53784c875536ca7dbcd5"
    "60eb88d0a281be849c262f0107fe1804d88359151c8525999550aa4406a9ea97"
)


class Balance(NamedTuple):
    """This host's place among the live hosts: `rank` of `hosts`, from 0."""

    rank: int
    hosts: int

    def takes(self, client: bytes, secs: int) -> bool:
        """Tell whether the client, known by its identifier or else chaddr, is ours or has waited too long."""
        return secs >= FALLBACK_SECS or bucket(client) * self.hosts // BUCKETS == self.rank


def leaves_to_other(packet: Packet, balance: Balance) -> bool:
    """Tell whether another live host is to answer: only for messages that name no server, nor an own address."""
    if SERVER_ID in packet.options or packet.ciaddr:
        return False
    return not balance.takes(packet.options.get(CLIENT_ID) or packet.chaddr, packet.secs)


def bucket(key: bytes) -> int:
    """Return the hash bucket, 0 to 255, of a client's identifier (RFC 3074 §5, STID; §6)."""
    value = len(key) & 0xFF
    for octet in reversed(key):
        value = _MIX[value ^ octet]
    return value

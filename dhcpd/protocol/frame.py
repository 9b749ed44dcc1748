"""How does a DHCP message look on an Ethernet, down to the checksums?

    +---------------------+---------------------+-----------+
    | destination MAC (6) | source MAC (6)      | 0x0800    |   0  Ethernet II
    +----+----+-----------+----------+----------+-----------+
    | 45 | 00 | total len | identif. | flags 0  | TTL | 17  |  14  IPv4 (RFC 791 §3.1), no options
    | checksum (2)        | source (4)          | dest. (4) |
    +---------------------+---------------------+-----------+
    | source port | destination port | length | checksum    |  34  UDP (RFC 768)
    +-------------+------------------+--------+-------------+
    | payload                                               |  42
    +-------------------------------------------------------+

A client without an address is answered this way (RFC 2131 §4.1: unicast to yiaddr at chaddr).
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from dhcpd.protocol.errors import DecodeError

_ETHERNET: Final = Struct("!6s6sH")
_IPV4: Final = Struct("!BBHHHBBHII")
_UDP: Final = Struct("!HHHH")
_PSEUDO: Final = Struct("!IIHH")  # RFC 768: source, destination, zero and protocol, UDP length
_ETHERTYPE_IPV4: Final = 0x0800
_PROTOCOL_UDP: Final = 17
_VERSION_IHL: Final = 0x45
_MORE_OR_OFFSET: Final = 0x3FFF
_MAX_TOTAL: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Frame:
    """A UDP datagram and the headers that it came in. Addresses are integers; a MAC is its 6 octets."""

    source_mac: bytes
    destination_mac: bytes
    source: int
    destination: int
    source_port: int
    destination_port: int
    payload: bytes
    ttl: int = 64
    identification: int = 0


def checksum(data: bytes) -> int:
    """Return the internet checksum of `data` (RFC 1071): the complement of the ones' complement sum.

    A sum of 16-bit words with end-around carry is the number modulo 0xFFFF, except that only all-zero data
    sums to 0: any other multiple of 0xFFFF sums to 0xFFFF. One C call, where a loop takes 10 us.
    """
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def encode_datagram(
    *,
    source: int,
    destination: int,
    source_port: int,
    destination_port: int,
    payload: bytes,
    ttl: int = 64,
    identification: int = 0,
) -> bytes:
    """Return the IPv4 packet that carries `payload` over UDP; raise ValueError if it would be too long."""
    udp_length = _UDP.size + len(payload)
    total = _IPV4.size + udp_length
    if total > _MAX_TOTAL:
        raise ValueError(f"a payload of {len(payload)} octets does not fit an IPv4 packet")
    start = (_VERSION_IHL, 0, total, identification, 0, ttl, _PROTOCOL_UDP)
    ip_header = _IPV4.pack(*start, checksum(_IPV4.pack(*start, 0, source, destination)), source, destination)
    pseudo = _PSEUDO.pack(source, destination, _PROTOCOL_UDP, udp_length)
    udp_sum = checksum(pseudo + _UDP.pack(source_port, destination_port, udp_length, 0) + payload)
    # RFC 768: a computed zero is sent as all ones, since zero means "no checksum".
    udp_header = _UDP.pack(source_port, destination_port, udp_length, udp_sum or 0xFFFF)
    return ip_header + udp_header + payload


def encode_frame(
    *,
    source_mac: bytes,
    destination_mac: bytes,
    source: int,
    destination: int,
    source_port: int,
    destination_port: int,
    payload: bytes,
    ttl: int = 64,
    identification: int = 0,
) -> bytes:
    """Return the Ethernet frame that carries `payload` over IPv4 and UDP, without the frame check sequence."""
    return _ETHERNET.pack(destination_mac, source_mac, _ETHERTYPE_IPV4) + encode_datagram(
        source=source,
        destination=destination,
        source_port=source_port,
        destination_port=destination_port,
        payload=payload,
        ttl=ttl,
        identification=identification,
    )


def decode_frame(data: bytes, *, verify_udp: bool = True) -> Frame:
    """Return what an Ethernet frame carries; raise DecodeError unless it is a whole UDP datagram over IPv4.

    `verify_udp=False` is for frames that never left this host: the kernel leaves their UDP checksum to a
    network card that they did not meet. Octets after the IPv4 packet (Ethernet padding) are ignored.
    """
    if len(data) < _ETHERNET.size + _IPV4.size:
        raise DecodeError("truncated", f"a frame of {len(data)} octets")
    destination_mac, source_mac, ethertype = _ETHERNET.unpack_from(data)
    if ethertype != _ETHERTYPE_IPV4:
        raise DecodeError("not-ipv4", f"ethertype {ethertype:#06x}")
    packet = bytes(data[_ETHERNET.size :])
    source, destination, ttl, identification, segment = _open_ipv4(packet)
    source_port, destination_port, payload = _open_udp(source, destination, segment, verify=verify_udp)
    return Frame(
        source_mac,
        destination_mac,
        source,
        destination,
        source_port,
        destination_port,
        payload,
        ttl,
        identification,
    )


def _open_ipv4(packet: bytes) -> tuple[int, int, int, int, bytes]:
    """Return source, destination, TTL, identification and what the packet carries."""
    first, _, total, identification, fragment, ttl, protocol, _, source, destination = _IPV4.unpack_from(packet)
    header_bytes = (first & 15) * 4
    if first >> 4 != 4 or header_bytes < _IPV4.size:
        raise DecodeError("not-ipv4", f"first octet {first:#04x}")
    if not header_bytes <= total <= len(packet):
        raise DecodeError("truncated", f"IPv4 says {total} octets, there are {len(packet)}")
    if checksum(packet[:header_bytes]):
        raise DecodeError("bad-checksum", "IPv4 header")
    if fragment & _MORE_OR_OFFSET:
        raise DecodeError("fragmented")
    if protocol != _PROTOCOL_UDP:
        raise DecodeError("not-udp", f"protocol {protocol}")
    return source, destination, ttl, identification, packet[header_bytes:total]


def _open_udp(source: int, destination: int, segment: bytes, *, verify: bool) -> tuple[int, int, bytes]:
    """Return the ports and the payload."""
    if len(segment) < _UDP.size:
        raise DecodeError("truncated", f"a UDP segment of {len(segment)} octets")
    source_port, destination_port, length, udp_sum = _UDP.unpack_from(segment)
    if not _UDP.size <= length <= len(segment):
        raise DecodeError("truncated", f"UDP says {length} octets, there are {len(segment)}")
    segment = segment[:length]
    if verify and udp_sum and checksum(_PSEUDO.pack(source, destination, _PROTOCOL_UDP, length) + segment):
        raise DecodeError("bad-checksum", "UDP")
    return source_port, destination_port, segment[_UDP.size :]

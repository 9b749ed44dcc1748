"""To where, and in which form, does a reply leave? RFC 2131 §4.1."""

from typing import NamedTuple

from dhcpd.engine.classify import Ingress
from dhcpd.protocol.constants import BROADCAST_ADDRESS, BROADCAST_FLAG, CLIENT_PORT, SERVER_PORT, SOURCE_PORT
from dhcpd.protocol.packet import Packet

LOOPBACK = 127 << 24
LOOPBACK_MASK = 0xFF << 24


class Destination(NamedTuple):
    """A UDP address; mac is set when the client can't be asked by ARP: a raw frame is needed."""

    ip: int
    port: int
    mac: bytes | None = None


def route(packet: Packet, ingress: Ingress, relay_info: dict[int, bytes], *, yiaddr: int, nak: bool) -> Destination:
    """Return where the reply goes; a NAK without relay is broadcast even when ciaddr is set (§4.3.2)."""
    if ingress.source & LOOPBACK_MASK == LOOPBACK:
        return Destination(ingress.source, ingress.source_port)  # a simulated relay on this host
    if packet.giaddr:
        # RFC 8357: sub-option 19 asks for the reply at the port that the relay sent from.
        port = ingress.source_port if SOURCE_PORT in relay_info else SERVER_PORT
        return Destination(packet.giaddr, port)
    if nak:
        return Destination(BROADCAST_ADDRESS, CLIENT_PORT)
    if packet.ciaddr:
        return Destination(packet.ciaddr, CLIENT_PORT)
    if packet.flags & BROADCAST_FLAG or len(packet.chaddr) != 6:
        return Destination(BROADCAST_ADDRESS, CLIENT_PORT)
    return Destination(yiaddr, CLIENT_PORT, packet.chaddr)

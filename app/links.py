"""Which networks is this host on, and does another DHCP server answer there?

The set-up pages ask both before DHCP is switched on.
"""

import secrets
import socket
import time
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Final

from pyroute2 import IPRoute

from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.frame import decode_frame, encode_frame
from dhcpd.protocol.packet import Packet, decode, encode

ETHERTYPE_IPV4: Final = 0x0800
ETHERNET: Final = "1"
BROADCAST_MAC: Final = b"\xff" * 6
BROADCAST: Final = 0xFFFFFFFF
BROADCAST_FLAG: Final = 0x8000
WAIT_S: Final = 3.0
"""A server that pings before it offers needs more than a second."""
LIMIT_BYTES: Final = 548


@dataclass(frozen=True, slots=True)
class Link:
    """An Ethernet interface of this host with its IPv4 addresses."""

    name: str
    mac: str
    addresses: tuple[IPv4Interface, ...]
    up: bool


@dataclass(frozen=True, slots=True)
class OtherServer:
    """A DHCP server that offered an address."""

    server: str
    offered: str


def read_links() -> list[Link]:
    """Return the Ethernet interfaces of this host, those with an address first."""
    addresses: dict[int, list[IPv4Interface]] = {}
    with IPRoute() as route:
        for message in route.get_addr(family=socket.AF_INET):
            text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
            found = IPv4Interface(f"{text}/{message['prefixlen']}")
            addresses.setdefault(message["index"], []).append(found)
    links = [
        Link(name, _sysfs(name, "address"), tuple(addresses.get(index, ())), _sysfs(name, "operstate") != "down")
        for index, name in socket.if_nameindex()
        if _sysfs(name, "type") == ETHERNET
    ]
    return sorted(links, key=lambda link: (not link.addresses, link.name))


def _sysfs(name: str, what: str) -> str:
    try:
        return Path("/sys/class/net", name, what).read_text().strip()
    except OSError:
        return ""


def find_servers(name: str, *, wait_s: float = WAIT_S) -> list[OtherServer]:
    """Ask on an interface as a new client would and return every server that offers within `wait_s`.

    The client is one that nobody knows: a random, locally administered MAC. No REQUEST follows, so no lease is
    made.
    Raises PermissionError without CAP_NET_RAW, OSError when the interface is gone or down.
    """
    mac = bytes((0x02,)) + secrets.token_bytes(5)
    xid = secrets.randbits(32)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_IPV4)) as wire:
        wire.bind((name, ETHERTYPE_IPV4))
        wire.send(_discover(mac, xid))
        return _offers(wire, xid, wait_s)


def _discover(mac: bytes, xid: int) -> bytes:
    asked = Packet(xid=xid, flags=BROADCAST_FLAG, chaddr=mac, options={53: bytes((MessageType.DISCOVER,))})
    payload = encode(asked, limit_bytes=LIMIT_BYTES, order=()).data
    return encode_frame(
        payload=payload, source_mac=mac, destination_mac=BROADCAST_MAC, source=0, destination=BROADCAST,
        source_port=68, destination_port=67,
    )  # fmt: skip


def _offers(wire: socket.socket, xid: int, wait_s: float) -> list[OtherServer]:
    deadline = time.monotonic() + wait_s
    found: dict[str, OtherServer] = {}
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            reply = _reply(wire.recv(2048), xid)
        except TimeoutError:
            break
        if reply is not None:
            found[reply.server] = reply
    return list(found.values())


def _reply(data: bytes, xid: int) -> OtherServer | None:
    try:
        frame = decode_frame(data, verify_udp=False)
        packet = decode(frame.payload)
    except DecodeError:
        return None
    if packet.op != 2 or packet.xid != xid or frame.destination_port != 68:
        return None
    server = packet.options.get(54, frame.source.to_bytes(4, "big"))
    return OtherServer(socket.inet_ntoa(server), socket.inet_ntoa(packet.yiaddr.to_bytes(4, "big")))

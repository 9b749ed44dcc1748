"""Which network interfaces are there, with which addresses?"""

import socket
from dataclasses import dataclass
from pathlib import Path

from pyroute2 import IPRoute

from dhcpd.protocol.addresses import parse_ipv4

ETHERNET = 1
LOOPBACK_TYPE = 772


@dataclass(frozen=True, slots=True)
class Interface:
    """A link of this host; addresses are ints, the first one is the server identifier on it."""

    name: str
    index: int
    mac: bytes
    addresses: tuple[int, ...]


def read_interfaces(names: list[str]) -> list[Interface]:
    """Return the named interfaces that exist, or every Ethernet one and loopback when none is named."""
    wanted = names or [name for _, name in socket.if_nameindex() if _is_served(name)]
    addresses = _addresses()
    found = []
    for index, name in socket.if_nameindex():
        if name in wanted or (names and name == "lo"):
            mac = bytes.fromhex(_sysfs(name, "address").replace(":", ""))
            found.append(Interface(name, index, mac, tuple(addresses.get(index, ()))))
    return found


def _is_served(name: str) -> bool:
    return _sysfs(name, "type") in (str(ETHERNET), str(LOOPBACK_TYPE))


def _sysfs(name: str, what: str) -> str:
    try:
        return Path("/sys/class/net", name, what).read_text().strip()
    except OSError:
        return ""


def _addresses() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    with IPRoute() as route:
        for message in route.get_addr(family=socket.AF_INET):
            text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
            found.setdefault(message["index"], []).append(parse_ipv4(text))
    return found

"""May a webhook go to this address? Not to the machine itself, its cloud's metadata, or no place at all.

Private networks are allowed: that is where this product lives. Names are resolved once, and the message goes to the
very address that was judged, so that a name cannot change its meaning in between.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

METADATA: Final = frozenset(
    {ip_address("169.254.169.254"), ip_address("fd00:ec2::254"), ip_address("100.100.100.200")}
)
Network = IPv4Network | IPv6Network


class Refused(ValueError):
    """The address is not to be reached; the message is a whole sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: `address` for the connection, `host` for the certificate and the Host header."""

    scheme: str
    host: str
    address: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The URL with the address in the place of the name."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{shown}:{self.port}{self.path}"

    @property
    def authority(self) -> str:
        """The Host header."""
        standard = {"http": 80, "https": 443}[self.scheme]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == standard else f"{shown}:{self.port}"


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the prefixes of a comma separated list; raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def check_url(url: str) -> None:
    """Refuse what is no plain http or https URL; a host that is an address is judged when it is used."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise Refused(f"{url!r} has no usable port.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Refused(f"{url!r} is no http or https URL.")
    if parts.username is not None or parts.password is not None:
        raise Refused("A URL with a name and password in it would show them to every reader.")


def resolve(url: str, allowed: Sequence[Network]) -> Target:
    """Return where the URL leads; raises Refused, or OSError when the name is not known."""
    check_url(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]).split("%")[0] for entry in found))
    for address in addresses:
        judge(address, allowed)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, addresses[0], port, path)


def judge(text: str, allowed: Sequence[Network]) -> None:
    """Refuse an address that no webhook has business with, unless it is allowed."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in allowed):
        return
    kinds = {
        "a metadata service": address in METADATA,
        "loopback": address.is_loopback,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "unspecified": address.is_unspecified or (address.version == 4 and int(address) >> 24 == 0),
        "reserved": address.is_reserved and not address.is_private,
    }
    kind = next((name for name, true in kinds.items() if true), None)
    if kind is not None:
        raise Refused(f"{address} is {kind}; LEASEBOARD_WEBHOOK_ALLOW can allow it.")

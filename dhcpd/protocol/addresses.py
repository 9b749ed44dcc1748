"""How are IPv4 and hardware addresses written for people?"""

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Final

_MAC: Final = re.compile(r"[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){0,14})?", re.ASCII)
_DOTTED_MAC: Final = re.compile(r"[0-9a-f]{4}(?:\.[0-9a-f]{4}){1,7}", re.ASCII)
_BARE_MAC: Final = re.compile(r"(?:[0-9a-f]{2}){1,16}", re.ASCII)
_LOCAL_BIT: Final = 0x02


def parse_ipv4(text: str) -> int:
    """Return the address written as four decimal numbers; raise ValueError with a sentence if it is none."""
    try:
        return int(IPv4Address(text.strip()))
    except AddressValueError:
        raise ValueError(f'"{text}" is not an IPv4 address such as 192.0.2.10') from None


def is_ipv4(text: str) -> bool:
    """Tell whether the text is four decimal numbers, and nothing around them."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def format_ipv4(address: int) -> str:
    """Return the address as four decimal numbers."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def parse_mac(text: str) -> bytes:
    """Return the 1 to 16 octets of a hardware address; raise ValueError with a sentence if it is none.

    Accepted: aa:bb:cc:11:22:33 and a:b:c:1:2:3, AA-BB-CC-11-22-33, aabb.cc11.2233 and aabbcc112233.
    """
    lower = text.strip().lower()
    if _BARE_MAC.fullmatch(lower):
        return bytes.fromhex(lower)
    if _DOTTED_MAC.fullmatch(lower):
        return bytes.fromhex(lower.replace(".", ""))
    if _MAC.fullmatch(lower):
        return bytes(int(octet, 16) for octet in re.split("[:-]", lower))
    raise ValueError(f'"{text}" is not a hardware address such as aa:bb:cc:11:22:33')


def format_mac(octets: bytes) -> str:
    """Return the octets as two hexadecimal digits each, joined by colons."""
    return octets.hex(":")


def is_locally_administered(octets: bytes) -> bool:
    """Say whether the address was made up rather than assigned (IEEE 802, bit 2): a randomized MAC."""
    return bool(octets) and bool(octets[0] & _LOCAL_BIT)

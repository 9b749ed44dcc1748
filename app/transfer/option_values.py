"""How are option values written in other servers' files?"""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from dhcpd.protocol.definitions import OptionDefinition
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json
from dhcpd.protocol.options import decode_value, encode_value, find

FOREIGN_NAMES: Final = {
    "all-subnets-mtu": 27,
    "auto-config": 116,
    "bcms-controller-address": 89,
    "bcms-controller-names": 88,
    "boot-file": 67,
    "bootfile-name": 67,
    "capwap-ac-v4": 138,
    "classless-static-route": 121,
    "client-fqdn": 81,
    "dns-server": 6,
    "dhcp-client-identifier": 61,
    "domain-names": 119,
    "finger-server": 73,
    "font-servers": 48,
    "ieee802-3-encapsulation": 36,
    "ip-forward-enable": 19,
    "irc-server": 74,
    "lpr-server": 9,
    "max-datagram-reassembly": 22,
    "merit-dump-file": 14,
    "mobile-ip-home-agent": 68,
    "mtu": 26,
    "name-service-order": 117,
    "netbios-dd-server": 45,
    "netbios-dd": 45,
    "netbios-ns": 44,
    "netbios-nodetype": 46,
    "nis-server": 41,
    "nisplus-domain": 64,
    "nisplus-domain-name": 64,
    "nisplus-server": 65,
    "nntp-server": 71,
    "non-local-source-routing": 20,
    "ntp-server": 42,
    "path-mtu-aging-timeout": 24,
    "path-mtu-plateau-table": 25,
    "pcode": 100,
    "perform-mask-discovery": 29,
    "policy-filter": 21,
    "pop-server": 70,
    "rfc3442-classless-static-routes": 121,
    "router": 3,
    "router-solicitation": 32,
    "router-solicitation-address": 32,
    "sip-server": 120,
    "smtp-server": 69,
    "static-route": 33,
    "streettalk-directory-assistance-server": 76,
    "streettalk-server": 75,
    "subnet-broadcast": 28,
    "swap-server": 16,
    "tcode": 101,
    "tcp-keepalive": 38,
    "tftp-server": 66,
    "tftp-server-address": 150,
    "time-server": 4,
    "uap-servers": 98,
    "user-auth": 98,
    "v6-only-preferred": 108,
    "vendor-class": 60,
    "v4-captive-portal": 114,
    "wpad": 252,
    "www-server": 72,
    "x-display-manager": 49,
    "x-windows-dm": 49,
    "x-windows-fs": 48,
    "netinfo-server-address": 112,
    "netinfo-server-tag": 113,
}
"""Names of ISC dhcpd, Kea and dnsmasq that differ from ours, by code."""
_COMPUTED: Final = {50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 81, 82, 118}


class Unwritable(ValueError):
    """The option or its value cannot be carried over; the message is a whole sentence."""


def look_up(name: str | int) -> OptionDefinition:
    """Return the option of a code or of any server's name for it; raises Unwritable."""
    wanted: str | int = FOREIGN_NAMES.get(name.strip().lower(), name) if isinstance(name, str) else name
    found = find(wanted)
    if found is None:
        raise Unwritable(f"There is no option {name!r} in the catalogue.")
    if found.code in _COMPUTED:
        raise Unwritable(f"Option {found.code} ({found.name}) is computed by the server.")
    return found


def option_row(definition: OptionDefinition, value: Json, *, always: bool = False) -> dict[str, Any]:
    """Return the row of an option after a check of its value; raises Unwritable."""
    try:
        encode_value(definition, value)
    except OptionValueError as error:
        raise Unwritable(f"{error}.") from None
    return {"option": definition.name, "value": value, "always": always}


def from_hex(definition: OptionDefinition, digits: str) -> Json:
    """Return the value of octets in hexadecimal; raises Unwritable."""
    clean = "".join(digits.removeprefix("0x").replace(":", " ").split())
    try:
        return decode_value(definition, bytes.fromhex(clean))
    except (ValueError, OptionValueError) as error:
        raise Unwritable(f"{definition.name}: the octets {digits[:40]!r} are no such value: {error}.") from None


def from_words(definition: OptionDefinition, words: Sequence[str]) -> Json:
    """Return the value that a list of texts means for the option; raises Unwritable."""
    try:
        value = _read(definition.kind, list(words))
        encode_value(definition, value)
    except (ValueError, IndexError, OptionValueError) as error:
        detail = str(error) or "a part is missing"
        raise Unwritable(f"{definition.name}: {', '.join(words)[:60]!r} is no such value: {detail}.") from None
    return value


def _read(kind: str, words: list[str]) -> Json:
    if kind in ("ips", "ips-or-none", "domains", "plain-domains"):
        return words
    if kind in ("u8s", "u16s"):
        return [int(word, 0) for word in words]
    if kind == "ip-pairs":
        flat = [part for word in words for part in word.split()]
        return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
    if kind == "routes":
        return _routes(words)
    if kind == "text":
        return ",".join(words)
    if len(words) != 1:
        raise ValueError("one value is wanted")
    return _one(kind, words[0])


def _one(kind: str, word: str) -> Json:
    if kind in ("u8", "u16", "u32", "s32", "duration"):
        return int(word, 0)
    if kind == "flag":
        return {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}[word.lower()]
    if kind == "empty":
        return True
    return word


def _routes(words: list[str]) -> Json:
    """Read `prefix, router` pairs, or the octets of RFC 3442 as decimal numbers."""
    flat = [part for word in words for part in word.replace(" - ", " ").split()]
    if "/" in "".join(flat):
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [{"destination": str(IPv4Network(net, strict=False)), "router": via} for net, via in pairs]
    octets = [int(part) for part in flat]
    routes: list[Json] = []
    while octets:
        length = octets.pop(0)
        used = (length + 7) // 8
        if length > 32 or len(octets) < used + 4:
            raise ValueError("a route is cut short")
        net, via = octets[:used], octets[used : used + 4]
        del octets[: used + 4]
        address = ".".join(str(part) for part in [*net, 0, 0, 0, 0][:4])
        routes.append({"destination": str(IPv4Network(f"{address}/{length}", strict=False)),
                       "router": ".".join(map(str, via))})  # fmt: skip
    return routes


def to_words(definition: OptionDefinition, value: Json) -> list[str] | None:
    """Return the value as a list of texts that Kea, ISC dhcpd and dnsmasq read alike; None = only as octets."""
    kind = definition.kind
    if kind in ("ips", "domains", "plain-domains", "u8s", "u16s") and isinstance(value, list):
        return [str(word) for word in value]
    if kind in ("ip", "u8", "u16", "u32", "s32", "domain") and not isinstance(value, bool):
        return [str(value)]
    if kind == "flag":
        return ["true" if value else "false"]
    if kind == "text" and isinstance(value, str):
        return [value]
    return None

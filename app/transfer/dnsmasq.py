"""How does dnsmasq.conf become rows of the plan? (dnsmasq(8), the DHCP options)"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from app.transfer.document import Document
from app.transfer.option_values import Unwritable, from_hex, from_words, look_up, option_row
from dhcpd.protocol.addresses import is_ipv4, parse_mac

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TIME: Final = re.compile(r"(\d{1,9})([smhdw]?)", re.IGNORECASE)
_INFINITE: Final = 0xFFFFFFFF
_DEFAULT_LEASE_S: Final = 3600
_ASSUMED: Final = "The range names no netmask, which dnsmasq takes from the interface; 255.255.255.0 is assumed."
_NUMBERED: Final = re.compile(r"[sr][0-9]+")
"""Tags that our own export makes, which are no names."""
_NAMED: Final = re.compile(r"# ([0-9.]{7,15}/[0-9]{1,2}) (.+)")
"""The comment by which our own export names a subnet."""
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+")
_QUIET: Final = {"dhcp-leasefile", "dhcp-lease-max", "log-dhcp", "dhcp-script", "dhcp-luascript", "leasefile-ro"}


@dataclass(slots=True)
class _Range:
    """A dhcp-range with the tag that it sets."""

    line: int
    network: IPv4Network
    tag: str
    lease_s: int
    ends: tuple[str, str] | None


@dataclass(slots=True)
class _Host:
    """A dhcp-host with the tags that it sets; `only` = the tag of the range in which alone it holds."""

    line: int
    values: dict[str, Any]
    tags: list[str] = field(default_factory=list)
    only: str = ""


def parse(text: str, table: str | None = None) -> Document:
    """Return the rows of a configuration."""
    reader = _Reader(Document())
    for line, content in enumerate(text.split("\n"), start=1):
        reader.line(line, content.strip())
    reader.finish()
    return reader.document


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.ranges: list[_Range] = []
        self.hosts: list[_Host] = []
        self.options: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self.boot: dict[str, tuple[int, dict[str, str]]] = {}
        self.names: dict[str, str] = {}
        self.authoritative = False

    def line(self, number: int, content: str) -> None:
        """Read a line: `keyword` or `keyword=value`."""
        if not content or content.startswith("#"):
            if named := _NAMED.fullmatch(content):
                self.names[named[1]] = named[2]
            return
        name, _, value = content.partition("=")
        name = name.strip()
        value = re.split(r"\s#", value, maxsplit=1)[0].strip()
        handlers = {
            "dhcp-range": self.range,
            "dhcp-host": self.host,
            "dhcp-option": self.option,
            "dhcp-option-force": self.forced_option,
            "dhcp-boot": self.boot_file,
            "domain": self.domain,
        }
        try:
            if name == "dhcp-authoritative":
                self.authoritative = True
            elif name in handlers:
                handlers[name](number, _split(value))
            else:
                self.document.lost(number, 1, _why_lost(name))
        except Unwritable as error:
            self.document.lost(number, 1, str(error))
        except ValueError as error:
            self.document.error(number, 1, f"{name}: {error}")

    def range(self, line: int, parts: list[str]) -> None:
        """Read `[set:TAG,]START[,END|static][,NETMASK[,BROADCAST]][,TIME]`."""
        tag = ""
        while parts and (":" in parts[0] or not is_ipv4(parts[0])):
            prefix, _, rest = parts.pop(0).partition(":")
            if _is_ipv6(f"{prefix}:{rest}"):
                raise Unwritable("DHCPv6 is not served yet.")
            if prefix in ("set", "interface", "net") or not rest:
                tag = rest or prefix if prefix != "interface" else tag
            else:
                raise Unwritable(f"A range for the tag {rest!r} only is not taken over.")
        if not parts:
            raise ValueError("the range has no address")
        start, rest_parts = parts[0], parts[1:]
        mode = rest_parts[0] if rest_parts and not is_ipv4(rest_parts[0]) else ""
        if mode == "proxy":
            raise Unwritable("A proxy range serves no addresses.")
        has_end = bool(rest_parts) and is_ipv4(rest_parts[0])
        end = rest_parts.pop(0) if has_end else start
        lease_s, mask = _DEFAULT_LEASE_S, None
        for word in rest_parts:
            if is_ipv4(word):
                mask = mask or word
            elif word != "static":
                lease_s = _seconds(word)
        if mask is None:
            self.document.lost(line, 1, _ASSUMED)
        network = IPv4Network(f"{start}/{mask or '255.255.255.0'}", strict=False)
        self.ranges.append(_Range(line, network, tag, lease_s, (start, end) if mode != "static" else None))

    def host(self, line: int, parts: list[str]) -> None:
        """Read `[MAC]...[,id:ID][,set:TAG][,ADDRESS][,NAME][,TIME]`."""
        identifiers: list[dict[str, str]] = []
        values: dict[str, Any] = {"identifiers": identifiers}
        made = _Host(line, values)
        for part in parts:
            word = part.lower()
            if word == "ignore":
                self.deny(line, parts)
                return
            if word.startswith(("set:", "net:")):
                made.tags.append(part[4:])
            elif word.startswith("tag:"):
                if made.only:
                    raise Unwritable("A host for several tags together is not taken over.")
                made.only = part[4:]
            elif word == "id:*":
                self.document.lost(line, 1, "That the client identifier is ignored is set on the subnet here.")
            elif word.startswith("id:"):
                identifiers.append({"type": "client_id", "value": _client_id(part[3:])})
            elif is_ipv4(part):
                values["ip"] = part
            elif _is_mac(part):
                identifiers.append(
                    {"type": "mac", "value": part.rpartition("-")[2] if part.count("-") == 1 else part}
                )
            elif _TIME.fullmatch(part) or word == "infinite":
                self.document.lost(line, 1, "The lease time of a single host is not taken over.")
            elif part.startswith("["):
                self.document.lost(line, 1, "An IPv6 address is not served yet.")
            elif part:
                values["hostname"] = part
        if not identifiers:
            raise Unwritable("A host that is known by its name alone is not taken over.")
        self.hosts.append(made)

    def deny(self, line: int, parts: list[str]) -> None:
        """Read `MAC,ignore`; an asterisk stands for any octet, and those at the end leave a prefix."""
        found = False
        for part in parts:
            prefix = re.sub(r"(:\*)+$", "", part)
            if re.fullmatch(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){1,5}", prefix):
                self.document.add("denied_clients", line, {"mac": prefix})
                found = True
        if not found:
            raise Unwritable("A client that gets no answer is known here by its MAC only.")

    def forced_option(self, line: int, parts: list[str]) -> None:
        """Read an option that is sent whether it was asked for or not."""
        self.option(line, parts, always=True)

    def option(self, line: int, parts: list[str], *, always: bool = False) -> None:
        """Read `[tag:TAG,]CODE|option:NAME[,VALUE]...`."""
        tag = ""
        while parts and parts[0].startswith(("tag:", "net:", "encap:", "vi-encap:", "vendor:", "option6:")):
            kind, _, rest = parts.pop(0).partition(":")
            if kind not in ("tag", "net") or tag:
                raise Unwritable(f"{kind} options are not taken over.")
            tag = rest
        if not parts:
            raise ValueError("the option has no number")
        name, words = parts[0].removeprefix("option:"), parts[1:]
        definition = look_up(int(name) if name.isdecimal() else name)
        if not words:
            raise Unwritable(f"{definition.name} without a value, which stops it from being sent.")
        is_hex = _HEX.fullmatch(words[0]) is not None or definition.kind == "opaque"
        value = (
            from_hex(definition, words[0])
            if is_hex and len(words) == 1
            else from_words(definition, [word.strip('"') for word in words])
        )
        self.options.setdefault(tag, []).append((line, option_row(definition, value, always=always)))

    def boot_file(self, line: int, parts: list[str]) -> None:
        """Read `[tag:TAG,]FILE[,SERVER NAME[,ADDRESS]]`."""
        tag = ""
        while parts and parts[0].startswith(("tag:", "net:")):
            if tag or parts[0][4:].startswith("!"):
                raise Unwritable(
                    "A boot file for several tags together, or for the lack of one, is not taken over."
                )
            tag = parts.pop(0)[4:]
        if not parts:
            raise ValueError("there is no boot file")
        words = zip(("boot_file", "server_name", "next_server"), parts, strict=False)
        said = {name: word.strip('"') for name, word in words if word}
        if "next_server" in said and not is_ipv4(said["next_server"]):
            self.document.lost(line, 1, f"The boot server {said.pop('next_server')!r} is no IPv4 address.")
        self.boot[tag] = line, said

    def domain(self, line: int, parts: list[str]) -> None:
        """Read the domain that clients are told."""
        if len(parts) != 1:
            raise Unwritable("A domain for a range of addresses is not taken over.")
        self.option(line, ["15", parts[0]])

    # --- what the lines mean together ---

    def finish(self) -> None:
        """Make the rows, when it is known which tag stands for which range or host."""
        self.settings()
        seen: dict[IPv4Network, _Range] = {}
        used = {""}
        for item in self.ranges:
            if item.network not in seen:
                seen[item.network] = item
                self.subnet(item)
            used.add(item.tag)
            if item.ends:
                row = {"subnet": str(item.network), "start": item.ends[0], "end": item.ends[1]}
                self.document.add("pools", item.line, row)
        for host in self.hosts:
            used.update(host.tags)
            self.reservation(host, seen)
        for tag in sorted(set(self.options) - used):
            for line, row in self.options[tag]:
                self.document.lost(line, 1, f"{row['option']} is for the tag {tag!r}, which no range or host sets.")
        for tag in sorted(set(self.boot) - used):
            self.document.lost(
                self.boot[tag][0], 1, f"The boot file is for the tag {tag!r}, which no range or host sets."
            )

    def settings(self) -> None:
        rows = [row for _, row in self.options.get("", [])]
        line, boot = self.boot.get("", (0, {}))
        values: dict[str, Any] = {**boot}
        if rows:
            values["options"] = _last_of_each(rows)
        if values:
            lines = [line for line, _ in self.options.get("", [])]
            self.document.add("settings", min(lines, default=line or 1), values)

    def subnet(self, item: _Range) -> None:
        options = [row for _, row in self.options.get(item.tag, [])] if item.tag else []
        values: dict[str, Any] = {
            "cidr": str(item.network),
            "authoritative": self.authoritative,
            "lease_time": item.lease_s,
            "options": _last_of_each(options),
        }
        if item.tag:
            values |= self.boot.get(item.tag, (0, {}))[1]
        name = self.names.get(str(item.network)) or ("" if _NUMBERED.fullmatch(item.tag) else item.tag)
        if name:
            values["name"] = name
        for row in values["options"]:
            if row["option"] == "routers" and len(row["value"]) == 1 and not row["always"]:
                if IPv4Address(row["value"][0]) in item.network:
                    values["gateway"] = row["value"][0]
                    values["options"] = [other for other in values["options"] if other is not row]
                break
        self.document.add("subnets", item.line, values)

    def reservation(self, host: _Host, ranges: dict[IPv4Network, _Range]) -> None:
        ip = host.values.get("ip")
        inside = [
            network
            for network, item in ranges.items()
            if host.only in ("", item.tag) and (ip is None or IPv4Address(ip) in network)
        ]
        if len(inside) != 1:
            where = "is in no range's network" if ip else "has no address, and there is more than one network"
            if host.only:
                where = f"is for the tag {host.only!r}, which no single range sets for it"
            self.document.lost(host.line, 1, f"The host {where}.")
            return
        options = [row for tag in host.tags for _, row in self.options.get(tag, [])]
        values = {"subnet": str(inside[0]), **host.values, "options": _last_of_each(options)}
        for tag in host.tags:
            values |= self.boot.get(tag, (0, {}))[1]
        self.document.add("reservations", host.line, values)


def _split(value: str) -> list[str]:
    """Split at commas that stand outside quotes."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,])+|(?<=,)(?=,|$)', value)]


def _last_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["option"]: row for row in rows}.values())


def _why_lost(name: str) -> str:
    if name in _QUIET:
        return f"{name}: it concerns the program, not the network."
    if name in ("conf-file", "conf-dir", "dhcp-hostsfile", "dhcp-optsfile", "dhcp-hostsdir", "dhcp-optsdir"):
        return f"{name}: another file is not followed; import it by itself."
    if name.startswith("dhcp-") or name in ("pxe-service", "pxe-prompt"):
        return f"{name}: there is no counterpart here."
    return f"{name}: DNS, TFTP and the interfaces of dnsmasq are not taken over."


def _seconds(word: str) -> int:
    if word.lower() == "infinite":
        return _INFINITE
    match = _TIME.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no lease time")
    return min(int(match[1]) * _UNITS[match[2].lower()], _INFINITE)


def _client_id(text: str) -> str:
    """Return hexadecimal digits: octets joined by colons are meant as such, anything else is a text."""
    if re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})+", text):
        return text.replace(":", "").lower()
    return text.encode().hex()


def _is_ipv6(text: str) -> bool:
    return text.count(":") > 1 and re.fullmatch(r"[0-9a-fA-F:]+", text) is not None


def _is_mac(text: str) -> bool:
    octets = text.rpartition("-")[2] if text.count("-") == 1 else text
    if ":" not in octets and octets.count("-") != 5:
        return False
    try:
        return len(parse_mac(octets)) >= 6
    except ValueError:
        return False

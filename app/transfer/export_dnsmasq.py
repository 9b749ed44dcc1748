"""How does the plan look as a dnsmasq configuration? (dnsmasq(8); `dnsmasq --test` accepts it)"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

from app.transfer.export_ranges import is_served, offered, text
from app.transfer.export_text import Rendered
from app.transfer.option_values import to_words
from dhcpd.protocol.options import encode_value, find

_SHORTEST_S: Final = 120
_IP_KINDS: Final = ("ip", "ips")
_SUBNET_SAID: Final = {
    "cidr", "name", "gateway", "dhcp_enabled", "authoritative", "lease_time", "options", "next_server",
    "server_name", "boot_file",
}  # fmt: skip
_BOOT: Final = ("next_server", "server_name", "boot_file")
_HOST_SAID: Final = {"subnet", "identifiers", "ip", "hostname", "options", *_BOOT}
_UNSAID: Final = (
    "shared_networks", "client_classes", "option_definitions", "vlans", "tags", "custom_fields", "addresses",
)  # fmt: skip
"""Tables of which the file has nothing; an address in use is left out of the ranges."""
Values = Mapping[str, Any]


def render_dnsmasq(plan: Mapping[str, list[Values]]) -> Rendered:
    """Return the configuration, and what dnsmasq has no word for."""
    return _Writer(plan).render()


class _Writer:
    def __init__(self, plan: Mapping[str, list[Values]]) -> None:
        self.plan = plan
        self.out = Rendered()
        self.lines = ["# DHCP only", "port=0"]
        self.ranges = offered(plan)
        self.default_s = plan["settings"][0]["lease_time"]

    def render(self) -> Rendered:
        """Return the whole file."""
        settings = self.plan["settings"][0]
        served = [subnet for subnet in self.plan["subnets"] if is_served(subnet)]
        for subnet in self.plan["subnets"]:
            if not is_served(subnet):
                self.out.lose("a subnet that DHCPv4 does not serve", subnet["cidr"])
        self.authority(served)
        self.options(settings["options"], "", "settings")
        self.boot(settings, "")
        self.out.lose_fields(
            settings, {"options", "lease_time", "next_server", "server_name", "boot_file"}, "settings", "settings"
        )
        tags = {subnet["cidr"]: f"s{number}" for number, subnet in enumerate(served, start=1)}
        for subnet in served:
            self.subnet(subnet, tags[subnet["cidr"]])
        for number, host in enumerate(self.plan["reservations"], start=1):
            if host["subnet"] in tags:
                self.host(host, f"r{number}", tags[host["subnet"]])
        for row in self.plan["denied_clients"]:
            octets = row["mac"].split(":")
            self.lines.append(f"dhcp-host={':'.join(octets + ['*'] * (6 - len(octets)))},ignore")
        for kind in _UNSAID:
            for row in self.plan.get(kind, []):
                self.out.lose(kind.replace("_", " "), row.get("name") or row.get("ip"))
        self.out.text = "\n".join(self.lines) + "\n"
        return self.out

    def authority(self, served: list[Values]) -> None:
        """Write dhcp-authoritative, which holds for all subnets or none."""
        strict = [subnet["cidr"] for subnet in served if subnet["authoritative"]]
        if strict and len(strict) == len(served):
            self.lines.append("dhcp-authoritative")
        for cidr in strict if len(strict) < len(served) else []:
            self.out.lose("authoritative of single subnets", cidr)

    def subnet(self, subnet: Values, tag: str) -> None:
        """Write the ranges of a subnet, and what its clients are told."""
        network = ip_network(subnet["cidr"])
        lease_s = subnet["lease_time"] or self.default_s
        if lease_s < _SHORTEST_S:
            self.out.lose(f"lease times under {_SHORTEST_S} s", subnet["cidr"])
        tail = f"{network.netmask},{max(lease_s, _SHORTEST_S)}"
        self.lines.append(f"# {subnet['cidr']} {_one_line(subnet['name'])}".rstrip())
        ranges = self.ranges.get(subnet["cidr"], [])
        for (first, last), pool in ranges:
            self.lines.append(f"dhcp-range=set:{tag},{text(first)},{text(last)},{tail}")
            self.out.lose_fields(pool, {"subnet", "start", "end", "kind"}, "a pool", pool["start"])
        if not ranges:
            self.lines.append(f"dhcp-range=set:{tag},{network[0]},static,{tail}")
        options = list(subnet["options"])
        if subnet["gateway"] and not any(row["option"] == "routers" for row in options):
            options.insert(0, {"option": "routers", "value": [subnet["gateway"]]})
        self.options(options, f"tag:{tag},", subnet["cidr"])
        self.boot(subnet, f"tag:{tag},")
        self.out.lose_fields(subnet, _SUBNET_SAID, "a subnet", subnet["cidr"])

    def boot(self, scope: Values, tag: str) -> None:
        if scope.get("boot_file") and not _is_word(scope["boot_file"], scope.get("server_name") or ""):
            self.out.lose("a boot file or server name with a comma, quote or blank", scope["boot_file"])
        elif scope.get("boot_file"):
            server, address = scope.get("server_name") or "", scope.get("next_server") or ""
            self.lines.append(f"dhcp-boot={tag}{scope['boot_file']},{server},{address}".rstrip(","))
        elif scope.get("next_server"):
            self.out.lose("next server without a boot file", tag)

    def host(self, host: Values, tag: str, subnet_tag: str) -> None:
        """Write a reservation; dnsmasq takes several MACs and one client identifier.

        Without an address it would hold in every subnet, hence the tag of its own.
        """
        name = host["ip"] or host["identifiers"][0]["value"]
        macs = [i["value"] for i in host["identifiers"] if i["type"] == "mac"]
        ids = [i["value"] for i in host["identifiers"] if i["type"] == "client_id"]
        if len(macs) + min(1, len(ids)) < len(host["identifiers"]):
            self.out.lose("identifiers of a reservation other than MACs and one client identifier", name)
        said = [*macs, *(f"id:{_colons(value)}" for value in ids[:1])]
        if not said:
            return
        if host["options"] or host["boot_file"]:
            said.append(f"set:{tag}")
        if not host["ip"]:
            said.append(f"tag:{subnet_tag}")
        said += [part for part in (host["ip"], host["hostname"]) if part]
        self.lines.append(f"dhcp-host={','.join(said)}")
        self.options(host["options"], f"tag:{tag},", name)
        self.boot(host, f"tag:{tag},")
        self.out.lose_fields(host, _HOST_SAID, "a reservation", name)

    def options(self, rows: list[Values], tag: str, where: str) -> None:
        """Write the options of a scope."""
        for row in rows:
            definition = find(row["option"])
            if definition is None:
                self.out.lose("an option of the user's own", f"{row['option']} of {where}")
                continue
            word = "dhcp-option-force" if row.get("always") else "dhcp-option"
            words = to_words(definition, row["value"])
            octets = encode_value(definition, row["value"])
            if definition.kind in _IP_KINDS and words is not None:
                value = ",".join(words)
            elif definition.kind == "text" and words is not None and _is_plain(words[0]):
                value = f'"{words[0]}"'
            elif len(octets) == 1:
                value = str(octets[0])
            else:
                value = octets.hex(":")
            if not octets:
                self.out.lose("an option without a value", f"{row['option']} of {where}")
                continue
            self.lines.append(f"{word}={tag}{definition.code},{value}")


def _is_word(*words: str) -> bool:
    return not any(char in word for word in words for char in ',"\\ \t#')


def _colons(value: str) -> str:
    return bytes.fromhex(value.replace(":", "")).hex(":")


def _is_plain(value: str) -> bool:
    """Tell whether a text can stand in quotes and cannot be taken for anything else."""
    return (
        value.isascii()
        and value.isprintable()
        and not any(char in value for char in '",\\')
        and ":" not in value[:3]
    )


def _one_line(value: str) -> str:
    return " ".join(value.split())

"""How does the plan look as a Kea DHCPv4 configuration? (Kea ARM; `kea-dhcp4 -t` accepts it)"""

import json
from collections.abc import Mapping
from typing import Any, Final

from app.schemas.fields import canonical_identifier
from app.transfer.export_ranges import is_served, offered, text
from app.transfer.export_text import Rendered
from app.transfer.option_values import to_words
from dhcpd.protocol.options import encode_value, find

_AS_TEXT: Final = {1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 17, 26, 28, 40, 41, 42, 44, 46, 64, 66, 67, 69, 70, 119}
"""Options whose type Kea knows as we do; any other goes as octets, which it takes for every option."""
_TIMES: Final = {
    "lease_time": "valid-lifetime",
    "min_lease_time": "min-valid-lifetime",
    "max_lease_time": "max-valid-lifetime",
    "renew_time": "renew-timer",
    "rebind_time": "rebind-timer",
}
_BOOT: Final = {"next_server": "next-server", "server_name": "server-hostname", "boot_file": "boot-file-name"}
_IDENTIFIERS: Final = {"mac": "hw-address", "client_id": "client-id", "circuit_id": "circuit-id", "duid": "duid"}
_SUBNET_SAID: Final = {
    *_TIMES, *_BOOT, "cidr", "name", "description", "gateway", "interface", "relays", "shared_network", 
    "dhcp_enabled", "authoritative", "ignore_client_id", "options",
}  # fmt: skip
_HOST_SAID: Final = {
    "subnet",
    "identifiers",
    "ip",
    "hostname",
    "description",
    "options",
    *_BOOT,
}
_UNSAID: Final = (
    "client_classes", "denied_clients", "option_definitions", "vlans", "tags", "custom_fields", "addresses",
)  # fmt: skip
"""Tables of which the file has nothing; an address in use is left out of the pools."""
Values = Mapping[str, Any]


def render_kea(plan: Mapping[str, list[Values]]) -> Rendered:
    """Return the configuration, and what Kea has no word for."""
    return _Writer(plan).render()


class _Writer:
    def __init__(self, plan: Mapping[str, list[Values]]) -> None:
        self.plan = plan
        self.out = Rendered()
        self.ranges = offered(plan)
        self.hosts: dict[str, list[Values]] = {}
        for host in plan["reservations"]:
            self.hosts.setdefault(host["subnet"], []).append(host)

    def render(self) -> Rendered:
        """Return the whole file."""
        settings = self.plan["settings"][0]
        shared = {row["name"]: row for row in self.plan["shared_networks"]}
        links: dict[str, list[dict[str, Any]]] = {}
        alone: list[dict[str, Any]] = []
        for subnet in self.plan["subnets"]:
            if not is_served(subnet):
                self.out.lose("a subnet that DHCPv4 does not serve", subnet["cidr"])
        served = [subnet for subnet in self.plan["subnets"] if is_served(subnet)]
        for number, subnet in enumerate(served, start=1):
            if subnet["shared_network"]:
                links.setdefault(subnet["shared_network"], []).append(self.subnet(number, subnet))
            else:
                alone.append(self.subnet(number, subnet))
        server: dict[str, Any] = {
            "interfaces-config": {"interfaces": ["*"]},
            "lease-database": {"type": "memfile"},
            "calculate-tee-times": True,
            **{theirs: settings[ours] for ours, theirs in (*_TIMES.items(), *_BOOT.items()) if settings.get(ours)},
            "option-data": self.options(settings["options"], "settings"),
            "shared-networks": [
                self.network(name, shared.get(name, {}), members) for name, members in links.items()
            ],
            "subnet4": alone,
        }
        self.out.lose_fields(settings, {*_TIMES, *_BOOT, "options"}, "settings", "settings")
        for name in shared.keys() - links.keys():
            self.out.lose("a shared network without a subnet that DHCPv4 serves", name)
        for kind in _UNSAID:
            for row in self.plan.get(kind, []):
                self.out.lose(kind.replace("_", " "), row.get("name") or row.get("mac") or row.get("ip"))
        self.out.text = json.dumps({"Dhcp4": server}, indent=2) + "\n"
        return self.out

    def network(self, name: str, row: Values, members: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a shared network; Kea wants some settings to be the same in all of its subnets."""
        options = self.options(row.get("options", []), name)
        made: dict[str, Any] = {"name": name, "option-data": options, "subnet4": members}
        made |= {theirs: row[ours] for ours, theirs in _BOOT.items() if row.get(ours)}
        for field in ("authoritative", "interface"):
            values = [subnet.get(field) for subnet in members]
            if values.count(values[0]) < len(values):
                self.out.lose(f"different {field.replace('_', ' ')} of the subnets of a shared network", name)
                for subnet in members:
                    subnet.pop(field, None)
            elif values[0] is not None:
                made[field] = values[0]
        return made

    def subnet(self, number: int, subnet: Values) -> dict[str, Any]:
        """Return a subnet with its pools and reservations."""
        cidr = subnet["cidr"]
        options = list(subnet["options"])
        if subnet["gateway"] and not any(row["option"] == "routers" for row in options):
            options.insert(0, {"option": "routers", "value": [subnet["gateway"]]})
        made: dict[str, Any] = {"id": number, "subnet": cidr}
        made |= {theirs: subnet[ours] for ours, theirs in (*_TIMES.items(), *_BOOT.items()) if subnet.get(ours)}
        made |= {"authoritative": subnet["authoritative"], "match-client-id": not subnet["ignore_client_id"]}
        if subnet["interface"]:
            made["interface"] = subnet["interface"]
        if subnet["relays"]:
            made["relay"] = {"ip-addresses": subnet["relays"]}
        if subnet["name"]:
            made["user-context"] = {"name": subnet["name"]}
        if subnet["description"]:
            made["comment"] = subnet["description"]
        if subnet["lease_time"] and not (subnet["min_lease_time"] and subnet["max_lease_time"]):
            self.out.lose("lease time of a subnet: Kea takes it as least and longest time too", cidr)
        self.out.lose_fields(subnet, _SUBNET_SAID, "a subnet", cidr)
        made["option-data"] = self.options(options, cidr)
        made["pools"] = [self.pool(ends, pool) for ends, pool in self.ranges.get(cidr, [])]
        hosts = (self.host(host) for host in self.hosts.get(cidr, []))
        made["reservations"] = [host for host in hosts if host is not None]
        return made

    def pool(self, ends: tuple[int, int], pool: Values) -> dict[str, Any]:
        """Return a range that may be offered."""
        self.out.lose_fields(pool, {"subnet", "start", "end", "kind", "options"}, "a pool", pool["start"])
        options = self.options(pool["options"], pool["start"])
        return {"pool": f"{text(ends[0])} - {text(ends[1])}", **({"option-data": options} if options else {})}

    def host(self, host: Values) -> dict[str, Any] | None:
        """Return a reservation; Kea finds it by one identifier."""
        name = host["ip"] or host["identifiers"][0]["value"]
        said = [(i["type"], i["value"]) for i in host["identifiers"] if i["type"] in _IDENTIFIERS]
        if len(said) < len(host["identifiers"]) or len(said) > 1:
            self.out.lose("further identifiers of a reservation: Kea takes one", name)
        if not said:
            return None
        kind, value = said[0]
        octets = bytes.fromhex(canonical_identifier(kind, value))
        made: dict[str, Any] = {_IDENTIFIERS[kind]: octets.hex(":")}
        if host["ip"]:
            made["ip-address"] = host["ip"]
        made |= {
            theirs: host[ours] for ours, theirs in (("hostname", "hostname"), *_BOOT.items()) if host.get(ours)
        }
        if host["description"]:
            made["comment"] = host["description"]
        options = self.options(host["options"], name)
        self.out.lose_fields(host, _HOST_SAID, "a reservation", name)
        return {**made, **({"option-data": options} if options else {})}

    def options(self, rows: list[Values], where: str) -> list[dict[str, Any]]:
        """Return the options of a scope."""
        return [made for made in (self.option(row, where) for row in rows) if made is not None]

    def option(self, row: Values, where: str) -> dict[str, Any] | None:
        definition = find(row["option"])
        if definition is None:
            self.out.lose("an option that Kea has no standard code for", f"{row['option']} of {where}")
            return None
        made: dict[str, Any] = {"code": definition.code}
        words = to_words(definition, row["value"]) if definition.code in _AS_TEXT else None
        if words is not None:
            made["data"] = ", ".join(word.replace(",", "\\,") for word in words)
        else:
            made |= {"csv-format": False, "data": encode_value(definition, row["value"]).hex()}
        if row.get("always"):
            made["always-send"] = True
        lost = sorted(set(row) - {"option", "value", "always"})
        if any(row[name] for name in lost):
            self.out.lose(f"{', '.join(lost)} of an option", f"{row['option']} of {where}")
        return made

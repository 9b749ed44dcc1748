"""How does a Kea DHCPv4 configuration become rows of the plan? (Kea ARM, "The DHCPv4 Server")"""

from collections.abc import Iterable
from ipaddress import IPv4Address, ip_network
from typing import Any, Final

from app.transfer.document import Document
from app.transfer.json_positions import JsonError, Object, parse_json
from app.transfer.option_values import Unwritable, from_hex, from_words, look_up, option_row
from dhcpd.protocol.definitions import OptionDefinition

_BOOT: Final = {"next-server": "next_server", "boot-file-name": "boot_file", "server-hostname": "server_name"}
_TIMES: Final = {
    "valid-lifetime": "lease_time",
    "min-valid-lifetime": "min_lease_time",
    "max-valid-lifetime": "max_lease_time",
    "renew-timer": "renew_time",
    "rebind-timer": "rebind_time",
}
_COMMENTS: Final = {"comment", "user-context"}
_KNOWN_TOP: Final = {
    "option-data", "subnet4", "shared-networks", "interfaces-config", "valid-lifetime", "min-valid-lifetime",
    "max-valid-lifetime", "renew-timer", "rebind-timer", "next-server", "boot-file-name", "server-hostname",
    "authoritative", "match-client-id", "option-def", "client-classes", "reservations", *_COMMENTS,
}  # fmt: skip
_IDENTIFIERS: Final = {"hw-address": "mac", "client-id": "client_id", "circuit-id": "circuit_id", "duid": "duid"}
_QUIET: Final = {
    "lease-database", "hosts-database", "loggers", "control-socket", "control-sockets", "expired-leases-processing",
    "multi-threading", "sanity-checks", "statistic-default-sample-count", "host-reservation-identifiers",
    "calculate-tee-times", "config-control", "server-tag", "parked-packet-limit",
}  # fmt: skip
"""Settings of the Kea program itself, told once each."""


def parse(text: str, table: str | None = None) -> Document:
    """Return the rows of a configuration; a file that is no JSON has one error note."""
    document = Document()
    try:
        root = parse_json(text)
    except JsonError as error:
        document.error(error.line, error.column, error.text)
        return document
    server = root.get("Dhcp4") if isinstance(root, Object) else None
    if not isinstance(root, Object) or not isinstance(server, Object):
        document.error(1, 1, 'There is no "Dhcp4" object in this file.')
        return document
    for name in root:
        if name != "Dhcp4":
            document.lost(*root.place_of(name), f"{name!r} does not concern the DHCPv4 server.")
    _Reader(document).server(server)
    return document


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.by_id: dict[int, str] = {}
        self.top: dict[str, Any] = {}
        self.definitions: dict[str, Object] = {}

    # --- scopes, from wide to narrow ---

    def server(self, server: Object) -> None:
        """Read the global scope, then what is below it."""
        self.unknown(server, _KNOWN_TOP, "is a setting of the Kea server that has no counterpart here")
        for item in self.objects(server, "option-def"):
            self.document.lost(*item.place, f"The option definition {item.get('name')!r} is not taken over.")
        for item in self.objects(server, "client-classes"):
            self.document.lost(*item.place, f"The client class {item.get('name')!r} is not taken over.")
        self.interfaces(server)
        values: dict[str, Any] = {}
        for theirs, ours in (*_TIMES.items(), *_BOOT.items()):
            if self.given(server, theirs):
                values[ours] = server[theirs]
        options = self.options(server)
        if options:
            values["options"] = options
        if values:
            self.document.add("settings", server.place[0], values)
        self.top = self.flags(server)
        for network in self.objects(server, "shared-networks"):
            self.network(network)
        for subnet in self.objects(server, "subnet4"):
            self.subnet(subnet, None, {})
        for host in self.objects(server, "reservations"):
            self.global_host(host)

    def interfaces(self, server: Object) -> None:
        config = server.get("interfaces-config")
        if isinstance(config, Object) and config.get("interfaces") not in (None, [], ["*"]):
            place = config.place_of("interfaces")
            self.document.lost(*place, "Interfaces to listen on are set by LEASEBOARD_INTERFACES.")

    def network(self, network: Object) -> None:
        """Read a shared network: options and what to boot stay with it, other settings go to its subnets."""
        name = network.get("name")
        if not isinstance(name, str) or not name:
            self.document.error(*network.place, "A shared network has no name.")
            return
        known = {"name", "option-data", "subnet4", "interface", "relay", *_TIMES, *_BOOT, "authoritative",
                 "match-client-id", *_COMMENTS}  # fmt: skip
        self.unknown(network, known, "of a shared network is not taken over")
        common = self.settings(network)
        boot = {ours: common.pop(ours) for ours in _BOOT.values() if ours in common}
        values = {"name": name, "options": self.options(network), **boot}
        self.document.add("shared_networks", network.place[0], values)
        for subnet in self.objects(network, "subnet4"):
            self.subnet(subnet, name, common)

    def subnet(self, subnet: Object, network: str | None, common: dict[str, Any]) -> None:
        """Read a subnet with its pools and reservations."""
        cidr = self.prefix(subnet)
        if cidr is None:
            return
        known = {"id", "subnet", "pools", "option-data", "reservations", "interface", "relay", *_TIMES, *_BOOT,
                 "authoritative", "match-client-id", *_COMMENTS}  # fmt: skip
        self.unknown(subnet, known, "of a subnet is not taken over")
        values = {**self.top, **common, **self.settings(subnet), "cidr": cidr, "options": self.options(subnet)}
        if network is not None:
            values["shared_network"] = network
        self.describe(subnet, values)
        self.gateway(cidr, values)
        if isinstance(subnet.get("id"), int):
            self.by_id[subnet["id"]] = cidr
        self.document.add("subnets", subnet.place[0], values)
        for pool in self.objects(subnet, "pools"):
            self.pool(pool, cidr)
        for host in self.objects(subnet, "reservations"):
            self.host(host, cidr)

    def prefix(self, subnet: Object) -> str | None:
        text = subnet.get("subnet")
        try:
            return str(ip_network(str(text), strict=False))
        except ValueError:
            self.document.error(*subnet.place_of("subnet"), f"{text!r} is no prefix such as 192.0.2.0/24.")
            return None

    def gateway(self, cidr: str, values: dict[str, Any]) -> None:
        """Make the only router of the subnet its gateway: the same reply, and the plan knows the address."""
        for row in values["options"]:
            router = row["value"][0] if row["option"] == "routers" and len(row["value"]) == 1 else None
            if router is not None and not row["always"] and IPv4Address(router) in ip_network(cidr):
                values["gateway"] = router
                values["options"] = [other for other in values["options"] if other is not row]
                return

    def pool(self, pool: Object, cidr: str) -> None:
        """Read a pool: `first - last` or a prefix."""
        self.unknown(pool, {"pool", "option-data", *_COMMENTS}, "of a pool is not taken over")
        ends = _ends(pool.get("pool"))
        if ends is None:
            self.document.error(*pool.place_of("pool"), f"{pool.get('pool')!r} is no range of addresses.")
            return
        values: dict[str, Any] = {"subnet": cidr, "start": ends[0], "end": ends[1]}
        self.document.add("pools", pool.place[0], {**values, "options": self.options(pool)})

    def host(self, host: Object, cidr: str) -> None:
        """Read a reservation."""
        known = {*_IDENTIFIERS, "ip-address", "hostname", "option-data", *_BOOT, *_COMMENTS}
        self.unknown(host, known, "of a reservation is not taken over")
        identifiers = [
            {"type": ours, "value": _octets(host[theirs])}
            for theirs, ours in _IDENTIFIERS.items() if self.given(host, theirs)
        ]  # fmt: skip
        if not identifiers:
            self.document.error(
                *host.place, "No identifier that is known here: hw-address, client-id, circuit-id, duid."
            )
            return
        values: dict[str, Any] = {"subnet": cidr, "identifiers": identifiers, "options": self.options(host)}
        fields = {"ip-address": "ip", "hostname": "hostname", **_BOOT}
        values |= {ours: host[theirs] for theirs, ours in fields.items() if self.given(host, theirs)}
        self.describe(host, values, name_field="description")
        self.document.add("reservations", host.place[0], values)

    def global_host(self, host: Object) -> None:
        """Read a reservation that Kea keeps outside the subnets: its address tells the subnet."""
        try:
            address = IPv4Address(str(host.get("ip-address")))
        except ValueError:
            self.document.lost(*host.place, "A global reservation without an address belongs to no subnet here.")
            return
        for cidr in self.by_id.values():
            if address in ip_network(cidr):
                self.host(host, cidr)
                return
        self.document.lost(*host.place, f"{address} is in no subnet of this file.")

    # --- parts ---

    def settings(self, scope: Object) -> dict[str, Any]:
        """Return the plain settings of a subnet or shared network."""
        values = {ours: scope[theirs] for theirs, ours in (*_TIMES.items(), *_BOOT.items())
                  if self.given(scope, theirs)}  # fmt: skip
        if self.given(scope, "interface"):
            values["interface"] = scope["interface"]
        relay = scope.get("relay")
        if isinstance(relay, Object):
            found = relay.get("ip-addresses") or ([relay["ip-address"]] if "ip-address" in relay else [])
            if found and isinstance(found, list):
                values["relays"] = [str(address) for address in found]
        return {**values, **self.flags(scope)}

    def flags(self, scope: Object) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if isinstance(scope.get("authoritative"), bool):
            values["authoritative"] = scope["authoritative"]
        if isinstance(scope.get("match-client-id"), bool):
            values["ignore_client_id"] = not scope["match-client-id"]
        return values

    def describe(self, scope: Object, values: dict[str, Any], *, name_field: str = "name") -> None:
        """Take `comment`, and `name` and `description` of the user context, which our own export writes."""
        context = scope.get("user-context")
        context = context if isinstance(context, Object) else {}
        comment = scope.get("comment", context.get("comment"))
        if isinstance(comment, str):
            values["description"] = comment
        if name_field == "name" and isinstance(context.get("name"), str):
            values["name"] = context["name"]
        lost = [name for name in context if name not in ("comment", "name")]
        if lost:
            place = scope.place_of("user-context")
            self.document.lost(*place, f"User context is not taken over: {', '.join(lost)[:200]}.")

    def options(self, scope: Object) -> list[dict[str, Any]]:
        """Return the option rows of a scope; what cannot be written is noted."""
        rows = []
        for item in self.objects(scope, "option-data"):
            try:
                rows.append(_option(item))
            except Unwritable as error:
                self.document.lost(*item.place, str(error))
        return rows

    def given(self, scope: Object, name: str) -> bool:
        """Tell whether a member is there with a scalar value; Kea writes its defaults as empty texts."""
        value = scope.get(name)
        if isinstance(value, Object | list):
            self.document.error(*scope.place_of(name), f"{name!r} must be a plain value.")
            return False
        return value not in (None, "", "0.0.0.0")

    def objects(self, scope: Object, name: str) -> list[Object]:
        found = scope.get(name, [])
        if not isinstance(found, list):
            self.document.error(*scope.place_of(name), f"{name!r} must be a list.")
            return []
        good = [item for item in found if isinstance(item, Object)]
        if len(good) < len(found):
            self.document.error(*scope.place_of(name), f"Each member of {name!r} must be an object.")
        return good

    def unknown(self, scope: Object, known: Iterable[str], sentence: str) -> None:
        for name in scope:
            if name not in known and _says_something(scope[name]):
                quiet = " (it concerns the program, not the network)" if name in _QUIET else ""
                self.document.lost(*scope.place_of(name), f"{name!r} {sentence}{quiet}.")


def _says_something(value: object) -> bool:
    """Tell whether a member differs from the empty values that Kea's own output is full of."""
    return value not in (None, "", False, [], {}, 0, "0.0.0.0")


def _ends(text: object) -> tuple[str, str] | None:
    parts = [part.strip() for part in str(text).split("-")]
    try:
        if len(parts) == 2:
            return str(IPv4Address(parts[0])), str(IPv4Address(parts[1]))
        network = ip_network(parts[0], strict=False)
        return str(network[0]), str(network[-1])
    except ValueError:
        return None


def _octets(value: object) -> str:
    """Return hexadecimal digits; Kea also takes a text in single quotes."""
    text = str(value).strip()
    return text[1:-1].encode().hex() if len(text) > 1 and text[0] == text[-1] == "'" else text


def _option(item: Object) -> dict[str, Any]:
    if item.get("space", "dhcp4") != "dhcp4":
        raise Unwritable(f"Option space {item.get('space')!r} is not taken over.")
    if item.get("client-classes"):
        raise Unwritable("An option for client classes only is not taken over.")
    if item.get("never-send"):
        raise Unwritable("An option that is never sent has no counterpart.")
    code = item.get("code", item.get("name"))
    if isinstance(code, bool) or not isinstance(code, int | str):
        raise Unwritable("An option has neither code nor name.")
    definition = look_up(code)
    data = item.get("data", "")
    if not isinstance(data, str):
        raise Unwritable(f"{definition.name}: the data must be a text.")
    value = from_words(definition, _split(definition, data)) if item.get("csv-format", True) is not False \
        else from_hex(definition, data)  # fmt: skip
    return option_row(definition, value, always=item.get("always-send") is True)


def _split(definition: OptionDefinition, data: str) -> list[str]:
    """Split at commas; a backslash before one keeps it."""
    if definition.kind in ("empty",):
        return [data or "true"]
    parts = data.replace("\\,", "\0").split(",")
    return [part.replace("\0", ",").strip() for part in parts]

"""How does dhcpd.conf become rows of the plan? (dhcpd.conf(5), dhcp-options(5))"""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from app.transfer.document import Document
from app.transfer.isc_syntax import Statement, Word, read_statements, split_commas
from app.transfer.option_values import Unwritable, from_hex, from_words, look_up, option_row
from dhcpd.protocol.addresses import is_ipv4

_TIMES: Final = {
    "default-lease-time": "lease_time",
    "min-lease-time": "min_lease_time",
    "max-lease-time": "max_lease_time",
}
_BOOT: Final = {"next-server": "next_server", "filename": "boot_file", "server-name": "server_name"}
_TIMERS: Final = {"dhcp-renewal-time": "renew_time", "dhcp-rebinding-time": "rebind_time"}
_LEASE_OPTION: Final = {"dhcp-lease-time": "lease_time"}
_REASONS: Final = {
    "include": "An included file is not followed; import it by itself.",
    "class": "A class is not taken over.",
    "subclass": "A subclass is not taken over.",
    "if": "A condition is not taken over.",
    "elsif": "A condition is not taken over.",
    "else": "A condition is not taken over.",
    "switch": "A condition is not taken over.",
    "on": "An event handler is not taken over.",
    "set": "A variable is not taken over.",
    "key": "Dynamic DNS is not taken over.",
    "zone": "Dynamic DNS is not taken over.",
    "failover": "Failover is not taken over: several workers share one database here.",
    "subnet6": "DHCPv6 is not served yet.",
    "allow": "Who may use what is not taken over.",
    "deny": "Who may use what is not taken over.",
    "ignore": "Who may use what is not taken over.",
}


@dataclass(slots=True)
class _Scope:
    """What holds at a place of the file: settings, option rows by name, the subnet, the shared network."""

    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    subnet: str | None = None
    network: str | None = None

    def inner(self) -> "_Scope":
        return replace(self, settings=dict(self.settings), options=dict(self.options))


def parse(text: str, table: str | None = None) -> Document:
    """Return the rows of a configuration."""
    document = Document()
    reader = _Reader(document)
    reader.file(read_statements(text, document))
    return document


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.networks: list[IPv4Network] = []
        self.hosts: list[tuple[Statement, _Scope]] = []
        self.host_names = False

    def file(self, statements: list[Statement]) -> None:
        """Read the global scope, which becomes the settings; hosts last, when every subnet is known."""
        scope = _Scope()
        rest = [s for s in statements if not self.setting(s, scope)]
        settings = {k: v for k, v in scope.settings.items() if k not in ("authoritative", "renew_time",
                    "rebind_time", "server_name", "ping_check")}  # fmt: skip
        if scope.options:
            settings["options"] = list(scope.options.values())
        if settings:
            self.document.add("settings", statements[0].line, settings)
        kept = {k: v for k, v in scope.settings.items() if k in ("authoritative", "renew_time", "rebind_time",
                "server_name", "ping_check")}  # fmt: skip
        self.declarations(rest, _Scope({"authoritative": False, **kept}))
        for statement, inherited in self.hosts:
            self.host(statement, inherited)

    # --- declarations ---

    def declarations(self, statements: list[Statement], scope: _Scope) -> None:
        for statement in statements:
            kind = statement.named
            if kind == "subnet" and statement.block is not None:
                self.subnet(statement, scope)
            elif kind == "shared-network" and statement.block is not None:
                self.network(statement, scope)
            elif kind == "group" and statement.block is not None:
                inner = scope.inner()
                rest = [s for s in statement.block if not self.setting(s, inner)]
                self.declarations(rest, inner)
            elif kind == "host" and statement.block is not None:
                self.hosts.append((statement, scope))
            elif kind in ("pool", "range") and scope.subnet is not None:
                self.pool(statement, scope)
            elif kind == "pool" and statement.block is not None:
                self.network_pool(statement)
            else:
                self.lost(statement)

    def network(self, statement: Statement, scope: _Scope) -> None:
        names = statement.texts()
        if len(names) != 1 or statement.block is None:
            self.document.error(statement.line, statement.column, "A shared network has one name.")
            return
        inner = replace(scope.inner(), network=names[0], options={})
        rest = [s for s in statement.block if not self.setting(s, inner)]
        values = {"name": names[0], "options": list({**scope.options, **inner.options}.values())}
        self.document.add("shared_networks", statement.line, values)
        # A pool of the shared network lies in one of its subnets, so the subnets come first.
        ordered = sorted(rest, key=lambda s: s.named in ("pool", "range"))
        self.declarations(ordered, replace(inner, options={}))

    def subnet(self, statement: Statement, scope: _Scope) -> None:
        words = statement.texts()
        try:
            if len(words) != 3 or words[1].lower() != "netmask" or statement.block is None:
                raise ValueError("it is written `subnet ADDRESS netmask MASK { ... }`")
            network = IPv4Network(f"{words[0]}/{words[2]}")
        except ValueError as error:
            self.document.error(statement.line, statement.column, f"This is no subnet: {error}.")
            return
        inner = replace(scope.inner(), subnet=str(network))
        rest = [s for s in statement.block or [] if not self.setting(s, inner)]
        values: dict[str, Any] = {**inner.settings, "cidr": str(network)}
        if scope.network is not None:
            values["shared_network"] = scope.network
        options = dict(inner.options)
        _take_defaults(network, values, options)
        values["options"] = list(options.values())
        self.networks.append(network)
        self.document.add("subnets", statement.line, values)
        self.declarations(rest, replace(inner, options={}, settings={}))

    def pool(self, statement: Statement, scope: _Scope) -> None:
        """Read `range` or `pool { range ...; }` of a subnet."""
        inner = _Scope(subnet=scope.subnet)
        ranges = [statement] if statement.block is None else []
        for part in statement.block or []:
            if part.named == "range":
                ranges.append(part)
            elif not self.setting(part, inner):
                self.lost(part)
        for name in inner.settings:
            self.document.lost(statement.line, statement.column, f"{name} of a single pool is not taken over.")
        for part in ranges:
            ends = [text for text in part.texts() if text.lower() != "dynamic-bootp"]
            if len(ends) not in (1, 2) or not all(is_ipv4(text) for text in ends):
                self.document.error(part.line, part.column, "A range has one or two IPv4 addresses.")
                continue
            values = {"subnet": scope.subnet, "start": ends[0], "end": ends[-1]}
            self.document.add("pools", part.line, {**values, "options": list(inner.options.values())})

    def network_pool(self, statement: Statement) -> None:
        """Read a pool that stands beside the subnets of its shared network."""
        for part in statement.block or []:
            if part.named == "range":
                first = next((text for text in part.texts() if is_ipv4(text)), None)
                cidr = self.holder(first) if first else None
                if cidr is None:
                    self.document.error(part.line, part.column, "The range is in no subnet of this file.")
                else:
                    self.pool(part, _Scope(subnet=cidr))
            else:
                self.lost(part)

    def host(self, statement: Statement, scope: _Scope) -> None:
        """Read a reservation; its address tells the subnet if it stands outside one."""
        inner = scope.inner()
        if scope.subnet is not None:
            inner.settings, inner.options = {}, {}
        identifiers: list[dict[str, str]] = []
        addresses: list[str] = []
        for part in statement.block or []:
            if part.named == "fixed-address":
                addresses = part.texts()
            elif not (self.identifier(part, identifiers) or self.setting(part, inner)):
                self.lost(part)
        if not identifiers:
            self.document.error(statement.line, statement.column, "A host needs hardware or a client identifier.")
            return
        values: dict[str, Any] = {"identifiers": identifiers, "options": list(inner.options.values())}
        name = " ".join(statement.texts())
        values["description"] = name
        hostname = inner.options.pop("host-name", None)
        if hostname is not None or self.host_names:
            values["hostname"] = hostname["value"] if hostname else name
            values["options"] = list(inner.options.values())
        values |= {k: v for k, v in inner.settings.items() if k in ("next_server", "boot_file")}
        for lost in sorted(set(inner.settings) - {"next_server", "boot_file", "authoritative", *scope.settings}):
            self.document.lost(statement.line, statement.column, f"{lost} of a single host is not taken over.")
        self.place_host(statement, scope, values, addresses)

    def place_host(self, statement: Statement, scope: _Scope, values: dict[str, Any], addresses: list[str]) -> None:
        """Make a reservation of each fixed address, or one without an address in the subnet around it."""
        if not addresses:
            if scope.subnet is None:
                text = "A host without a fixed address, outside every subnet, belongs to no subnet here."
                self.document.lost(statement.line, statement.column, text)
            else:
                self.document.add("reservations", statement.line, {"subnet": scope.subnet, **values})
        for address in addresses:
            cidr = self.holder(address)
            if cidr is None:
                what = (
                    "is in no subnet of this file" if is_ipv4(address) else "is a name, and names are not looked up"
                )
                self.document.lost(statement.line, statement.column, f"The fixed address {address!r} {what}.")
            else:
                self.document.add("reservations", statement.line, {"subnet": cidr, "ip": address, **values})

    def identifier(self, part: Statement, identifiers: list[dict[str, str]]) -> bool:
        words = part.words
        texts = [word.text.lower() for word in words]
        if texts[0] == "hardware" and len(words) == 3:
            if texts[1] != "ethernet":
                self.document.lost(part.line, part.column, f"Hardware of type {texts[1]} is taken for Ethernet.")
            identifiers.append({"type": "mac", "value": words[2].text})
            return True
        if texts[0] == "uid" and len(words) == 2:
            identifiers.append({"type": "client_id", "value": _hex(words[1])})
            return True
        if texts[:2] == ["option", "dhcp-client-identifier"] and len(words) == 3:
            identifiers.append({"type": "client_id", "value": _hex(words[2])})
            return True
        kinds = {"agent.circuit-id": "circuit_id", "agent.remote-id": "remote_id"}
        if texts[:2] == ["host-identifier", "option"] and len(words) == 4 and texts[2] in kinds:
            identifiers.append({"type": kinds[texts[2]], "value": _hex(words[3])})
            return True
        return False

    # --- settings ---

    def setting(self, statement: Statement, scope: _Scope) -> bool:
        """Take a parameter or option into the scope; False = it is neither."""
        if statement.block is not None:
            return False
        texts = statement.texts()
        name = statement.named
        if name in _TIMES and len(texts) == 1 and texts[0].isdecimal():
            scope.settings[_TIMES[name]] = int(texts[0][:20])
        elif name in _BOOT and len(texts) == 1:
            scope.settings[_BOOT[name]] = texts[0]
        elif name == "authoritative" and not texts:
            scope.settings["authoritative"] = True
        elif name == "not" and [t.lower() for t in texts] == ["authoritative"]:
            scope.settings["authoritative"] = False
        elif name == "ping-check" and len(texts) == 1:
            scope.settings["ping_check"] = texts[0].lower() in ("on", "true")
        elif name == "use-host-decl-names" and len(texts) == 1:
            self.host_names = texts[0].lower() in ("on", "true")
        elif name == "option" and len(statement.words) > 2 and not self.is_definition(statement):
            self.option(statement, scope)
        else:
            return False
        return True

    def is_definition(self, statement: Statement) -> bool:
        """Tell whether it is `option NAME code N = TYPE`."""
        return len(statement.words) > 4 and statement.words[2].text.lower() == "code" and "=" in statement.texts()

    def option(self, statement: Statement, scope: _Scope) -> None:
        name, groups = statement.words[1].text, split_commas(statement.words[2:])
        simple = {**_TIMERS, **_LEASE_OPTION}.get(name.lower())
        if simple is not None and len(groups) == 1 and groups[0][0].text.isdecimal():
            scope.settings[simple] = int(groups[0][0].text[:20])
            return
        try:
            if any(word.text in ("=", "(") and word.data is None for word in statement.words):
                raise Unwritable(f"An expression for option {name} is not taken over.")
            definition = look_up(name)
            scope.options[definition.name] = option_row(definition, _value(definition, groups))
        except Unwritable as error:
            self.document.lost(statement.line, statement.column, str(error))

    def holder(self, address: str) -> str | None:
        """Return the narrowest subnet of the file that holds the address."""
        if not is_ipv4(address):
            return None
        inside = [network for network in self.networks if IPv4Address(address) in network]
        return str(max(inside, key=lambda network: network.prefixlen)) if inside else None

    def lost(self, statement: Statement) -> None:
        words = " ".join(word.text for word in statement.words)[:80]
        if statement.named == "option" and self.is_definition(statement):
            reason = "An option definition is not taken over."
        else:
            reason = _REASONS.get(statement.named, "There is no counterpart here.")
        self.document.lost(statement.line, statement.column, f"{words!r}: {reason}")


def _take_defaults(network: IPv4Network, values: dict[str, Any], options: dict[str, dict[str, Any]]) -> None:
    """Leave out what is computed from the prefix, and make the only router the gateway."""
    for name, own in (("subnet-mask", str(network.netmask)), ("broadcast-address", str(network.broadcast_address))):
        if name in options and options[name]["value"] == own:
            del options[name]
    routers = options.get("routers", {"value": []})["value"]
    if len(routers) == 1 and IPv4Address(routers[0]) in network:
        values["gateway"] = routers[0]
        del options["routers"]


def _value(definition: Any, groups: list[list[Word]]) -> Any:
    """Return an option's value: texts in quotes, addresses, numbers, or octets joined by colons."""
    first = groups[0][0]
    if definition.kind == "opaque":
        return from_hex(definition, first.data.hex() if first.data is not None else _padded(first.text))
    if definition.kind in ("domains", "plain-domains") and len(groups) == 1:
        return from_words(definition, [part for word in groups[0] for part in word.text.split()])
    return from_words(definition, [" ".join(word.text for word in group) for group in groups])


def _padded(octets: str) -> str:
    """Return `1:a:ff` with two digits each."""
    return ":".join(part.zfill(2) for part in octets.split(":"))


def _hex(word: Word) -> str:
    return word.data.hex() if word.data is not None else _padded(word.text)

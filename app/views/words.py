"""Which words that come from data do the pages translate? Named here so that the catalogues hold them."""

from typing import Final


def _n(text: str) -> str:
    """Mark a text for the catalogue."""
    return text


STATES = (
    _n("active"), _n("released"), _n("expired"), _n("declined"), _n("offered"), _n("free"), _n("leased"),
    _n("reserved"), _n("static"), _n("discovered"), _n("gateway"), _n("conflict"), _n("excluded"), _n("network"),
    _n("broadcast"), _n("unused"), _n("waiting"), _n("idle"), _n("replaced"),
)  # fmt: skip
ACTIONS = (
    _n("create"), _n("update"), _n("delete"), _n("release"), _n("quarantine"), _n("password"), _n("import"),
    _n("undo"), _n("skip"), _n("lost"), _n("error"), _n("split"), _n("merge"), _n("resize"),
)  # fmt: skip
IMPORTS = (
    _n("uploaded"), _n("planned"), _n("committing"), _n("committed"), _n("undoing"), _n("undone"), _n("failed"),
)  # fmt: skip
ALERTS = (
    _n("firing"), _n("resolved"), _n("pending"), _n("delivered"), _n("alert"), _n("lease"), _n("audit"),
    _n("rotate"), _n("test"), _n("redeliver"),
)  # fmt: skip
ROLES = (_n("viewer"), _n("operator"), _n("admin"))
KINDS = (_n("address"), _n("subnet"), _n("lease"), _n("reservation"), _n("page"))
IDENTIFIERS = (
    _n("mac"), _n("client_id"), _n("circuit_id"), _n("remote_id"), _n("duid"), _n("subscriber_id"), _n("relay_id"),
)  # fmt: skip
TIMES = (
    _n("lease_time"), _n("min_lease_time"), _n("max_lease_time"), _n("renew_time"), _n("rebind_time"),
    _n("next_server"), _n("server_name"), _n("boot_file"),
)  # fmt: skip
SCOPES = (
    _n("the settings"), _n("shared network %(p1)s"), _n("subnet %(p1)s"), _n("pool %(p1)s-%(p2)s"),
    _n("class %(p1)s"), _n("reservation %(p1)s"), _n("prefix and gateway of %(p1)s"),
)  # fmt: skip
STEPS = (
    _n("it is free for this client"), _n("it is taken, or outside the client's pools"), _n("no address is free"),
    _n("%(p1)s is the next free address"), _n("lies in subnet %(p1)s"), _n("lies in no subnet that is served"),
    _n("its client identifier"), _n("its hardware address"), _n("settings, without an address"),
    _n(" by what its relay says"), _n("the relay's address"), _n("the client's own address"),
    _n("the relay's link selection (82.5)"), _n("the subnet selection option (118)"), _n("reserved"),
    _n("offered before"), _n("its last lease"), _n("asked for"), _n("a ping"), _n("ARP"),
)  # fmt: skip
TOPICS = (
    _n("link"), _n("client"), _n("binding"), _n("policy"), _n("probe"), _n("outcome"), _n("class"),
)  # fmt: skip
EXPORTS = (
    _n("option definitions"), _n("settings"), _n("tags"), _n("custom fields"), _n("client classes"),
    _n("shared networks"), _n("denied clients"), _n("leases"),
)  # fmt: skip
RESOURCES = (_n("subnets"), _n("pools"), _n("reservations"), _n("addresses"), _n("vlans"))
STATUSES = (_n("Not Found"), _n("Method Not Allowed"))
TYPES = (_n("text"), _n("integer"), _n("boolean"), _n("date"), _n("choice"), _n("url"))
PAGES = (_n("Set up a subnet"), _n("Search"), _n("The REST API"))
HEALTH = (
    _n("No DHCP worker is running: no client gets an answer."),
    _n("All workers serve the newest revision"),
)
FIELDS: Final = {
    "subnet_id": _n("Subnet"), "subnet": _n("Subnet"), "cidr": _n("Prefix"), "name": _n("Name"),
    "description": _n("Description"), "vlan": _n("VLAN"), "vlan_group": _n("VLAN group"), "gateway": _n("Gateway"),
    "interface": _n("Interface"), "relays": _n("Relays"), "shared_network": _n("Shared network"),
    "dhcp_enabled": _n("Serve DHCP"), "authoritative": _n("Authoritative"), "rapid_commit": _n("Rapid commit"),
    "ping_check": _n("Ask an address before offering it"), "ignore_client_id": _n("Ignore client identifiers"),
    "known_clients_only": _n("Only clients with a reservation"), "random_macs": _n("Made-up MACs"),
    "min_secs": _n("Answer only after"), "offer_delay_ms": _n("Delay offers by"), "bootp": _n("BOOTP"),
    "client_class": _n("Only for the class"), "lease_time": _n("Lease time"),
    "min_lease_time": _n("Shortest lease time"), "max_lease_time": _n("Longest lease time"),
    "renew_time": _n("Renewal time (T1)"), "rebind_time": _n("Rebinding time (T2)"),
    "next_server": _n("Next server"), "server_name": _n("Server name"), "boot_file": _n("Boot file"),
    "options": _n("Options"), "tags": _n("Tags"), "custom_fields": _n("Custom fields"),
    "identifiers": _n("Identifiers"), "ip": _n("Address"), "hostname": _n("Name"), "owner": _n("Owner"),
    "notes": _n("Notes"), "start": _n("First address"), "end": _n("Last address"), "first": _n("First address"),
    "last": _n("Last address"), "kind": _n("Kind"), "clients": _n("For"), "mac": _n("MAC address"),
    "state": _n("State"), "role": _n("Role"), "expression": _n("Expression"), "position": _n("Position"),
    "expires_at": _n("Expires"), "group": _n("Group"), "label": _n("Label"), "type": _n("Type"),
    "choices": _n("Choices"), "default": _n("Default"), "required": _n("Required"), "code": _n("Code"),
    "vid": _n("Number"), "color": _n("Colour"), "url": _n("Address"), "topics": _n("Topics"),
    "client_id": _n("client identifier"), "circuit_id": _n("circuit-id"), "remote_id": _n("remote-id"),
    "subscriber_id": _n("subscriber-id"), "relay_id": _n("relay-id"), "duid": "DUID",
    "threshold": _n("Limit"), "clear": _n("Over when below"), "emails": _n("Mail to"),
}  # fmt: skip
"""Field of the REST API -> what the forms call it."""
OBJECTS: Final = {
    "subnets": _n("Subnet"), "pools": _n("Pool"), "reservations": _n("Reservation"), "leases": _n("Lease"),
    "addresses": _n("Address"), "vlans": _n("VLAN"), "tags": _n("Tag"), "custom_fields": _n("Custom field"),
    "client_classes": _n("Class"), "users": _n("User"), "tokens": _n("Token"), "webhooks": _n("Webhook"),
    "alert_rules": _n("Alert rule"), "denied_clients": _n("Denied client"), "imports": _n("Import"),
    "option_definitions": _n("Option definition"), "shared_networks": _n("Shared network"),
    "settings": _n("Settings"),
}  # fmt: skip
"""Resource of the audit -> what one object of it is called."""
FAULTS = (
    _n("Field required"), _n("Input should be a valid integer"), _n("Input should be a valid string"),
    _n("Input should be a valid boolean"), _n("Input should be a valid list"), _n("Input should be a valid number"),
    _n("Input should be a valid integer, unable to parse string as an integer"),
    _n("Input should be a valid number, unable to parse string as a number"),
    _n("Input should be a valid boolean, unable to interpret input"),
    _n("Input should be greater than or equal to %(p1)s"), _n("Input should be less than or equal to %(p1)s"),
    _n("Input should be greater than %(p1)s"), _n("Input should be less than %(p1)s"),
    _n("String should have at least %(p1)s character"), _n("String should have at least %(p1)s characters"),
    _n("String should have at most %(p1)s character"), _n("String should have at most %(p1)s characters"),
    _n("List should have at least %(p1)s item after validation, not %(p2)s"),
    _n("List should have at most %(p1)s items after validation, not %(p2)s"),
    _n("Input should be a valid datetime or date, %(p1)s"), _n("String should match pattern '%(p1)s'"),
    _n("Extra inputs are not permitted"), _n("Input should be %(p1)s"), _n("Input should be %(p1)s or %(p2)s"),
    _n("Input should be a valid integer, got a number with a fractional part"), _n("Keys should be strings"),
    _n("Unable to parse input string as an integer, exceeded maximum size"),
    _n("Input should be a finite number"), _n("Input should be a valid date"),
    _n("Input should be a valid datetime"),
    _n("Input should be a valid datetime, %(p1)s"), _n("Input should be a valid date or datetime, %(p1)s"),
    _n("Input should have timezone info"), _n("input is too short"), _n("Input should be a valid dictionary"),
    _n("Input should be a valid dictionary or instance of %(p1)s"),
    _n("List should have at least %(p1)s items after validation, not %(p2)s"),
    _n("List should have at most %(p1)s item after validation, not %(p2)s"),
    _n("Dictionary should have at most %(p1)s items after validation, not %(p2)s"),
)  # fmt: skip
"""What the check of a shape says."""
PLAINLY: Final = {
    "missing": _n("This is needed."),
    "int_type": _n("A whole number is needed."),
    "int_parsing": _n("A whole number is needed, in digits alone."),
    "int_parsing_size": _n("This number is too large."),
    "int_from_float": _n("A whole number is needed."),
    "bool_type": _n("Say yes or no."),
    "bool_parsing": _n("Say yes or no."),
    "datetime_from_date_parsing": _n("Write a moment as 2026-11-24 14:05."),
}  # fmt: skip
"""Code of a fault -> what a form says of it instead."""
LIMITS: Final = {
    "string_too_long": _n("At most %(n)s characters."),
    "greater_than_equal": _n("At least %(n)s."),
    "less_than_equal": _n("At most %(n)s."),
}  # fmt: skip
"""Code of a fault -> what a form says of it instead, with the number in it."""
PATTERNS: Final = {
    r"^[A-Za-z0-9._-]*$": _n("Only letters, digits, dots, hyphens and underscores, without accents or spaces."),
    r"^[a-z][a-z0-9-]*$": _n("Small letters, digits and hyphens, beginning with a letter."),
    r"^[a-z][a-z0-9_]{0,39}$": _n("Small letters, digits and underscores, beginning with a letter; at most 40."),
    r"^(#[0-9a-fA-F]{6})?$": _n("Write a colour as # and six hexadecimal digits, such as #2563eb."),
    r"^[^@\s,<>]{1,64}@[A-Za-z0-9.-]{1,190}$": _n("Write addresses such as name@example.org."),
    r"^https?://[\x21-\x7e]+$": _n("Write a URL that begins with http:// or https://."),
    r"^\s*(\d{1,3}\s*(,\s*\d{1,3}\s*)*)?$": _n("Write codes with commas between, such as 1,3,6."),
}  # fmt: skip
"""What a text has to look like -> the same in words."""
KINDS_OF_NUMBERS = (_n("a whole number from %(p1)s to %(p2)s"), _n("a list, each member %(p1)s"))
LOSSES = (
    _n("%(p1)s of settings"), _n("%(p1)s of a subnet"), _n("%(p1)s of a pool"), _n("%(p1)s of a reservation"),
    _n("a subnet that DHCPv4 does not serve"), _n("authoritative of single subnets"),
    _n("lease times under %(p1)s s"),
    _n("next server without a boot file"), _n("an option of the user's own"), _n("an option without a value"),
    _n("identifiers of a reservation other than MACs and one client identifier"),
    _n("different %(p1)s of the subnets of a shared network"), _n("%(p1)s of an option"),
    _n("lease time of a subnet: Kea takes it as least and longest time too"),
    _n("further identifiers of a reservation: Kea takes one"), _n("an option that Kea has no standard code for"),
    _n("vlans"), _n("vlan"), _n("vlan group"), _n("description"), _n("expires at"), _n("clients"),
    _n("client class"),
)  # fmt: skip
"""What a file of another server cannot say."""

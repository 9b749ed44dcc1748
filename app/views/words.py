"""Which words that come from data do the pages translate? Named here so that the catalogues hold them."""


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
PAGES = (_n("Set up a subnet"), _n("Search"))
HEALTH = (
    _n("No DHCP worker is running: no client gets an answer."),
    _n("All workers serve the newest revision"),
)

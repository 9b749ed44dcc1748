"""Who is served, and how: rapid commit, BOOTP, IPv6-only clients, policies, relays and what they say."""

import pytest

from dhcpd.engine.leases import NEVER
from dhcpd.engine.reasons import SENTENCES, Reason
from dhcpd.engine.snapshot import Denied, Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet
from dhcpd.protocol.relay import encode_relay_info
from tests.dhcpd.engine.test_decide import ALICE, BOB, POOL, RELAY, SCOPE, Server, answer, ip, subnet

DISCOVER, REQUEST = MessageType.DISCOVER, MessageType.REQUEST
REAL = b"\x00\x1b\x21\0\0\x0a"
PORT = {82: encode_relay_info({1: b"Gi1/0/7"})}


class Tailored(Server):
    """A server whose first subnet has some settings of its own."""

    def __init__(self, *, keys: dict[tuple[str, bytes], int | None] | None = None, **settings: object) -> None:
        self.keys, self.settings = keys or {}, settings
        self.denied: tuple[bytes, ...] = ()
        self.clients: tuple[str, ...] = ("all",)
        super().__init__()

    def configure(self) -> None:
        made = {key: Reservation(n, 1, address, "", SCOPE) for n, (key, address) in enumerate(self.keys.items())}
        first = subnet(1, "10.0.0.0", POOL, 4, **self.settings)
        starts = range(POOL, POOL + 4 * len(self.clients), 4)
        pairs = zip(starts, self.clients, strict=True)
        first.pools = tuple(
            Pool(start, 1, start, start + 3, first.scope, clients=clients) for start, clients in pairs
        )
        first.__post_init__()
        self.snapshot = Snapshot(
            1, (first,), {"eth0": 1}, {RELAY: 1}, {(1, *key): made[key] for key in made},
            {r.ip: r for r in made.values() if r.ip is not None}, frozenset(), denied=Denied(self.denied),
            leasequery=((RELAY, RELAY),),
        )  # fmt: skip
        self.table.use(self.snapshot)

    def bootp(self, mac: bytes = ALICE, **fields: object) -> tuple[Reason, Packet | None]:
        packet = Packet(chaddr=mac, xid=7, **fields)  # type: ignore[arg-type]  # a builder
        decision = self.decide(packet)
        return Reason(decision.reason), answer(decision) if decision.reply is not None else None


def with_clients(*clients: str, **more: object) -> Tailored:
    server = Tailored(**more)  # type: ignore[arg-type]  # a builder
    server.clients = clients
    server.configure()
    return server


def test_rapid_commit_takes_two_messages() -> None:
    """RFC 4039 §3.1: an ACK with option 80, committed."""
    server = Tailored(rapid_commit=True)
    decision = server.ask(DISCOVER, options={80: b""})
    ack = answer(decision)
    assert decision.reason == Reason.ASSIGNED_RAPIDLY
    assert (ack.message_type, ack.yiaddr, ack.options[80]) == (MessageType.ACK, POOL, b"")
    assert server.table.leases[POOL].mac == ALICE


@pytest.mark.parametrize(("on", "options"), [(False, {80: b""}), (True, {})])
def test_without_rapid_commit_on_both_sides_an_offer_is_made(on: bool, options: dict[int, bytes]) -> None:
    """RFC 4039 §3.1: the option is never sent unasked."""
    server = Tailored(rapid_commit=on)
    offer = answer(server.ask(DISCOVER, options=options))
    assert offer.message_type == MessageType.OFFER
    assert 80 not in offer.options
    assert not server.table.leases


def test_bootp_client_gets_its_reserved_address_for_ever() -> None:
    """RFC 951 §7.3, RFC 1534 §2: no DHCP options in the answer, at most 300 octets."""
    server = Tailored(keys={("mac", ALICE): POOL + 2}, bootp=True)
    reason, reply = server.bootp()
    assert reason == Reason.ASSIGNED_BOOTP
    assert reply is not None
    assert reply.yiaddr == POOL + 2
    assert not set(reply.options) & set(range(50, 62))
    assert list(reply.options) == [1, 3, 6]
    assert server.table.leases[POOL + 2].expires_at == NEVER


def test_bootp_pool_serves_bootp_clients_alone() -> None:
    server = with_clients("all", "bootp", bootp=True)
    _, reply = server.bootp(ALICE)
    assert reply is not None
    assert reply.yiaddr == POOL + 4
    assert [server.take(bytes((2, 0, 0, 0, 1, n))) for n in range(4)] == [POOL, POOL + 1, POOL + 2, POOL + 3]
    assert server.ask(DISCOVER, BOB).reason == Reason.DROP_POOL_EXHAUSTED


def test_bootp_client_without_reservation_or_pool_gets_silence() -> None:
    assert Tailored(bootp=True).bootp() == (Reason.DROP_BOOTP_NO_ADDRESS, None)
    assert Tailored().bootp() == (Reason.DROP_BOOTP_OFF, None)


def test_bootp_client_that_wants_another_server_gets_silence() -> None:
    """RFC 951 §7.3: the server's name in sname."""
    server = Tailored(keys={("mac", ALICE): POOL}, bootp=True)
    assert server.bootp(sname=b"elsewhere") == (Reason.DROP_OTHER_SERVER, None)


def test_bootp_client_with_an_address_gets_only_settings() -> None:
    reason, reply = Tailored(bootp=True).bootp(ciaddr=POOL + 50)
    assert reason == Reason.ANSWERED_BOOTP
    assert reply is not None
    assert (reply.ciaddr, reply.yiaddr) == (POOL + 50, 0)


def test_ipv6_only_is_told_only_to_clients_that_list_it() -> None:
    """RFC 8925 §3.3."""
    server = Tailored()
    server.settings["scope"] = Scope({**SCOPE.options, 108: b"\0\0\x07\x08"}, frozenset({108}))
    server.configure()
    assert 108 not in answer(server.ask(DISCOVER, options={55: b"\x01\x03"})).options
    assert 108 not in answer(server.ask(DISCOVER)).options


def test_client_that_can_do_without_ipv4_holds_no_address() -> None:
    """RFC 8925 §3.3 and §3.3.1: 0.0.0.0 is offered, and an Auto-Configure option says no."""
    server = Tailored()
    server.settings["scope"] = Scope({**SCOPE.options, 108: b"\0\0\x07\x08"})
    server.configure()
    decision = server.ask(DISCOVER, options={55: b"\x01\x6c", 116: b"\x01"})
    offer = answer(decision)
    assert (decision.reason, offer.yiaddr) == (Reason.IPV6_ONLY, 0)
    assert (offer.options[108], offer.options[116]) == (b"\0\0\x07\x08", b"\0")
    assert not decision.changes
    assert server.take(BOB) == POOL


def test_known_clients_only_subnet_serves_whoever_has_a_reservation() -> None:
    server = Tailored(keys={("mac", BOB): None}, known_only=True)
    assert server.ask(DISCOVER, ALICE).reason == Reason.DROP_KNOWN_CLIENTS_ONLY
    assert server.take(BOB) == POOL


def test_pools_for_known_and_unknown_clients() -> None:
    server = with_clients("known", "unknown", keys={("mac", BOB): None})
    assert server.take(ALICE) == POOL + 4
    assert server.take(BOB) == POOL
    wanted = answer(server.ask(DISCOVER, b"\2guest", options=ip(POOL + 1))).yiaddr
    assert wanted == POOL + 5


@pytest.mark.parametrize(
    ("policy", "known", "reason"),
    [
        ("deny", True, Reason.DROP_RANDOM_MAC),
        ("known", False, Reason.DROP_RANDOM_MAC),
        ("known", True, Reason.OFFERED),
    ],
)
def test_made_up_macs(policy: str, known: bool, reason: Reason) -> None:
    server = Tailored(keys={("mac", ALICE): None} if known else {}, random_macs=policy)
    assert server.ask(DISCOVER, ALICE).reason == reason
    assert server.ask(DISCOVER, REAL).reason == Reason.OFFERED


def test_client_that_is_served_no_more_is_refused_at_its_renewal() -> None:
    server = Tailored()
    address = server.take(ALICE)
    server.settings["random_macs"] = "deny"
    server.configure()
    assert server.ask(REQUEST, ALICE, ciaddr=address).reason == Reason.NAK_NOT_SERVED


@pytest.mark.parametrize("entry", [REAL, REAL[:3]])
def test_denied_client_gets_no_answer(entry: bytes) -> None:
    server = Tailored()
    server.denied = (entry,)
    server.configure()
    assert server.ask(DISCOVER, REAL).reason == Reason.DROP_DENIED
    assert server.ask(DISCOVER, ALICE).reason == Reason.OFFERED


def test_client_must_have_waited_for_the_threshold() -> None:
    server = Tailored(min_secs=4)
    assert server.ask(DISCOVER, secs=3).reason == Reason.DROP_TOO_EARLY
    assert server.ask(DISCOVER, secs=4).reason == Reason.OFFERED


@pytest.mark.parametrize(
    ("kind", "code"), [("circuit_id", 1), ("remote_id", 2), ("subscriber_id", 6), ("relay_id", 12)]
)
def test_reservation_by_what_the_relay_says(kind: str, code: int) -> None:
    """RFC 3046 §3.1, §3.2, RFC 3993, RFC 6925."""
    server = Tailored(keys={(kind, b"Gi1/0/7"): POOL + 3})
    assert server.take(ALICE, giaddr=RELAY, options={82: encode_relay_info({code: b"Gi1/0/7"})}) == POOL + 3
    assert server.take(BOB, giaddr=RELAY, options={82: encode_relay_info({code: b"Gi1/0/8"})}) == POOL


def test_reservation_by_circuit_holds_when_the_client_renews_without_its_relay() -> None:
    server = Tailored(keys={("circuit_id", b"Gi1/0/7"): POOL + 3})
    server.take(ALICE, giaddr=RELAY, options=PORT)
    assert server.ask(REQUEST, ALICE, ciaddr=POOL + 3).reason == Reason.RENEWED


def test_device_that_replaces_another_on_its_port_gets_the_port_s_address() -> None:
    server = Tailored(keys={("circuit_id", b"Gi1/0/7"): POOL + 3})
    server.take(ALICE, giaddr=RELAY, options=PORT)
    assert server.take(BOB, giaddr=RELAY, options=PORT) == POOL + 3
    assert server.table.leases[POOL + 3].mac == BOB


def test_reservation_by_duid_ignores_the_iaid() -> None:
    """RFC 4361 §6.1."""
    server = Tailored(keys={("duid", b"\0\x03\0\x01abcdef"): POOL + 2})
    assert server.take(ALICE, options={61: b"\xff\0\0\0\x09\0\x03\0\x01abcdef"}) == POOL + 2


def test_relay_of_another_vpn_gets_no_answer() -> None:
    """RFC 6607 §3: an address of the common network would be wrong there."""
    server = Tailored()
    named = {82: encode_relay_info({151: b"\0red"})}
    assert server.ask(DISCOVER, giaddr=RELAY, options=named).reason == Reason.DROP_VIRTUAL_SUBNET
    common = {82: encode_relay_info({151: b"\xff"})}
    assert server.ask(DISCOVER, giaddr=RELAY, options=common).reason == Reason.OFFERED


def test_server_identifier_is_the_relay_s_override() -> None:
    """RFC 5107 §4."""
    override = {82: encode_relay_info({11: RELAY.to_bytes(4, "big"), 10: b"\x80"})}
    server = Tailored()
    offer = answer(server.ask(DISCOVER, giaddr=RELAY, options=override))
    assert offer.options[54] == RELAY.to_bytes(4, "big")
    chosen = {**override, **ip(offer.yiaddr), 54: offer.options[54]}
    assert answer(server.ask(REQUEST, giaddr=RELAY, options=chosen)).message_type == MessageType.ACK


def test_reply_goes_to_the_port_that_the_relay_sent_from() -> None:
    """RFC 8357 §5.2."""
    server = Tailored()
    decision = server.ask(DISCOVER, giaddr=RELAY, options={82: encode_relay_info({19: b""})})
    assert decision.destination == (RELAY, 68, None)  # the sender's port in these tests
    assert server.ask(DISCOVER, giaddr=RELAY).destination == (RELAY, 67, None)


def query(server: Tailored, mac: bytes = b"", **fields: object) -> Packet | Reason:
    options = {53: bytes((MessageType.LEASEQUERY,)), **dict(fields.pop("options", {}))}  # type: ignore[call-overload]  # a builder
    decision = server.decide(Packet(chaddr=mac, options=options, **{"giaddr": RELAY, **fields}))  # type: ignore[arg-type]  # a builder
    return answer(decision) if decision.reply is not None else Reason(decision.reason)


@pytest.mark.parametrize("way", ["ip", "mac", "client_id"])
def test_leasequery_tells_who_holds_an_address(way: str) -> None:
    """RFC 4388 §6.4.2."""
    server = Tailored()
    server.take(ALICE, giaddr=RELAY, options={61: b"\1alice", **PORT})
    server.now += 100
    asked: dict[str, dict[str, object]] = {
        "ip": {"ciaddr": POOL}, "mac": {"mac": ALICE}, "client_id": {"options": {61: b"\1alice"}},
    }  # fmt: skip
    reply = query(server, **asked[way])  # type: ignore[arg-type]  # a builder
    assert isinstance(reply, Packet)
    assert (reply.message_type, reply.ciaddr, reply.chaddr) == (MessageType.LEASEACTIVE, POOL, ALICE)
    assert reply.options[91] == (100).to_bytes(4, "big")
    assert reply.options[51] == (3500).to_bytes(4, "big")
    assert reply.options[58] == (1700).to_bytes(4, "big")
    assert reply.options[61] == b"\1alice"
    assert reply.options[82] == PORT[82]


def test_leasequery_lists_only_what_is_asked_for() -> None:
    server = Tailored()
    server.take(ALICE, giaddr=RELAY, options=PORT)
    reply = query(server, ciaddr=POOL, options={55: bytes((51,))})
    assert isinstance(reply, Packet)
    assert set(reply.options) == {53, 54, 51, 91}


def test_leasequery_about_nobody() -> None:
    """RFC 4388 §6.4.1."""
    server = Tailored()
    free, foreign, stranger = query(server, ciaddr=POOL), query(server, ciaddr=1), query(server, BOB)
    kinds = [reply.message_type for reply in (free, foreign, stranger) if isinstance(reply, Packet)]
    assert kinds == [MessageType.LEASEUNASSIGNED, MessageType.LEASEUNKNOWN, MessageType.LEASEUNKNOWN]


def test_leasequery_is_for_listed_relays_alone() -> None:
    server = Tailored()
    assert query(server, ciaddr=POOL, giaddr=parse_ipv4("10.9.9.9")) == Reason.DROP_LEASEQUERY_REFUSED
    assert query(server, ciaddr=POOL, giaddr=0) == Reason.DROP_LEASEQUERY_REFUSED
    assert query(server) == Reason.DROP_LEASEQUERY_EMPTY


def test_times_are_in_order_whatever_was_configured() -> None:
    """RFC 2131 §4.4.5: T1 < T2 < lease time."""
    options = answer(Tailored(renew_s=3000, rebind_s=3100).ask(DISCOVER, options={51: b"\0\0\x03\xe8"})).options
    assert [int.from_bytes(options[code], "big") for code in (58, 59, 51)] == [500, 875, 1000]


def test_retransmitted_request_gets_the_identical_answer() -> None:
    server = Tailored()
    offer = answer(server.ask(DISCOVER))
    chosen = {**ip(offer.yiaddr), 54: offer.options[54]}
    first = server.ask(REQUEST, options=chosen)
    server.now += 4
    assert server.ask(REQUEST, options=chosen).reply == first.reply


def test_leasequery_by_mac_tells_the_client_s_other_addresses() -> None:
    """RFC 4388 §6.1: option 92; the newest lease is in ciaddr."""
    server = Tailored()
    second = subnet(2, "10.2.0.0", parse_ipv4("10.2.0.100"), 4)
    server.snapshot = replace_subnets(server.snapshot, (*server.snapshot.subnets, second))
    server.table.use(server.snapshot)
    server.take(ALICE, giaddr=RELAY)
    server.now += 10
    newest = server.take(ALICE, giaddr=parse_ipv4("10.2.0.1"))
    reply = query(server, ALICE)
    assert isinstance(reply, Packet)
    assert (reply.ciaddr, reply.options[92]) == (newest, POOL.to_bytes(4, "big"))


def test_one_relay_serves_several_subnets_of_a_shared_network() -> None:
    server = Tailored()
    second = subnet(2, "10.2.0.0", parse_ipv4("10.2.0.100"), 4)
    second.link = 1
    server.snapshot = replace_subnets(server.snapshot, (*server.snapshot.subnets, second))
    server.table.use(server.snapshot)
    given = [server.take(bytes((2, 0, 0, 0, 1, n)), giaddr=RELAY) for n in range(6)]
    assert given == [POOL, POOL + 1, POOL + 2, POOL + 3, second.pools[0].first, second.pools[0].first + 1]
    link = {82: encode_relay_info({5: parse_ipv4("10.2.0.0").to_bytes(4, "big")})}
    assert server.ask(DISCOVER, giaddr=RELAY, options=link).reason == Reason.OFFERED


def replace_subnets(snapshot: Snapshot, subnets: tuple[Subnet, ...]) -> Snapshot:
    return Snapshot(
        2, subnets, snapshot.interfaces, snapshot.relays, {}, {}, frozenset(), leasequery=snapshot.leasequery
    )  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
def test_every_outcome_has_its_sentence(reason: Reason) -> None:
    assert SENTENCES[reason].endswith(".")

"""Does the engine decide as RFC 2131 says? Packet in, Decision out, with a hand-made clock."""

from dataclasses import dataclass, field

import pytest

from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import DECLINE_CAP, Decision, decide
from dhcpd.engine.leases import ACTIVE, DECLINED, RELEASED, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.constants import BROADCAST_FLAG, MessageType
from dhcpd.protocol.packet import Packet, decode

SERVER = parse_ipv4("10.0.0.1")
OTHER_SERVER = parse_ipv4("10.0.0.2")
POOL = parse_ipv4("10.0.0.100")
ROUTED_POOL = parse_ipv4("10.1.0.100")
RELAY = parse_ipv4("10.1.0.1")
ALICE, BOB = b"\x02\0\0\0\0\x0a", b"\x02\0\0\0\0\x0b"
SCOPE = Scope({1: b"\xff\xff\xff\0", 3: SERVER.to_bytes(4, "big"), 6: b"\x08\x08\x08\x08"})


def subnet(number: int, first: str, pool: int, size: int, **changes: object) -> Subnet:
    start = parse_ipv4(first)
    values: dict[str, object] = {"scope": SCOPE, "lease_s": 3600, "min_lease_s": 60, "max_lease_s": 7200, **changes}
    pools = (Pool(number, number, pool, pool + size - 1, values["scope"]),)  # type: ignore[arg-type]  # a builder
    return Subnet(number, start, start + 255, number, pools=pools, **values)  # type: ignore[arg-type]  # a builder


@dataclass
class Server:
    """A snapshot and a table, asked packet by packet; changes are applied as the worker does."""

    pool_size: int = 4
    authoritative: bool = True
    reserved: dict[bytes, int] = field(default_factory=dict)
    blocked: frozenset[int] = frozenset()
    now: int = 1_000_000

    def __post_init__(self) -> None:
        self.table = Table()
        self.configure()

    def configure(self) -> None:
        made = {mac: Reservation(n, 1, ip, "", SCOPE) for n, (mac, ip) in enumerate(self.reserved.items())}
        self.snapshot = Snapshot(
            1,
            (
                subnet(1, "10.0.0.0", POOL, self.pool_size, authoritative=self.authoritative),
                subnet(2, "10.1.0.0", ROUTED_POOL, 4),
            ),
            {"eth0": 1},
            {},
            {(1, "mac", mac): reservation for mac, reservation in made.items()},
            {r.ip: r for r in made.values() if r.ip is not None},
            self.blocked,
        )
        self.table.use(self.snapshot)

    def ask(self, kind: int, mac: bytes = ALICE, **fields: object) -> Decision:
        options = {53: bytes((kind,)), **dict(fields.pop("options", {}))}  # type: ignore[call-overload]  # a builder
        return self.decide(Packet(chaddr=mac, options=options, xid=7, **fields))  # type: ignore[arg-type]  # a builder

    def decide(self, packet: Packet) -> Decision:
        ingress = Ingress("eth0", SERVER, 0, 68, frozenset({SERVER}))
        decision = decide(packet, ingress, self.snapshot, self.table, now=self.now)
        self.table.apply(decision.changes)
        return decision

    def take(self, mac: bytes = ALICE, **fields: object) -> int:
        """Run DISCOVER, OFFER, REQUEST, ACK; return the address."""
        offer = answer(self.ask(MessageType.DISCOVER, mac, **fields))
        chosen = {50: offer.yiaddr.to_bytes(4, "big"), 54: offer.options[54]}
        extra = dict(fields.pop("options", {}))  # type: ignore[call-overload]  # a builder
        ack = answer(self.ask(MessageType.REQUEST, mac, options={**extra, **chosen}, **fields))
        assert ack.message_type == MessageType.ACK
        return ack.yiaddr


def answer(decision: Decision) -> Packet:
    assert decision.reply is not None, decision.reason
    return decode(decision.reply)


def ip(address: int) -> dict[int, bytes]:
    return {50: address.to_bytes(4, "big")}


def test_dora_gives_the_first_address_of_the_pool() -> None:
    """RFC 2131 §3.1."""
    server = Server()
    assert server.take() == POOL
    assert server.table.leases[POOL].state == ACTIVE
    assert server.table.leases[POOL].expires_at == server.now + 3600


def test_two_clients_never_see_one_offer() -> None:
    """RFC 2131 §4.3.1."""
    server = Server()
    first = answer(server.ask(MessageType.DISCOVER, ALICE)).yiaddr
    second = answer(server.ask(MessageType.DISCOVER, BOB)).yiaddr
    assert first != second


def test_repeated_discover_gets_the_same_offer() -> None:
    server = Server()
    first = server.ask(MessageType.DISCOVER)
    again = server.ask(MessageType.DISCOVER)
    assert again.reason == Reason.OFFERED_AGAIN
    assert first.reply == again.reply


def test_late_request_succeeds_while_the_address_is_free() -> None:
    server = Server()
    offer = answer(server.ask(MessageType.DISCOVER))
    server.now += 500
    server.table.expire(server.now, limit=10)
    options = {**ip(offer.yiaddr), 54: SERVER.to_bytes(4, "big")}
    assert answer(server.ask(MessageType.REQUEST, options=options)).message_type == MessageType.ACK


def test_request_for_another_server_is_dropped_and_frees_the_offer() -> None:
    """RFC 2131 §4.3.2."""
    server = Server(pool_size=1)
    server.ask(MessageType.DISCOVER)
    options = {**ip(POOL), 54: OTHER_SERVER.to_bytes(4, "big")}
    decision = server.ask(MessageType.REQUEST, options=options)
    assert decision.reason == Reason.DROP_OTHER_SERVER
    assert decision.reply is None
    assert answer(server.ask(MessageType.DISCOVER, BOB)).yiaddr == POOL


def test_full_pool_is_silent() -> None:
    server = Server(pool_size=1)
    server.take(ALICE)
    assert server.ask(MessageType.DISCOVER, BOB).reason == Reason.DROP_POOL_EXHAUSTED


def test_renewal_keeps_the_start_and_moves_the_end() -> None:
    """RFC 2131 §4.3.2, RENEWING."""
    server = Server()
    address = server.take()
    server.now += 1800
    decision = server.ask(MessageType.REQUEST, ciaddr=address)
    lease = server.table.leases[address]
    assert decision.reason == Reason.RENEWED
    assert (lease.started_at, lease.expires_at, lease.renewals) == (server.now - 1800, server.now + 3600, 1)
    assert decision.destination is not None
    assert decision.destination.ip == address
    assert answer(decision).ciaddr == address


def test_init_reboot_on_the_wrong_network_gets_nak() -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT."""
    decision = Server().ask(MessageType.REQUEST, options=ip(parse_ipv4("192.168.9.9")))
    nak = answer(decision)
    assert decision.reason == Reason.NAK_WRONG_NETWORK
    assert nak.message_type == MessageType.NAK
    assert (nak.yiaddr, nak.siaddr, nak.ciaddr) == (0, 0, 0)
    assert set(nak.options) == {53, 54, 56}
    assert decision.destination is not None
    assert decision.destination.ip == 0xFFFFFFFF


def test_init_reboot_of_an_unknown_client_is_silent_unless_authoritative() -> None:
    """RFC 2131 §4.3.2: MUST remain silent."""
    assert Server(authoritative=False).ask(MessageType.REQUEST, options=ip(POOL)).reply is None
    assert Server().ask(MessageType.REQUEST, options=ip(POOL)).reason == Reason.NAK_UNKNOWN_CLIENT


def test_known_client_with_wrong_address_gets_nak() -> None:
    server = Server()
    server.take()
    assert server.ask(MessageType.REQUEST, options=ip(POOL + 2)).reason == Reason.NAK_WRONG_ADDRESS


def test_nak_through_a_relay_has_the_broadcast_bit() -> None:
    """RFC 2131 §4.3.2."""
    decision = Server().ask(MessageType.REQUEST, options=ip(POOL), giaddr=RELAY)
    assert answer(decision).flags == BROADCAST_FLAG
    assert decision.destination == (RELAY, 67, None)


def test_relayed_client_gets_an_address_of_its_link() -> None:
    server = Server()
    assert server.take(giaddr=RELAY) == ROUTED_POOL


def test_relay_on_an_unplanned_network_gets_silence() -> None:
    decision = Server().ask(MessageType.DISCOVER, giaddr=parse_ipv4("172.16.0.1"))
    assert decision.reason == Reason.DROP_UNKNOWN_RELAY
    assert decision.reply is None


def test_option_82_is_echoed_last_byte_for_byte() -> None:
    """RFC 3046 §2.2."""
    decision = Server().ask(MessageType.DISCOVER, giaddr=RELAY, options={82: b"\x01\x03abc", 55: b"\x03\x06"})
    assert list(answer(decision).options.items())[-1] == (82, b"\x01\x03abc")


def test_relay_data_survives_a_unicast_renewal() -> None:
    server = Server()
    address = server.take(giaddr=RELAY, options={82: b"\x01\x03abc"})
    server.ask(MessageType.REQUEST, ciaddr=address)
    assert server.table.leases[address].relay_info == b"\x01\x03abc"
    assert server.table.leases[address].relay == RELAY


def test_client_identifier_is_echoed_in_a_nak() -> None:
    """RFC 6842 §3."""
    decision = Server().ask(MessageType.REQUEST, options={**ip(1), 61: b"\xff\x01"})
    assert answer(decision).options[61] == b"\xff\x01"


def test_client_without_broadcast_flag_is_answered_by_a_frame() -> None:
    """RFC 2131 §4.1."""
    decision = Server().ask(MessageType.DISCOVER)
    assert decision.destination == (POOL, 68, ALICE)
    flagged = Server().ask(MessageType.DISCOVER, flags=BROADCAST_FLAG)
    assert flagged.destination == (0xFFFFFFFF, 68, None)


def test_reservation_wins_and_is_never_given_to_others() -> None:
    server = Server(pool_size=2, reserved={BOB: POOL})
    assert server.take(ALICE) == POOL + 1
    assert server.take(BOB) == POOL


def test_new_reservation_takes_effect_at_the_next_renewal() -> None:
    server = Server()
    address = server.take()
    server.reserved = {ALICE: POOL + 3}
    server.configure()
    assert server.ask(MessageType.REQUEST, ciaddr=address).reason == Reason.NAK_RESERVATION_MOVED
    assert server.take() == POOL + 3
    assert server.table.leases[address].state == RELEASED


def test_reserved_address_held_by_another_client_gives_a_temporary_one() -> None:
    server = Server()
    held = server.take(ALICE)
    server.reserved = {BOB: held}
    server.configure()
    assert server.take(BOB) != held
    assert server.ask(MessageType.REQUEST, ALICE, ciaddr=held).reason == Reason.NAK_NOT_AVAILABLE


def test_known_addresses_are_never_offered() -> None:
    assert Server(blocked=frozenset({POOL, POOL + 1})).take() == POOL + 2


def test_released_address_is_found_again_by_its_client() -> None:
    server = Server()
    address = server.take()
    assert server.ask(MessageType.RELEASE, ciaddr=address).reply is None
    assert server.table.leases[address].state == RELEASED
    assert server.take(BOB) == POOL + 1
    assert server.take(ALICE) == address


def test_release_of_a_stranger_is_ignored() -> None:
    server = Server()
    address = server.take(ALICE)
    assert server.ask(MessageType.RELEASE, BOB, ciaddr=address).reason == Reason.DROP_NOT_THE_OWNER
    assert server.table.leases[address].state == ACTIVE


def test_decline_quarantines_and_is_capped() -> None:
    server = Server(pool_size=DECLINE_CAP + 2)
    for _ in range(DECLINE_CAP):
        assert server.ask(MessageType.DECLINE, options=ip(server.take())).reason == Reason.DECLINED
    assert server.table.leases[POOL].state == DECLINED
    assert server.ask(MessageType.DECLINE, options=ip(server.take())).reason == Reason.DROP_DECLINE_CAP


def test_quarantine_ends() -> None:
    server = Server(pool_size=1)
    server.ask(MessageType.DECLINE, options=ip(server.take()))
    assert server.ask(MessageType.DISCOVER).reason == Reason.DROP_POOL_EXHAUSTED
    server.now += 86401
    server.table.expire(server.now, limit=10)
    assert server.take() == POOL


def test_expired_lease_is_reused_when_nothing_is_new() -> None:
    server = Server(pool_size=1)
    server.take(ALICE)
    server.now += 3601
    assert [c.reason for c in server.table.expire(server.now, limit=10)] == [Reason.EXPIRED]
    assert server.take(BOB) == POOL


def test_inform_has_settings_and_no_lease() -> None:
    """RFC 2131 §4.3.5."""
    server = Server()
    decision = server.ask(MessageType.INFORM, ciaddr=parse_ipv4("10.0.0.9"))
    ack = answer(decision)
    assert ack.yiaddr == 0
    assert not {51, 58, 59} & set(ack.options)
    assert 6 in ack.options
    assert not server.table.leases


@pytest.mark.parametrize(("asked", "given"), [(1, 60), (600, 600), (0xFFFFFFFF, 7200)])
def test_lease_time_is_clamped(asked: int, given: int) -> None:
    decision = Server().ask(MessageType.DISCOVER, options={51: asked.to_bytes(4, "big")})
    assert int.from_bytes(answer(decision).options[51], "big") == given


def test_parameter_list_orders_the_reply_but_the_mask_goes_before_the_router() -> None:
    """RFC 2132 §9.8 and §3.3."""
    options = list(answer(Server().ask(MessageType.DISCOVER, options={55: b"\x06\x03\x01"})).options)
    assert options[:3] == [53, 54, 51]
    assert options.index(6) < options.index(1) < options.index(3)


def test_reserved_name_is_sent() -> None:
    server = Server(reserved={ALICE: POOL})
    server.snapshot.reservations[1, "mac", ALICE].hostname = "printer"
    assert answer(server.ask(MessageType.DISCOVER, options={55: b"\x0c"})).options[12] == b"printer"


def test_os_finds_the_lease_of_its_boot_rom() -> None:
    """RFC 4361 §6.3: a client that starts to send an identifier keeps its address."""
    server = Server()
    address = server.take()
    assert server.take(options={61: b"\xff\0\0\0\x01\0\x03"}) == address


def test_refused_change_can_be_reverted() -> None:
    server = Server(pool_size=1)
    server.take(ALICE)
    change = LeaseChange(None, server.table.leases[POOL], Reason.ASSIGNED)
    server.table.revert(change)
    assert POOL not in server.table.leases
    assert server.ask(MessageType.DISCOVER, BOB).reply is None  # Alice, who heard nothing, asks again
    server.now += 61
    server.table.expire(server.now, limit=10)
    assert server.take(BOB) == POOL

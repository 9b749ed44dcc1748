"""Do clients that are known keep their service while others flood the network with made-up addresses?"""

import pytest

from dhcpd.engine.floods import HOLD_S, KNOWN_AFTER_S, QUARANTINE_S, RETRY_S, WINDOW_S
from dhcpd.engine.leases import ACTIVE
from dhcpd.engine.limits import WINDOW_S as RATE_WINDOW_S
from dhcpd.engine.limits import Limiter
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import EVERYWHERE, LINKS, OFF, Pool
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet
from dhcpd.protocol.relay import encode_relay_info
from tests.dhcpd.engine.test_decide import ALICE, BOB, POOL, RELAY, SERVER, answer, ip
from tests.dhcpd.engine.test_serving import Tailored

DISCOVER, REQUEST = MessageType.DISCOVER, MessageType.REQUEST
SIZE = 100
KEPT = 10


class Defended(Tailored):
    """A subnet with a pool of 100, 10 of them kept for known clients during a flood."""

    def __init__(self, defence: str = LINKS, per_port: int = 0, **more: object) -> None:
        self.defence, self.per_port = defence, per_port
        self.made_up = 0
        super().__init__(**more)  # type: ignore[arg-type]  # a builder

    def configure(self) -> None:
        super().configure()
        first = self.snapshot.subnets[0]
        first.pools = (Pool(0, 1, POOL, POOL + SIZE - 1, first.scope),)
        self.snapshot.defence, self.snapshot.clients_per_port = self.defence, self.per_port
        self.table.use(self.snapshot)

    def flood(self, seconds: int, *, finish: bool = True, rate: int = 800, **fields: object) -> list[str]:
        """Let made-up clients ask, and take what they are offered; return the outcomes of their DISCOVERs."""
        outcomes = []
        for _ in range(seconds):
            for _ in range(rate):
                self.made_up += 1
                mac = b"\x06" + self.made_up.to_bytes(5, "big")
                decision = self.ask(DISCOVER, mac, **fields)
                outcomes.append(str(decision.reason))
                if decision.reply is not None and finish:
                    offer = answer(decision)
                    self.ask(REQUEST, mac, options={**ip(offer.yiaddr), 54: offer.options[54]}, **fields)
            self.now += 1
            self.table.expire(self.now, limit=1000)
        return outcomes

    def leased(self) -> int:
        return sum(1 for lease in self.table.leases.values() if lease.state == ACTIVE)


def test_flood_without_defence_takes_the_pool() -> None:
    server = Defended(OFF)
    server.flood(1)
    assert server.ask(DISCOVER, ALICE).reason == Reason.DROP_POOL_EXHAUSTED


@pytest.mark.parametrize("finish", [False, True])
def test_known_client_returns_during_a_flood(finish: bool) -> None:
    server = Defended()
    address = server.take(ALICE)
    server.ask(MessageType.RELEASE, ALICE, ciaddr=address)
    server.now += KNOWN_AFTER_S
    outcomes = server.flood(60, finish=finish)
    assert outcomes.count(Reason.DROP_NEWCOMER) > 0.99 * len(outcomes)
    assert server.take(ALICE) == address


def test_known_client_stays_known_however_often_it_returns() -> None:
    server = Defended()
    for _ in range(3):
        server.ask(MessageType.RELEASE, ALICE, ciaddr=server.take(ALICE))
        server.now += KNOWN_AFTER_S
    server.flood(5)
    for _ in range(3):
        server.ask(MessageType.RELEASE, ALICE, ciaddr=server.take(ALICE))


def test_client_with_a_reservation_is_served_during_a_flood() -> None:
    server = Defended(keys={("mac", BOB): None})
    server.flood(5)
    assert server.ask(DISCOVER, BOB).reason == Reason.OFFERED


def test_newcomer_that_asks_again_gets_a_short_lease_until_it_renews() -> None:
    server = Defended()
    server.flood(3)
    assert server.ask(DISCOVER, ALICE).reason == Reason.DROP_NEWCOMER
    server.flood(RETRY_S)
    offer = answer(server.ask(DISCOVER, ALICE))
    assert int.from_bytes(offer.options[51], "big") == 60
    hold = server.table.hold_on(offer.yiaddr, server.now)
    assert hold is not None
    assert hold.expires_at == server.now + HOLD_S
    chosen = {**ip(offer.yiaddr), 54: offer.options[54]}
    first = server.ask(REQUEST, ALICE, options=chosen)
    for _ in range(3):
        assert server.ask(REQUEST, ALICE, options=chosen).reply == first.reply
    server.flood(30)
    assert int.from_bytes(answer(server.ask(REQUEST, ALICE, ciaddr=offer.yiaddr)).options[51], "big") == 3600


def test_flood_that_asks_again_leaves_the_kept_addresses() -> None:
    server = Defended()
    known = [bytes((10, 0, 0, 0, 0, n)) for n in range(KEPT)]
    for mac in known:
        server.ask(MessageType.RELEASE, mac, ciaddr=server.take(mac))
    server.now += KNOWN_AFTER_S
    for _ in range(15):  # each made-up client asks a second time
        first = server.made_up
        server.flood(RETRY_S)
        server.made_up = first
        server.flood(RETRY_S)
    assert server.leased() >= SIZE - KEPT - 40
    assert server.leased() <= SIZE - KEPT
    assert len({server.take(mac) for mac in known}) == KEPT


def test_request_without_an_offer_does_not_pass_by_the_defence() -> None:
    server = Defended()
    server.flood(2)
    options = {**ip(POOL + 90), 54: SERVER.to_bytes(4, "big")}
    assert server.ask(REQUEST, ALICE, options=options).reason == Reason.DROP_NEWCOMER


def test_declined_address_comes_back_soon_during_a_flood() -> None:
    server = Defended()
    address = server.take(ALICE)
    server.flood(2)
    server.ask(MessageType.DECLINE, ALICE, options=ip(address))
    assert server.table.leases[address].expires_at == server.now + QUARANTINE_S


def test_flood_ends_when_nobody_new_arrives() -> None:
    server = Defended()
    server.flood(3)
    server.now += 2 * WINDOW_S
    server.table.expire(server.now, limit=1000)
    assert server.ask(DISCOVER, ALICE).reason == Reason.OFFERED


def test_a_school_class_that_switches_on_is_no_flood_where_there_is_room() -> None:
    server = Defended()
    assert set(server.flood(15, rate=1)) == {Reason.OFFERED}


@pytest.mark.parametrize(("defence", "served"), [(LINKS, True), (EVERYWHERE, False)])
def test_relayed_clients_are_defended_only_where_wanted(defence: str, served: bool) -> None:
    server = Defended(defence)
    outcomes = server.flood(1, rate=50, giaddr=RELAY)
    assert (set(outcomes) == {Reason.OFFERED}) == served


def test_one_port_can_not_take_more_than_its_share() -> None:
    """82.1: the attacker's own port is full, the others are served."""
    server = Defended(OFF, per_port=4)
    port = {"giaddr": RELAY, "options": {82: encode_relay_info({1: b"Gi1/0/7"})}}
    outcomes = server.flood(5, finish=False, rate=100, **port)
    assert outcomes.count(Reason.OFFERED) == 4
    assert outcomes.count(Reason.DROP_PORT_FULL) == 496
    other = {82: encode_relay_info({1: b"Gi1/0/8"})}
    assert server.ask(DISCOVER, ALICE, giaddr=RELAY, options=other).reason == Reason.OFFERED
    server.now += 61
    server.table.expire(server.now, limit=1000)
    assert server.flood(1, finish=False, rate=1, **port) == [Reason.OFFERED]


def test_client_that_floods_is_limited_alone() -> None:
    limiter = Limiter(10, 0, relayed=False)
    outcomes = [limiter.refuses(Packet(chaddr=ALICE), "eth0", 5.0) for _ in range(10 * RATE_WINDOW_S + 1)]
    assert outcomes == [None] * 10 * RATE_WINDOW_S + [Reason.DROP_CLIENT_RATE]
    assert limiter.refuses(Packet(chaddr=BOB), "eth0", 5.0) is None
    assert limiter.refuses(Packet(chaddr=ALICE, giaddr=RELAY), "eth0", 5.0) is None
    assert limiter.refuses(Packet(chaddr=ALICE), "eth0", 5.0 + RATE_WINDOW_S) is None


def test_interface_is_limited() -> None:
    limiter = Limiter(0, 1, relayed=True)
    outcomes = [limiter.refuses(Packet(chaddr=bytes((n,)), giaddr=RELAY), "eth0", 5.0) for n in range(5)]
    assert outcomes == [None] * 4 + [Reason.DROP_INTERFACE_RATE]
    assert limiter.refuses(Packet(chaddr=ALICE), "eth1", 5.0) is None

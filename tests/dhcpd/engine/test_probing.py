"""Is an address probed when it must be, and does an answer keep it from everybody?"""

from dhcpd.engine.leases import CONFLICT, LeaseChange
from dhcpd.engine.probing import Probe, on_answer, on_silence
from dhcpd.engine.reasons import Reason
from dhcpd.protocol.constants import MessageType
from tests.dhcpd.engine.test_decide import ALICE, BOB, POOL, RELAY, answer
from tests.dhcpd.engine.test_serving import Tailored

DISCOVER = MessageType.DISCOVER
SQUATTER = b"\2squat"


def silence(server: Tailored, address: int) -> None:
    server.table.apply(on_silence(address, server.table, now=server.now))


def conflict(server: Tailored, address: int, mac: bytes = SQUATTER) -> None:
    server.table.apply(on_answer(address, mac, server.snapshot, server.table, now=server.now))


def test_address_is_probed_first_and_held_meanwhile() -> None:
    """RFC 2131 §4.3.1: the server SHOULD check."""
    server = Tailored(ping_check=True)
    decision = server.ask(DISCOVER)
    assert (decision.reason, decision.reply) == (Reason.PROBING, None)
    assert decision.probe == Probe(POOL, ALICE, "eth0", relayed=False)
    assert server.ask(DISCOVER, BOB).probe == Probe(POOL + 1, BOB, "eth0", relayed=False)
    relayed = server.ask(DISCOVER, b"\2carol", giaddr=RELAY).probe
    assert relayed is not None
    assert relayed.relayed


def test_silence_lets_the_offer_go_out() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    silence(server, POOL)
    assert answer(server.ask(DISCOVER)).yiaddr == POOL
    assert server.ask(DISCOVER).reason == Reason.OFFERED_AGAIN
    assert server.take() == POOL


def test_answer_quarantines_the_address_and_another_is_probed() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    conflict(server, POOL)
    lease = server.table.leases[POOL]
    assert (lease.state, lease.mac, lease.expires_at) == (CONFLICT, SQUATTER, server.now + 86400)
    probe = server.ask(DISCOVER).probe
    assert probe is not None
    assert probe.ip == POOL + 1


def test_quarantine_of_a_conflict_ends() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    conflict(server, POOL)
    server.now += 86401
    assert [c.reason for c in server.table.expire(server.now, limit=9)] == [Reason.EXPIRED]
    silence(server, POOL + 1)
    assert server.table.is_allocatable(POOL, (ALICE,), server.now)


def test_own_lease_is_not_probed() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    silence(server, POOL)
    server.take()
    assert server.ask(DISCOVER).probe is None


def test_address_leased_meanwhile_is_no_conflict() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    silence(server, POOL)
    server.take()
    assert on_answer(POOL, SQUATTER, server.snapshot, server.table, now=server.now) == ()


def test_rapid_commit_and_bootp_are_probed_too() -> None:
    server = Tailored(ping_check=True, rapid_commit=True, bootp=True, keys={("mac", BOB): POOL + 3})
    assert server.ask(DISCOVER, options={80: b""}).reason == Reason.PROBING
    silence(server, POOL)
    assert server.ask(DISCOVER, options={80: b""}).reason == Reason.ASSIGNED_RAPIDLY
    assert server.bootp(BOB) == (Reason.PROBING, None)
    silence(server, POOL + 3)
    assert server.bootp(BOB)[0] == Reason.ASSIGNED_BOOTP


def test_conflict_of_a_known_address_keeps_what_was_there() -> None:
    server = Tailored(ping_check=True)
    server.ask(DISCOVER)
    silence(server, POOL)
    server.take()
    server.ask(MessageType.RELEASE, ciaddr=POOL)
    released = server.table.leases[POOL]
    server.ask(DISCOVER)
    *_, change = on_answer(POOL, SQUATTER, server.snapshot, server.table, now=server.now)
    assert isinstance(change, LeaseChange)
    assert change.before == released
    server.table.apply((change,))
    server.table.revert(change)
    assert server.table.leases[POOL] == released

"""Are packets parked and replies held back within bounds, and given back?"""

import time
from collections.abc import Iterator

import pytest

from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.udp import Port, Ports
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision
from dhcpd.engine.probing import Probe
from dhcpd.engine.reasons import Reason
from dhcpd.waiting import MAX_DELAYED, Parked, Waiting

LOOPBACK = 0x7F000001


@pytest.fixture
def port() -> Iterator[Port]:
    made = Port(Interface("lo", 1, b"", (LOOPBACK,)), 0, frozenset({LOOPBACK}), device=False)
    yield made
    made.close()


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    ports = Ports()
    made = Waiting(ports)
    yield made
    made.close()
    ports.close()


def late(delay_ms: int) -> Decision:
    return Decision(Reason.OFFERED, b"x", delay_ms=delay_ms)


def test_replies_leave_in_the_order_of_their_time(waiting: Waiting, port: Port) -> None:
    assert not waiting.active
    for delay_ms in (30, 10, 20):
        assert waiting.delay(port, late(delay_ms))
    assert waiting.active
    assert waiting.wait_s() <= 0.01
    found: list[int] = []
    while len(found) < 3:
        time.sleep(waiting.wait_s())
        found += [decision.delay_ms for _, decision in waiting.due()]
    assert found == [10, 20, 30]


def test_too_many_replies_are_not_held_back(waiting: Waiting, port: Port) -> None:
    assert all(waiting.delay(port, late(60_000)) for _ in range(MAX_DELAYED))
    assert not waiting.delay(port, late(60_000))
    assert waiting.row()["replies_delayed"] == MAX_DELAYED


def test_probe_that_can_not_be_asked_ends_at_once(waiting: Waiting, port: Port) -> None:
    """No such interface: the address is offered unprobed, and that is counted."""
    parked = Parked(port, b"packet", Ingress("gone0", LOOPBACK, 0, 68, frozenset()))
    waiting.probe(Probe(0x0A000064, b"\2client", "gone0", relayed=False), parked)
    assert waiting.wait_s() == 0
    ((answer, back),) = waiting.answers()
    assert (answer.mac, back) == (None, parked)
    assert waiting.answers() == []
    assert waiting.row()["probes_unasked"] == 1

"""Does the worker let packets gather only while they come quickly?"""

import pytest

from dhcpd.pace import GATHER_S, QUICK, WINDOW_S, Pace


def after(packets_a_second: float, *, seconds: float = 1.0, turn_s: float = 0.0005) -> tuple[Pace, float]:
    """Return the pace after turns at an even rate, and the moment of the last one."""
    pace, moment, due = Pace(), 100.0, 0.0
    while moment < 100 + seconds:
        moment += turn_s
        due += packets_a_second * turn_s
        pace.note(int(due), moment)
        due -= int(due)
    return pace, moment


def test_a_single_packet_is_decided_when_it_comes() -> None:
    pace = Pace()
    pace.note(1, 100.0)
    assert pace.pause_s(100.0) == 0
    pace.note(1, 100.0001)
    assert pace.pause_s(100.0001) == 0


def test_packets_below_the_threshold_are_not_kept_waiting() -> None:
    pace, moment = after(QUICK * 0.8)
    assert pace.pause_s(moment) == 0


def test_packets_that_come_quickly_gather_until_turns_are_apart() -> None:
    pace, moment = after(QUICK * 1.5)
    assert pace.pause_s(moment) == pytest.approx(GATHER_S)
    assert pace.pause_s(moment + GATHER_S * 2) == 0  # the turn itself took longer


def test_when_the_rush_is_over_nobody_waits() -> None:
    pace, moment = after(QUICK * 3)
    pace.note(1, moment + WINDOW_S)
    pace.note(1, moment + 2 * WINDOW_S)
    assert pace.pause_s(moment + 2 * WINDOW_S) == 0

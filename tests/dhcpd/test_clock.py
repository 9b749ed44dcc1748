"""Does a jump of the wall clock expire leases?"""

import time

from dhcpd.clock import JUMP_S, Clock
from dhcpd.engine.leases import Lease
from dhcpd.engine.table import Table


class Wall:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.offset = 1_800_000_000.0

    def __call__(self) -> float:
        return self.offset + time.monotonic()


def lease(ip: int, state: str, expires_at: int) -> Lease:
    return Lease(ip, state, 1, bytes((0, ip)), bytes((ip,)), b"", "", "", 0, 0, expires_at, 0, 0, b"")


def test_a_clock_set_forward_is_followed_and_the_jump_is_told_once() -> None:
    wall = Wall()
    clock = Clock(wall)
    before = clock.now()
    wall.offset += 86_400
    assert clock.follow() == 86_400
    assert 86_400 <= clock.now() - before <= 86_401
    assert clock.follow() == 0


def test_a_clock_set_back_is_followed_and_postpones_nothing() -> None:
    wall = Wall()
    clock = Clock(wall)
    before = clock.now()
    wall.offset -= 3_600
    assert clock.follow() == 0
    assert 3_599 <= before - clock.now() <= 3_600


def test_drift_is_slewed_without_a_step() -> None:
    wall = Wall()
    clock = Clock(wall)
    wall.offset += JUMP_S / 2
    epoch = clock.epoch
    for _ in range(10):
        assert clock.follow() == 0
    assert 0.04 < clock.epoch - epoch < 0.06


def test_after_a_jump_no_lease_expires_before_its_client_thinks_so() -> None:
    table = Table()
    table.load([lease(1, "active", 100), lease(2, "declined", 100), lease(3, "released", 50)])
    table.postpone(86_400)
    assert table.expire(86_499, limit=10) == []
    assert sorted(change.after.ip for change in table.expire(86_500, limit=10)) == [1, 2]
    assert table.leases[3].expires_at == 50

"""What time is it, when the wall clock may jump?"""

import time
from collections.abc import Callable
from typing import Final

JUMP_S: Final = 5.0
"""A difference above this is a jump: a set clock, a resumed machine. Below it is drift, and is slewed."""
SLEW_S: Final = 0.005
"""Drift made good at each `follow`: called once a second, 5,000 ppm, more than any crystal is off."""


class Clock:
    """Seconds UTC on the monotonic clock, following `wall`: this host's clock or the database's."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.epoch = wall() - time.monotonic()

    def now(self) -> int:
        """Return whole seconds UTC."""
        return int(self.epoch + time.monotonic())

    def follow(self) -> int:
        """Come closer to the wall clock; return by how many seconds it has jumped forward, else 0.

        After a jump forward the leases that run must be postponed by as much, since their clients' clocks did not
        jump. After one backward they run longer than promised, which nobody minds.
        """
        ahead = self._wall() - time.monotonic() - self.epoch
        if abs(ahead) > JUMP_S:
            self.epoch += ahead
            return max(0, round(ahead))
        self.epoch += max(-SLEW_S, min(ahead, SLEW_S))
        return 0

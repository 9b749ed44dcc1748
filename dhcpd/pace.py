"""For how long is it worth to wait until more packets are there?

A turn that takes in one packet costs as much for waking up, polling and committing as one that takes in twenty. At
5,000 exchanges/s the worker would wake for every second packet: 165 us of CPU an exchange instead of 100.
"""

from typing import Final

GATHER_S: Final = 0.001
"""While packets come quickly, turns begin this far apart; under full load a turn takes longer by itself."""
QUICK: Final = 3000
"""Packets a second from which on it is worth it; below that each is decided when it comes."""
WINDOW_S: Final = 0.02
"""Packets are counted over this long."""


class Pace:
    """Whether packets come quickly, judged by those that came last. Moments are monotonic seconds."""

    __slots__ = ("_count", "_last", "_quick", "_since")

    def __init__(self) -> None:
        self._quick = False
        self._count = 0
        self._since = self._last = 0.0

    def note(self, packets: int, moment: float) -> None:
        """Count what a turn has taken in."""
        self._last = moment
        self._count += packets
        passed_s = moment - self._since
        if passed_s >= WINDOW_S:
            self._quick = self._count > QUICK * passed_s
            self._count, self._since = 0, moment

    def pause_s(self, moment: float) -> float:
        """Return how long to let packets gather before the next turn."""
        return max(0.0, self._last + GATHER_S - moment) if self._quick else 0.0

"""May this caller ask now? So many requests a minute each, kept in memory."""

import math
from collections import OrderedDict
from typing import Final

WINDOW_S: Final = 60.0
KEPT: Final = 10_000
"""Callers that are remembered; the one that was silent for longest is forgotten first."""


class Rates:
    """A bucket for each caller that fills evenly; per_minute 0 = no limit. Used by one thread, the event loop's."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, *, now: float) -> tuple[bool, dict[str, str]]:
        """Count a request; return whether it may be answered, and the headers that tell so."""
        if not self.per_minute:
            return True, {}
        left, since = self._left.pop(caller, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / WINDOW_S)
        allowed = left >= 1
        left -= 1 if allowed else 0
        self._left[caller] = (left, now)
        if len(self._left) > KEPT:
            self._left.popitem(last=False)
        full_s = math.ceil((self.per_minute - left) * WINDOW_S / self.per_minute)
        headers = {
            "RateLimit-Policy": f'"default";q={self.per_minute};w={WINDOW_S:.0f}',
            "RateLimit": f'"default";r={int(left)};t={full_s}',
        }
        if not allowed:
            headers["Retry-After"] = str(math.ceil((1 - left) * WINDOW_S / self.per_minute))
        return allowed, headers

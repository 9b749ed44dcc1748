"""How often may a sign-in fail? Bounded in memory, by name and by address."""

import time
from collections import OrderedDict
from typing import Final

FAILURES: Final = 5
WINDOW_S: Final = 60.0
KEPT: Final = 10_000


class Throttle:
    """Counts failures per key; a key with too many waits until its window ends."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return for how many seconds the key must wait; 0 = it may try."""
        count, since = self._failures.get(key, (0, 0.0))
        left = since + WINDOW_S - time.monotonic()
        return left if count >= FAILURES and left > 0 else 0.0

    def failed(self, key: str) -> None:
        """Count a failure; the oldest key is forgotten when there are too many."""
        count, since = self._failures.pop(key, (0, time.monotonic()))
        if time.monotonic() - since > WINDOW_S:
            count, since = 0, time.monotonic()
        self._failures[key] = (count + 1, since)
        if len(self._failures) > KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)

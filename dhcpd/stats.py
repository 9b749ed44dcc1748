"""What has the worker done since it started?"""

from collections import Counter
from typing import Any


class Stats:
    """Counters by reason; `refused` keeps the newest outcome per client for "why did it get nothing?"."""

    REFUSED_KEPT = 50

    def __init__(self) -> None:
        self.by_reason: Counter[str] = Counter()
        self.received = 0
        self.sent = 0
        self.send_failed = 0
        self.commits = 0
        self.commit_failed = 0
        self._refused: dict[str, dict[str, Any]] = {}

    def note_refusal(self, mac: str, reason: str, interface: str, now: int) -> None:
        """Remember that a client got nothing, or a NAK; the oldest client is forgotten first."""
        self._refused.pop(mac, None)
        self._refused[mac] = {"mac": mac, "reason": str(reason), "interface": interface, "at": now}
        if len(self._refused) > self.REFUSED_KEPT:
            del self._refused[next(iter(self._refused))]

    def row(self) -> dict[str, Any]:
        """Return the counters as the `workers` table keeps them."""
        return {
            "received": self.received,
            "sent": self.sent,
            "send_failed": self.send_failed,
            "commits": self.commits,
            "commit_failed": self.commit_failed,
            "reasons": {str(reason): count for reason, count in self.by_reason.items()},
            "refused": list(reversed(self._refused.values())),
        }

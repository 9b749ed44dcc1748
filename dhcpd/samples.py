"""What has the worker done since the last look, and how quickly did it answer?"""

from dhcpd.engine.reasons import Reason
from dhcpd.stats import Stats


class Sampler:
    """Turns counters that grow into one sample a second."""

    def __init__(self) -> None:
        self._before = (0, 0, 0, 0)
        self._batches: list[tuple[float, int]] = []
        self._commit_s = 0.0

    def served(self, seconds: float, answers: int, commit_s: float) -> None:
        """Note that a batch with so many answers took so long from the socket to the last reply."""
        if answers:
            self._batches.append((seconds, answers))
        self._commit_s = max(self._commit_s, commit_s)

    def take(self, stats: Stats) -> dict[str, int]:
        """Return the sample since the last call, as the columns of `rate_samples`."""
        naks = sum(n for reason, n in stats.by_reason.items() if reason.startswith("nak-"))
        after = (stats.received, stats.sent, naks, _drops(stats))
        received, answered, refused, drops = (new - old for new, old in zip(after, self._before, strict=True))
        sample = {"received": received, "answered": answered, "naks": refused, "drops": drops}
        sample |= {"p99_us": int(self._p99() * 1e6), "commit_us": int(self._commit_s * 1e6)}
        self._before, self._batches, self._commit_s = after, [], 0.0
        return sample

    def _p99(self) -> float:
        """Return the time that 99 of 100 answers kept within; 0 without an answer."""
        left = sum(count for _, count in self._batches) // 100
        for seconds, count in sorted(self._batches, reverse=True):
            if left < count:
                return seconds
            left -= count
        return 0.0


_NO_LOSS = (Reason.DROP_OTHER_SERVER, Reason.DROP_OTHER_HOST)
"""Packets that were meant for somebody else."""


def _drops(stats: Stats) -> int:
    """Return how many packets got no answer that should have had one; a decoder's code is no Reason."""
    return sum(
        count
        for reason, count in stats.by_reason.items()
        if not isinstance(reason, Reason) or (reason.startswith("drop-") and reason not in _NO_LOSS)
    )

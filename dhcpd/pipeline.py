"""What waits for its commit, and when does that begin?

    filling    decided: the table has the changes, their replies wait        one batch, in the main thread
    flying     being committed                                               at most one, in the committer's thread
    landed     on disk: the replies leave

A large batch is committed by the committer's thread while the next one is decided; a small one at once, since
handing it over costs 30 us. No reply leaves before the changes that it tells of are
on disk; a reply that tells of none (an OFFER, a NAK) does not wait.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dhcpd.adapters.committer import Commit, Committer, Outcome
from dhcpd.adapters.udp import Port
from dhcpd.engine.decide import Decision
from dhcpd.engine.leases import LeaseChange

SPACING_S: Final = 0.001
"""Commits begin this far apart, unless many wait."""
SHARED: Final = 4
"""Changes in a batch that show that there is more to share a commit: each costs 150 us of CPU, however small."""
SHARED_SPACING_S: Final = 0.003
"""Commits begin this far apart while batches are shared: at 5,000 exchanges/s there are fifteen in each."""
MANY: Final = 64
"""Changes that are worth a hand-over."""
FULL: Final = 1024
"""Changes that wait; with more of them the disk is behind and nothing is received until it has caught up."""


@dataclass(slots=True)
class Batch:
    """Changes for one transaction, the replies that tell of them, and when the first came (monotonic seconds)."""

    changes: list[LeaseChange] = field(default_factory=list)
    replies: list[tuple[Port, Decision]] = field(default_factory=list)
    began: float = 0.0
    committing: float = 0.0

    def remove(self, ips: set[int]) -> list[LeaseChange]:
        """Take out what concerns the addresses; return those changes in their order."""
        taken = [change for change in self.changes if change.after.ip in ips]
        self.changes = [change for change in self.changes if change.after.ip not in ips]
        self.replies = [(port, decision) for port, decision in self.replies if not concerns(decision, ips)]
        return taken


def concerns(decision: Decision, ips: set[int]) -> bool:
    """Tell whether the decision binds one of the addresses."""
    return any(type(change) is LeaseChange and change.after.ip in ips for change in decision.changes)


class Pipeline:
    """Commits batch after batch; `landed` is called in the main thread with each and its outcome."""

    def __init__(self, commit: Commit, wake: Callable[[], None], landed: Callable[[Batch, Outcome], None]) -> None:
        self._committer = Committer(commit, wake)
        self._landed = landed
        self._flying: Batch | None = None
        self._next_start = 0.0
        self.filling = Batch()

    def add(
        self, changes: Sequence[LeaseChange], port: Port | None = None, decision: Decision | None = None
    ) -> None:
        """Put changes, and the reply that waits for them, into the batch that is being filled."""
        batch = self.filling
        if not batch.changes:
            batch.began = time.monotonic()
        batch.changes += changes
        if port is not None and decision is not None and decision.reply is not None:
            batch.replies.append((port, decision))

    def timeout_s(self) -> float | None:
        """Return how long the main thread may wait for packets: until a commit is due; None = for ever."""
        if not self.filling.changes or self._flying is not None:
            return None
        return max(0.0, self._next_start - time.monotonic())

    def advance(self, now: int) -> None:
        """Land what is committed and start what is due; waits only when too much has piled up."""
        if self._flying is not None and (self._committer.done() or len(self.filling.changes) >= FULL):
            self._land()
        waiting = len(self.filling.changes)
        if self._flying is None and waiting and (waiting >= MANY or time.monotonic() >= self._next_start):
            self._start(now)

    def settle(self, now: int) -> None:
        """Return when all changes are committed or taken back: the database and the table then say the same."""
        while self._flying is not None or self.filling.changes:
            if self._flying is not None:
                self._land()
            else:
                self._commit(now)

    def close(self, now: int) -> None:
        """Finish what was begun."""
        self.settle(now)
        self._committer.close()

    def _start(self, now: int) -> None:
        if len(self.filling.changes) < MANY:
            self._commit(now)
        else:
            self._flying = self._take()
            self._committer.begin(self._flying.changes, now)

    def _take(self) -> Batch:
        batch, self.filling = self.filling, Batch()
        batch.committing = time.monotonic()
        shared = len(batch.changes) >= SHARED
        self._next_start = batch.committing + (SHARED_SPACING_S if shared else SPACING_S)
        return batch

    def _commit(self, now: int) -> None:
        batch = self._take()
        self._landed(batch, self._committer.commit(batch.changes, now))

    def _land(self) -> None:
        batch, self._flying = self._flying, None
        assert batch is not None
        self._landed(batch, self._committer.outcome())

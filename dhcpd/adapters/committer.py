"""How is a batch committed while the next one is decided?"""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from dhcpd.engine.leases import LeaseChange

Commit = Callable[[Sequence[LeaseChange], int], set[int]]
Outcome = set[int] | Exception
_Order = tuple[Sequence[LeaseChange], int]


class Committer:
    """A thread that commits one batch at a time and calls `wake` after each.

    Both drivers let go of the interpreter while the database works, so an fsync costs the main thread nothing.
    """

    def __init__(self, commit: Commit, wake: Callable[[], None]) -> None:
        self._commit = commit
        self._wake = wake
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._thread = Thread(target=self._work, name="committer", daemon=True)
        self._thread.start()

    def begin(self, changes: Sequence[LeaseChange], now: int) -> None:
        """Start a commit; the one before has been taken by `outcome`."""
        self._orders.put((changes, now))

    def commit(self, changes: Sequence[LeaseChange], now: int) -> Outcome:
        """Commit in the calling thread, while no other commit is under way."""
        try:
            return self._commit(changes, now)
        except Exception as error:  # told to the main thread's loop, which alone decides what follows
            return error

    def done(self) -> bool:
        """Tell whether `outcome` would return at once."""
        return not self._outcomes.empty()

    def outcome(self) -> Outcome:
        """Wait for the end of the commit; return the refused addresses, or the error that left nothing written."""
        return self._outcomes.get()

    def close(self) -> None:
        """End the thread when it has finished what was begun."""
        self._orders.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            self._outcomes.put(self.commit(*order))
            self._wake()

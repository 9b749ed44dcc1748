"""How many requests work on the database at once?

A request holds a connection from its first query to its commit, and needs threads in between. Were more let in than
there are connections, those that wait for one would hold the threads that the others need to go on. So they wait
here, in order, at no cost but memory; SQLite's writers one by one, as it has one write lock anyway.
"""

import asyncio
from typing import Final

READERS: Final = 8
WRITERS: Final = {"sqlite": 1, "postgresql": 4}
"""Together fewer than the connections of a pool (15), which the background tasks use too."""


class Gate:
    """Two queues: for requests that read, and for requests that write."""

    def __init__(self, dialect: str) -> None:
        self._reading = asyncio.Semaphore(READERS)
        self._writing = asyncio.Semaphore(WRITERS[dialect])

    async def enter(self, *, writing: bool) -> "Turn":
        """Wait until it is this request's turn."""
        queue = self._writing if writing else self._reading
        await queue.acquire()
        return Turn(queue)


class Turn:
    """A request that was let in, until it leaves."""

    def __init__(self, queue: asyncio.Semaphore) -> None:
        self._queue: asyncio.Semaphore | None = queue

    def leave(self) -> None:
        """Let the next one in; leaving twice is leaving once."""
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.release()

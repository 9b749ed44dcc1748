"""What is new, told to every open page? Tails lease_events by id and fans out."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.database import SessionFactory, unit_of_work
from app.schemas.leases import event_out
from app.services import events
from app.services.names import Names

POLL_S: Final = 0.25
"""At most four messages a second reach a browser, each with all that happened meanwhile."""
READ_LIMIT: Final = 1000
KEPT: Final = 5000

Item = tuple[int, dict[str, Any]]


class Hub:
    """Keeps the newest events; `wait` returns when there are newer ones or the server stops."""

    def __init__(self, factory: SessionFactory, names: Names) -> None:
        self._factory, self._names = factory, names
        self._kept: deque[Item] = deque(maxlen=KEPT)
        self._arrived = asyncio.Event()
        self._loading: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None
        self.last_id = 0
        self.stopping = False

    def start(self) -> None:
        """Begin to tail."""
        self.last_id = self._latest()
        self._start_loading()
        self._task = asyncio.get_running_loop().create_task(self._tail())

    def stop(self) -> None:
        """End every stream; called before the server waits for its connections."""
        self.stopping = True
        self._arrived.set()
        if self._task is not None:
            self._task.cancel()

    def _start_loading(self) -> None:
        """Read the names of leases beside the work, unless that is going on."""
        if self._loading is None or not self._loading.is_alive():
            self._loading = threading.Thread(target=self._load, name="names", daemon=True)
            self._loading.start()

    def _load(self) -> None:
        with suppress(SQLAlchemyError), unit_of_work(self._factory, writing=False) as session:
            self._names.load(session)

    def _latest(self) -> int:
        with unit_of_work(self._factory, writing=False) as session:
            return events.latest_id(session)

    def read(self, after: int) -> list[Item]:
        """Return the events after an id in order, from the database."""
        with unit_of_work(self._factory, writing=False) as session:
            rows = events.list_events(session, after_id=after, limit=READ_LIMIT)
            if self._names.note((row.ip, row.hostname) for row in rows):
                self._start_loading()
            return [(row.id, event_out(row).model_dump(mode="json")) for row in rows]

    def lost(self, after: int) -> bool:
        """Tell whether events after an id were removed: too old for whoever was away."""
        with unit_of_work(self._factory, writing=False) as session:
            return events.was_purged(session, after)

    async def _tail(self) -> None:
        while not self.stopping:
            try:
                fresh = await run_in_threadpool(self.read, self.last_id)
            except SQLAlchemyError:
                fresh = []  # the database is away: the next turn asks again, nothing is lost
            if fresh:
                self._kept.extend(fresh)
                self.last_id = fresh[-1][0]
                self._arrived.set()
                self._arrived = asyncio.Event()
            if len(fresh) < READ_LIMIT:
                await asyncio.sleep(POLL_S)

    async def after(self, last: int, timeout_s: float) -> list[Item]:
        """Return the events after an id, waiting for them at most `timeout_s`."""
        if last >= self.last_id:
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout_s)
            except TimeoutError:
                return []
        if self._kept and last >= self._kept[0][0] - 1:
            return [item for item in self._kept if item[0] > last]
        return await run_in_threadpool(self.read, last) if last < self.last_id else []

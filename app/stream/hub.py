"""What is new, told to every open page? Tails the events of leases and the audit by id, and fans out."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.database import SessionFactory, unit_of_work
from app.schemas.audit import audit_told
from app.schemas.leases import event_out
from app.services import audit, events
from app.services.last_leases import LastLeases
from app.services.names import Names
from app.stream.log import READ_LIMIT, Item, Log
from app.stream.states import Usage, Workers

POLL_S: Final = 0.25
"""At most four messages a second reach a browser, each with all that happened meanwhile."""
STATES_EVERY: Final = 8
"""Turns of the tail between two looks at the states."""
TOPICS: Final = ("lease", "usage", "audit", "worker")


class Hub:
    """Keeps what is newest of each topic.

    `arrived` is set when there is more or the server stops, and another event takes its place.
    """

    def __init__(self, factory: SessionFactory, names: Names, last: LastLeases) -> None:
        self._factory, self._names, self._last = factory, names, last
        self.leases = Log(factory, self._read_leases, events.latest_id, events.was_purged)
        self.audit = Log(factory, _read_audit, audit.latest_id, lambda session, after: False)
        self.usage, self.workers = Usage(factory), Workers(factory)
        self.arrived = asyncio.Event()
        self._listeners = dict.fromkeys(TOPICS, 0)
        self._loading: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None
        self.stopping = False

    def start(self) -> None:
        """Begin to tail."""
        self.leases.begin()
        self.audit.begin()
        self._start_loading()
        self._task = asyncio.get_running_loop().create_task(self._tail())

    def stop(self) -> None:
        """End every stream; called before the server waits for its connections."""
        self.stopping = True
        self.arrived.set()
        if self._task is not None:
            self._task.cancel()

    @contextmanager
    def listening(self, topics: Sequence[str]) -> Iterator[None]:
        """Have the states of the topics looked at, as long as somebody listens."""
        for topic in topics:
            self._listeners[topic] += 1
        try:
            yield
        finally:
            for topic in topics:
                self._listeners[topic] -= 1

    def _start_loading(self) -> None:
        """Read the names and moments of leases beside the work, unless that is going on."""
        if self._loading is None or not self._loading.is_alive():
            self._loading = threading.Thread(target=self._load, name="names", daemon=True)
            self._loading.start()

    def _load(self) -> None:
        with suppress(SQLAlchemyError), unit_of_work(self._factory, writing=False) as session:
            self._last.load(session)
            self._names.load(session)

    def _read_leases(self, session: Session, after: int, limit: int) -> list[Item]:
        rows = events.list_events(session, after_id=after, limit=limit)
        self._last.note((row.ip, row.at) for row in rows if row.type == "active")
        if self._names.note((row.ip, row.hostname) for row in rows):
            self._start_loading()
        return [Item(row.id, (row.ip, row.ip), event_out(row).model_dump(mode="json")) for row in rows]

    async def _tail(self) -> None:
        turn = 0
        while not self.stopping:
            full = [await self._follow(log) for log in (self.leases, self.audit)]
            if turn % STATES_EVERY == 0:
                await self._look()
            turn += 1
            if not any(full):
                await asyncio.sleep(POLL_S)

    async def _follow(self, log: Log) -> bool:
        """Take in what is new of a log; tell whether there may be more."""
        try:
            fresh = await run_in_threadpool(log.read, log.last_id)
        except SQLAlchemyError:
            return False  # the database is away: the next turn asks again, nothing is lost
        if fresh:
            log.keep(fresh)
            if self._listeners["usage"]:
                self.usage.touch(fresh)
            self._tell()
        return len(fresh) >= READ_LIMIT

    async def _look(self) -> None:
        looks: Mapping[str, Callable[[], bool]] = {"usage": self.usage.count, "worker": self.workers.look}
        for topic, look in looks.items():
            if self._listeners[topic]:
                with suppress(SQLAlchemyError):
                    if await run_in_threadpool(look):
                        self._tell()

    def _tell(self) -> None:
        self.arrived.set()
        self.arrived = asyncio.Event()


def _read_audit(session: Session, after: int, limit: int) -> list[Item]:
    return [
        Item(row.id, None if row.first is None or row.last is None else (row.first, row.last),
             audit_told(row).model_dump(mode="json"))
        for row in audit.entries_after(session, after, limit)
    ]  # fmt: skip


async def wait(arrived: asyncio.Event, timeout_s: float) -> bool:
    """Wait for something that is new since the event was taken from the hub; False = nothing came in time."""
    with suppress(TimeoutError):
        await asyncio.wait_for(arrived.wait(), timeout_s)
        return True
    return False

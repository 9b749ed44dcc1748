"""Has anything happened to a lease? One poller wakes every open stream."""

import asyncio
import logging
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.services import events

POLL_S: Final = 0.1
log = logging.getLogger(__name__)


class Hub:
    """Knows the newest event id; streams wait here instead of polling each by itself."""

    def __init__(self, engine: Engine) -> None:
        self.latest = 0
        self.stopping = False
        self._engine = engine
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to poll."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the poller and every stream."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def end_streams(self) -> None:
        """Let every open stream finish, so that the server can stop."""
        self.stopping = True
        self._wake()

    async def wait(self, after: int, timeout_s: float) -> bool:
        """Return True once there is an event after the id, False when the time is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self.latest <= after and not self.stopping:
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - loop.time())
            except TimeoutError:
                return False
        return self.latest > after

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _read(self) -> int:
        with Session(self._engine) as session:
            return events.latest_id(session)

    async def _run(self) -> None:
        while True:
            try:
                latest = await asyncio.to_thread(self._read)
            except SQLAlchemyError:
                log.exception("the events can't be read")
                await asyncio.sleep(2.0)
                continue
            if latest > self.latest:
                self.latest = latest
                self._wake()
            await asyncio.sleep(POLL_S)

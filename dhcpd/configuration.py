"""How is a new configuration compiled while the old one is served?"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import Engine

from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.loader import load_snapshot
from dhcpd.engine.snapshot import Snapshot

log = logging.getLogger("dhcpd")


class Compilation:
    """One at a time, in a thread; `wake` is called when it has ended. `took_ms` is of the last one that did."""

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._wake = wake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._running: Future[Snapshot] | None = None
        self._began = 0.0
        self.took_ms = 0

    @property
    def is_running(self) -> bool:
        """Whether one has begun and was not taken yet."""
        return self._running is not None

    def begin(self, interfaces: Sequence[Interface]) -> None:
        """Compile what the database holds now."""
        self._began = time.monotonic()
        self._running = self._thread.submit(load_snapshot, self._engine, interfaces)
        self._running.add_done_callback(lambda _: self._wake())

    def take(self) -> Snapshot | None:
        """Return what has been compiled, once; None while there is nothing new, or when it failed."""
        if self._running is None or not self._running.done():
            return None
        ended, self._running = self._running, None
        error = ended.exception()
        if error is not None:
            log.error("configuration not loaded, the last one stays in force: %s", error)
            return None
        self.took_ms = int((time.monotonic() - self._began) * 1000)
        return ended.result()

    def close(self) -> None:
        """Wait for the one that runs."""
        self._thread.shutdown(wait=True)

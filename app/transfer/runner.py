"""Who works on imports in the background? One process at a time, so that pages stay quick."""

import os
import subprocess
import sys
import threading
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.database import SessionFactory
from app.transfer import jobs

POLL_S: Final = 0.5
STOP_S: Final = 10.0


class ImportRunner:
    """Looks for imports that wait and starts `python -m app.transfer` for each, one after another."""

    def __init__(self, factory: SessionFactory, database_url: str) -> None:
        self._factory = factory
        self._env = {**os.environ, "LEASEBOARD_DATABASE_URL": database_url}
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="imports", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; an import under work is resumed by the next process that looks."""
        self._stop.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                waiting = jobs.waiting(self._factory)
            except SQLAlchemyError:
                continue  # the database is away: the next turn asks again
            if waiting is not None:
                self._child = subprocess.Popen([sys.executable, "-m", "app.transfer", str(waiting)], env=self._env)
                if self._stop.is_set():
                    self._child.terminate()
                self._child.wait()

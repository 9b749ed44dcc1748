"""How is a new configuration compiled while the old one is served?"""

import logging
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.loader import Steps, load_in_steps
from dhcpd.engine.snapshot import Snapshot

log = logging.getLogger("dhcpd")
SLICE_S: Final = 0.002
"""For how long packets wait at most while a part is compiled. In a thread, each of the dozen times that an exchange
lets go of the interpreter would cost it half a millisecond."""


class Compilation:
    """One at a time, slice by slice between two turns. `took_ms` is of the last one that ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._steps: Steps | None = None
        self._began = 0.0
        self.took_ms = 0

    @property
    def is_running(self) -> bool:
        """Whether one has begun and not ended."""
        return self._steps is not None

    def begin(self, interfaces: Sequence[Interface]) -> None:
        """Compile what the database holds now, instead of what was being compiled."""
        self.close()
        self._began = time.monotonic()
        self._steps = load_in_steps(self._engine, interfaces)

    def advance(self) -> Snapshot | None:
        """Do one slice; return the configuration at the end. None = not yet, or it failed: the last one stays."""
        if self._steps is None:
            return None
        end = time.monotonic() + SLICE_S
        try:
            while time.monotonic() < end:
                next(self._steps)
        except StopIteration as ended:
            self._steps = None
            self.took_ms = int((time.monotonic() - self._began) * 1000)
            return ended.value  # type: ignore[no-any-return]  # the generator's own return value
        except Exception as error:  # an edited row, or no database: service goes on with what is known
            self._steps = None
            log.error("configuration not loaded, the last one stays in force: %s", error)
        return None

    def close(self) -> None:
        """Give up the one that runs."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

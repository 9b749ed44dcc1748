"""How does the web server run, and stop although streams are open?"""

import gc
import signal
import sys
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

SWITCH_S: Final = 0.0005
"""How long a thread that counts may keep others waiting after each of their statements; Python says 5 ms."""
COLLECT: Final = (10_000, 50, 1000)
"""A question over the whole plan makes 100,000 objects and leaves few cycles, for which Python would look often.

Looking through 10,000 takes 5 ms; through 50,000, of which most must be freed by then, 70 within some request.
"""


class Server(uvicorn.Server):
    """Ends the live streams before it waits for open connections."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop the streams, then the server."""
        self._app.state.hub.stop()
        super().handle_exit(sig, frame)


def _already_handled(sig: int, frame: FrameType | None) -> None:
    """Take the signal that uvicorn raises once more after it has stopped."""


def settle() -> None:
    """Make the process ready to answer many short questions."""
    # What is loaded stays. Without this a full collection walks over all of it, 60 to 140 ms within some request.
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(*COLLECT)
    sys.setswitchinterval(SWITCH_S)


def serve_web(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then return, so that the caller can stop what runs beside."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_handled)
    settle()
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5)
    Server(config, app).run()

"""How is the application run for a measurement of what it answers over a large plan?"""

import argparse
import math
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from app.database import make_engine
from app.migrate import upgrade
from app.services.names import NAMES
from app.serving import settle
from tests.perf.large_plan import fill

STEADINESS_S: Final = 3.0
PIECE: Final = 2000
"""Numbers that are squared and added up: some 0.15 ms, as much as an exchange costs."""


@dataclass
class Stopwatch:
    """Measures what passes through the application: seconds from a request to the end of its answer."""

    app: FastAPI
    spent_s: float = 0.0
    cpu_s: float = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        began, cpu = time.perf_counter(), time.process_time()
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.spent_s, self.cpu_s = time.perf_counter() - began, time.process_time() - cpu


def arguments(doc: str | None, *, rounds: int, only: str) -> argparse.Namespace:
    """Return what the command line says; `only` explains the option of that name."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("database")
    parser.add_argument("--leases", type=int, default=1_000_000)
    parser.add_argument("--subnets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--only", default="", help=only)
    return parser.parse_args()


def p95(spent: Sequence[float]) -> float:
    """Return the time that 95 of 100 answers keep: of 20 answers one may take longer."""
    return rank(spent, 0.95)


def rank(spent: Sequence[float], share: float) -> float:
    """Return the time that a share of them keeps (nearest rank)."""
    return sorted(spent)[math.ceil(share * len(spent)) - 1]


def steadiness() -> str:
    """Tell how evenly an idle machine works: what a piece of work costs that begins every half millisecond."""
    spent, end = [], time.perf_counter() + STEADINESS_S
    while (began := time.perf_counter()) < end:
        sum(number * number for number in range(PIECE))
        spent.append((time.perf_counter() - began) * 1000)
        time.sleep(0.0005)
    return (
        f"a piece of work of {median(spent):.2f} ms took {rank(spent, 0.99):.2f} ms at p99 with nothing else to do"
    )


def planned(given: argparse.Namespace) -> Engine:
    """Return the database, migrated and filled."""
    engine = make_engine(given.database)
    upgrade(engine)
    fill(engine, given.leases, given.subnets)
    return engine


@contextmanager
def served(app: FastAPI, before: Any = None) -> Iterator[str]:
    """Run the application on loopback in this process, behind what stands `before` it; yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(before or app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started or not app.state.sessions.kw["info"][NAMES].known:
        time.sleep(0.05)
    settle()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        app.state.hub.stop()
        server.should_exit = True
        thread.join()

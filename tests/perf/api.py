"""How fast are lists and searches over a large plan? Fills a database, asks over HTTP; prints p50, p95, CPU, plans.

    python -m tests.perf.api sqlite:////tmp/perf.db [--leases 1000000] [--subnets 10000] [--rounds 30] [--only TEXT]
    python -m tests.perf.api postgresql+psycopg://postgres@127.0.0.1/perf

The database must be empty or filled by this script before. The time is the server's own, from the request to the
last octet of the answer; the target is a p95 of 100 ms. CPU is that of this process, with the asking client, and
of the database's processes where they run on this machine.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.orm import Session

from app.database import make_session_factory, unit_of_work
from app.main import create_app
from app.models import User
from app.services import tokens, users
from app.services.actors import COMMAND_LINE
from app.settings import Settings
from tests.perf.questions import Questions, questions
from tests.perf.serving import Stopwatch, arguments, p95, planned, served, steadiness

TARGET_MS: Final = 100.0
Spent = tuple[list[float], float]
"""Milliseconds of each answer, in order; milliseconds of CPU an answer."""


def ask(web: httpx.Client, path: str, rounds: int, watch: "Watch", own: Stopwatch) -> Spent:
    """Ask a question some times, after a first one that does not count; the time is the server's own."""
    spent = []
    for number in range(rounds + 1):
        if number == 1:
            used = watch.cpu_ms()
        answer = web.get(f"/api/v1{path}")
        spent.append(own.spent_s * 1000)
        assert answer.status_code == 200, (path, answer.text)
    return sorted(spent[1:]), (watch.cpu_ms() - used) / rounds


def measure(web: httpx.Client, asked: Questions, rounds: int, watch: "Watch", own: Stopwatch) -> list[str]:
    """Ask each question, print a line each and a table of the groups; return those that miss the target."""
    missed, table = [], []
    for group, named in asked.items():
        whole: list[float] = []
        for name, path in named.items():
            spent, cpu = ask(web, path, rounds, watch, own)
            whole += spent
            most = p95(spent)
            mark = "" if most <= TARGET_MS else "  MISSED"
            sys.stdout.write(f"{name:32} p50 {median(spent):8.1f}  p95 {most:8.1f}  CPU {cpu:8.1f} ms{mark}\n")
            with watch.engine.connect() as connection:
                sys.stdout.writelines(f"      {line}\n" for line in watch.plan(connection))
            sys.stdout.flush()
            missed += [name] if mark else []
        table.append(f"| {group} | {len(named)} | {median(whole):.0f} | {p95(whole):.0f} |\n")
    sys.stdout.writelines(["\n| questions | how many | p50 ms | p95 ms |\n|---|---|---|---|\n", *table])
    return missed


class Watch:
    """Keeps the statements of the newest request, to tell how the database answers them, and counts CPU."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._seen = engine, dict[str, Any]()
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        interesting = ("leases", "lease_events", "subnets", "reservations", "pools", "addresses", "audit")
        if statement.startswith(("SELECT", "WITH")) and any(f"FROM {part}" in statement for part in interesting):
            self._seen[statement] = parameters

    def plan(self, connection: Connection) -> Iterator[str]:
        """Yield the plan of what was asked since the last time."""
        seen, self._seen = self._seen, {}
        prefix = "EXPLAIN QUERY PLAN " if self.engine.dialect.name == "sqlite" else "EXPLAIN "
        for statement, parameters in seen.items():
            rows = connection.exec_driver_sql(prefix + statement, parameters).all()
            yield from (str(row[-1])[:150] for row in rows if self._tells(str(row[-1])))
        self._seen = {}

    @staticmethod
    def _tells(line: str) -> bool:
        return any(word in line for word in ("SCAN", "SEARCH", "Scan", "TEMP", "Sort"))

    def cpu_ms(self) -> float:
        """Return the CPU time of this process and of the database's that serve it."""
        own = time.process_time() * 1000
        if self.engine.dialect.name == "sqlite":
            return own
        with self.engine.connect() as connection:
            pids = connection.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"))
            return own + sum(map(_cpu_ms, pids))


def _cpu_ms(pid: int) -> float:
    """Return the CPU time of another process of this machine; 0 of one that is elsewhere."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    return 0.0


def token_of(session: Session) -> str:
    """Return a new token of an administrator."""
    owner = session.scalar(select(User).limit(1))
    owner = owner or users.create_user(session, COMMAND_LINE, "perf", "correct horse battery", "admin")
    return tokens.create_token(session, COMMAND_LINE, owner, "perf", None)[1]


def main() -> int:
    """Fill, ask, print; return 1 when a question misses the target."""
    given = arguments(__doc__, rounds=30, only="ask only what has this text in its name or group")
    engine = planned(given)
    with unit_of_work(make_session_factory(engine)) as session:
        token, asked = token_of(session), questions(session)
    engine.dispose()
    chosen = {
        g: {n: p for n, p in named.items() if given.only in g or given.only in n} for g, named in asked.items()
    }
    sys.stdout.write(f"this machine: {steadiness()}\n")
    app = create_app(Settings(database_url=given.database, api_requests_per_minute=0))
    headers = {"Authorization": f"Bearer {token}"}
    own = Stopwatch(app)
    with served(app, own) as url, httpx.Client(base_url=url, headers=headers, timeout=120) as web:
        watch = Watch(app.state.engine)
        missed = measure(web, {g: named for g, named in chosen.items() if named}, given.rounds, watch, own)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

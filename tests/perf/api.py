"""How fast are lists and searches over a large plan? Fills a database, asks over HTTP, prints p50, p95 and plans.

    python -m tests.perf.api sqlite:////tmp/perf.db [--leases 1000000] [--subnets 10000] [--rounds 30]
    python -m tests.perf.api postgresql://postgres@127.0.0.1/perf

The database must be empty or filled by this script before. The target is a p95 of 100 ms on the server.
"""

import argparse
import gc
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from statistics import median, quantiles
from typing import Any, Final

import httpx
import uvicorn
from sqlalchemy import Engine, Table, event, func, insert, select, text
from sqlalchemy.orm import Session

from app.database import make_engine, make_session_factory, unit_of_work
from app.main import create_app
from app.migrate import upgrade
from app.models import Lease, LeaseEvent, Pool, Reservation, ReservationIdentifier, Subnet, User
from app.services import occupancy, tokens, users
from app.services.actors import COMMAND_LINE
from app.services.names import NAMES
from app.settings import Settings

TARGET_MS: Final = 100.0
CHUNK: Final = 5000
STATES: Final = ("active", "expired", "released", "declined")
DEVICES: Final = ("printer", "phone", "laptop", "camera", "scanner", "sensor")
START: Final = 1_790_000_000
Row = dict[str, Any]


def lease_rows(count: int, subnets: int) -> Iterator[Row]:
    """Yield leases, evenly over /24 subnets from 10.0.0.0 on, with random MACs."""
    chance, each = random.Random(1), max(1, count // subnets)
    for number in range(count):
        subnet, host = divmod(number, each)
        mac = chance.randbytes(6)
        ends = None if number % 50 == 0 else moment(START + chance.randrange(7 * 86400))
        yield {
            "ip": IPv4Address(0x0A000000 + subnet * 256 + 10 + host), "subnet_id": subnet + 1, "mac": mac,
            "state": chance.choices(STATES, (90, 7, 2, 1))[0], "client_key": b"\1" + mac, "client_id": b"\1" + mac,
            "hostname": f"{chance.choice(DEVICES)}-{chance.randrange(10**6):06d}", "vendor_class": "MSFT 5.0",
            "started_at": moment(START - 86400), "renewed_at": moment(START), "expires_at": ends,
            "renewals": number % 7, "relay": None, "relay_info": b"", "worker": "perf",
        }  # fmt: skip


def moment(seconds: int) -> datetime:
    """Return the moment of whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def event_rows(leases: Iterator[Row]) -> Iterator[Row]:
    """Yield one event a lease."""
    names = ("ip", "subnet_id", "mac", "client_id", "hostname", "expires_at", "worker")
    for row in leases:
        yield {**{n: row[n] for n in names}, "at": row["renewed_at"], "type": row["state"], "reason": "assigned"}


def plan_rows(subnets: int) -> Iterator[tuple[type[Any], Row]]:
    """Yield subnets with a pool and five reservations each."""
    for number in range(subnets):
        base, key = IPv4Address(0x0A000000 + number * 256), number + 1
        yield Subnet, {"id": key, "first": base, "last": base + 255, "prefix_len": 24, "name": f"site-{number:05d}"}
        yield Pool, {"id": key, "subnet_id": key, "first": base + 10, "last": base + 250}
        for host in range(5):
            own = number * 5 + host + 1
            yield Reservation, {"id": own, "subnet_id": key, "ip": base + 2 + host, "hostname": f"server-{own}"}
            mac = (0x020000000000 + own).to_bytes(6, "big").hex()
            told = {"id": own, "reservation_id": own, "subnet_id": key, "type": "mac", "value": mac}
            yield ReservationIdentifier, told


def fill(engine: Engine, leases: int, subnets: int) -> None:
    """Fill an empty database; one that has leases stays as it is."""
    with engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(Lease)):
            return
    kinds: dict[type[Any], list[Row]] = {}
    for model, row in plan_rows(subnets):
        kinds.setdefault(model, []).append(row)
    for model, rows in kinds.items():
        write(engine, model, iter(rows))
    write(engine, Lease, lease_rows(leases, subnets))
    write(engine, LeaseEvent, event_rows(lease_rows(leases, subnets)))
    with unit_of_work(make_session_factory(engine)) as session:
        occupancy.rebuild(session)
    with engine.connect().execution_options(writing=True) as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def write(engine: Engine, model: type[Any], rows: Iterator[Row]) -> None:
    """Insert rows in chunks."""
    table: Table = model.__table__
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            write_chunk(engine, table, chunk)
            chunk = []
    write_chunk(engine, table, chunk)
    sys.stderr.write(f"filled {table.name}\n")


def write_chunk(engine: Engine, table: Table, rows: list[Row]) -> None:
    """Insert a chunk in a transaction."""
    if rows:
        with engine.connect().execution_options(writing=True) as connection:
            connection.execute(insert(table), rows)
            connection.commit()


def questions(session: Session) -> dict[str, str]:
    """Return what is asked, {} stands for something that changes from one time to the next."""
    total = session.scalar(select(func.count()).select_from(Subnet)) or 1
    lease = session.scalars(select(Lease).where(Lease.ip > IPv4Address("10.3.0.0")).limit(1)).one()
    mac = lease.mac.hex(":")
    return {
        "leases": "/leases", "leases, 1000 rows": "/leases?limit=1000", "leases, last page": "/leases?sort=-ip",
        "leases of a subnet": f"/leases?subnet_id={total // 2}",
        "leases of a subnet by end": f"/leases?subnet_id={total // 2}&sort=-expires_at",
        "leases in a prefix": "/leases?within=10.5.0.0/16", "declined leases": "/leases?state=declined",
        "leases by MAC": f"/leases?mac={mac}", "leases by vendor": f"/leases?mac__startswith={mac[:8]}",
        "leases that end first": "/leases?sort=expires_at", "leases that end last": "/leases?sort=-expires_at,ip",
        "leases that end soon": "/leases?expires_at__lt=2026-09-22T00:00:00Z&sort=expires_at",
        "active leases that end soon": "/leases?expires_at__lt=2026-09-22T00:00:00Z&sort=expires_at&state=active",
        "leases, rare name": f"/leases?q={lease.hostname}", "leases, common name": "/leases?q=printer",
        "leases, part of a name": f"/leases?hostname__contains={lease.hostname[-6:]}",
        "leases, no such name": "/leases?hostname__contains=zzzz", "leases, q is a MAC": f"/leases?q={mac}",
        "leases, q is an address": f"/leases?q={lease.ip}", "one lease": f"/leases/{lease.ip}",
        "leases by client-id": f"/leases?client_id={lease.client_id.hex()}",
        "events": "/events", "events of an address": f"/events?ip={lease.ip}",
        "events of a MAC": f"/events?mac={mac}",
        "events of a day": "/events?from=2026-09-21T00:00:00Z&to=2026-09-22T00:00:00Z",
        "events of a subnet": f"/events?subnet_id={total // 2}",
        "subnets": "/subnets", "subnets, 1000 rows": "/subnets?limit=1000",
        "subnets that hold an address": "/subnets?contains=10.9.9.9",
        "subnets in a prefix": "/subnets?within=10.5.0.0/16",
        "subnets by name": "/subnets?q=site-00777", "one subnet": f"/subnets/{total // 2}",
        "pools of a subnet": f"/pools?subnet_id={total // 2}", "reservations": "/reservations",
        "reservations by MAC": "/reservations?mac=02:00:00:00:12:34",
        "reservations by name": "/reservations?q=server-777",
        "search an address": f"/search?q={lease.ip}", "search a MAC": f"/search?q={mac.replace(':', '-').upper()}",
        "search a name": f"/search?q={lease.hostname}", "search nothing": "/search?q=zzzz",
        "search a prefix": "/search?q=10.5.5.0/24", "audit": "/audit",
    }  # fmt: skip


def measure(url: str, headers: dict[str, str], asked: dict[str, str], rounds: int, watch: "Watch") -> list[str]:
    """Ask each question some times, print a line each, and return those that miss the target."""
    missed = []
    with httpx.Client(base_url=url, headers=headers, timeout=120) as web:
        for name, path in asked.items():
            spent = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                answer = web.get(f"/api/v1{path}")
                spent.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, (path, answer.text)
            spent = sorted(spent[1:])
            p95 = quantiles(spent, n=20)[-1]
            mark = "" if p95 <= TARGET_MS else "  MISSED"
            sys.stdout.write(f"{name:32} p50 {median(spent):8.1f} ms   p95 {p95:8.1f} ms{mark}\n")
            for line in watch.plan():
                sys.stdout.write(f"      {line}\n")
            if mark:
                missed.append(name)
    return missed


class Watch:
    """Keeps the statements of the newest request, to tell how the database answers them."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._seen = engine, dict[str, Any]()
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        interesting = ("FROM leases", "FROM lease_events", "FROM subnets", "FROM reservations", "FROM pools")
        if statement.startswith("SELECT") and any(part in statement for part in interesting):
            self._seen[statement] = parameters

    def plan(self) -> Iterator[str]:
        """Yield the plan of what was asked since the last time."""
        seen, self._seen = self._seen, {}
        prefix = "EXPLAIN QUERY PLAN " if self._engine.dialect.name == "sqlite" else "EXPLAIN "
        with self._engine.connect() as connection:
            for statement, parameters in seen.items():
                rows = connection.exec_driver_sql(prefix + statement, parameters).all()
                yield from (str(row[-1])[:150] for row in rows if self._tells(str(row[-1])))
        self._seen = {}

    @staticmethod
    def _tells(line: str) -> bool:
        return any(word in line for word in ("SCAN", "SEARCH", "Scan", "TEMP", "Sort"))


def main() -> int:
    """Fill, ask, print; return 1 when a question misses the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--leases", type=int, default=1_000_000)
    parser.add_argument("--subnets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    engine = make_engine(given.database)
    upgrade(engine)
    fill(engine, given.leases, given.subnets)
    with unit_of_work(make_session_factory(engine)) as session:
        owner = session.scalar(select(User).limit(1))
        owner = owner or users.create_user(session, COMMAND_LINE, "perf", "correct horse battery", "admin")
        _, secret = tokens.create_token(session, COMMAND_LINE, owner, "perf", None)
        asked = questions(session)
    engine.dispose()
    app = create_app(Settings(database_url=given.database, api_requests_per_minute=0))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.05)
    while not app.state.sessions.kw["info"][NAMES].known:
        time.sleep(0.05)
    gc.collect()
    gc.freeze()  # as `leaseboard web` does
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        headers = {"Authorization": f"Bearer {secret}"}
        missed = measure(url, headers, asked, given.rounds, Watch(app.state.engine))
    finally:
        app.state.hub.stop()
        server.should_exit = True
        thread.join()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

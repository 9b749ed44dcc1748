"""How do leases and events become durable, all of a batch in one transaction?"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    case,
    cast,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url

from app.database import make_engine
from app.models.events import LeaseEvent
from app.models.leases import Lease as LeaseRow
from app.models.samples import RateSample
from app.models.types import IPV4_PREFIX, Address
from app.models.workers import Command, Revision, Worker
from dhcpd.adapters import occupancy
from dhcpd.adapters.writers import EVENT_ORDER_LOCK, make_writer
from dhcpd.engine.leases import ACTIVE, EXPIRED, NEVER, QUARANTINED, RELEASED, Lease, LeaseChange

LOADED_AT_ONCE: Final = 500
"""Leases read from the database in one go."""
BLOCKS_AT_ONCE = 200
"""Blocks mended in one transaction, so that clients wait for milliseconds only."""
POSTGRESQL_LIMITS: Final = {
    "connect_timeout": "2",  # s, for each host of the address
    "tcp_user_timeout": "3000",  # ms: a cut network is noticed, also in mid-transaction
    "target_session_attrs": "read-write",  # of several hosts the primary
    # A worker that stops in mid-transaction (SIGSTOP, a frozen machine) must not hold the others' locks.
    "options": "-c lock_timeout=1500 -c idle_in_transaction_session_timeout=3000 -c statement_timeout=5000",
}
LEASE_COLUMNS = [getattr(LeaseRow, name) for name in Lease._fields]
"""What makes a Lease, in order."""


_FIRST, _LAST = (f"x'{IPV4_PREFIX.hex()}{end * 8}'" for end in "0f")
_PLAIN: Final = "client_key, mac, client_id, hostname, vendor_class, started_at, renewed_at"
_ENDS: Final = f"coalesce(expires_at, {NEVER}), renewals"
_LOAD: Final = {
    "sqlite": f"SELECT ip, state, subnet_id, {_PLAIN}, {_ENDS}, coalesce(relay, x''), relay_info FROM leases "
    f"WHERE ip BETWEEN {_FIRST} AND {_LAST}",
    "postgresql": f"SELECT ip - inet '0.0.0.0', state, subnet_id, {_PLAIN}, {_ENDS}, "
    "coalesce(relay - inet '0.0.0.0', 0), relay_info FROM leases WHERE family(ip) = 4",
}
_NEWS: Final = select(
    select(Revision.number).where(Revision.id == 1).scalar_subquery(),
    select(func.max(LeaseEvent.id)).scalar_subquery(),
    select(Command.id).where(Command.done_at.is_(None)).exists(),
)
_STATES: Final = {state: state for state in (ACTIVE, RELEASED, EXPIRED, *QUARANTINED)}
"""One object for each state, so that a comparison is one of identity."""


def open_database(url: str) -> Engine:
    """Return the engine of the shared database, with every wait for PostgreSQL bounded."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return make_engine(url)
    given = {**POSTGRESQL_LIMITS, **parsed.query}
    return make_engine(parsed.set(query=given).render_as_string(hide_password=False))


def database_clock(engine: Engine) -> ColumnElement[int]:
    """Return the SQL of the database's own clock, whole seconds UTC: the one that all hosts share."""
    if engine.dialect.name == "sqlite":
        return func.unixepoch(type_=BigInteger)
    return cast(func.floor(func.extract("epoch", func.clock_timestamp())), BigInteger)


def sqlite_path(url: str) -> str | None:
    """Return the file of a SQLite database, None for any other."""
    parsed = make_url(url)
    return parsed.database if parsed.drivername.startswith("sqlite") else None


class News(NamedTuple):
    """The newest configuration revision and event, and whether administrators ask for anything."""

    revision: int
    event: int
    commanded: bool


class Store:
    """The worker's connection; SQLite has one worker, PostgreSQL arbitrates between several."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._sqlite = engine.dialect.name == "sqlite"
        self._writer = make_writer(engine, worker)

    def commit(self, changes: Sequence[LeaseChange], *, now: int) -> set[int]:
        """Write the changes and their events durably; return the addresses (ints) that were refused.

        A refused address belongs, in the database, to another client. Raises SQLAlchemyError when nothing
        was written.
        """
        return self._writer.write(changes, now) if changes else set()

    def _begin(self) -> Any:
        return self._engine.execution_options(writing=True).begin()

    def load_leases(self) -> Iterator[Lease]:
        """Yield every IPv4 lease of the database; of a million no row may pass through SQLAlchemy."""
        with self._engine.connect() as connection, self._cursor(connection) as cursor:
            cursor.execute(_LOAD[self._engine.dialect.name])
            lease, made, states = Lease, tuple.__new__, _STATES
            number = _number if self._sqlite else int
            while rows := cursor.fetchmany(LOADED_AT_ONCE):
                for ip, state, subnet, key, mac, client, name, vendor, began, renewed, ends, n, relay, info in rows:
                    via = number(relay) if relay else 0
                    plain = (key, mac, client, name, vendor, began, renewed, ends, n)
                    yield made(lease, (number(ip), states[state], subnet, *plain, via, info))

    def _cursor(self, connection: Connection) -> Any:
        """Return a cursor of the driver's own that leaves rows with the database until they are asked for."""
        driver: Any = connection.connection.driver_connection
        return closing(driver.cursor()) if self._sqlite else driver.cursor(name="leases")

    def read_leases(self, ips: Iterable[int]) -> list[Lease]:
        """Return what the database holds of the addresses (ints): a table that fell behind catches up."""
        wanted = [ip_address(ip) for ip in ips]
        return self._read_leases(select(*LEASE_COLUMNS).where(LeaseRow.ip.in_(wanted))) if wanted else []

    def _read_leases(self, query: Select[Any]) -> list[Lease]:
        with self._engine.connect() as connection:
            return [lease_of(row) for row in connection.execute(query) if row.ip.version == 4]

    def check_blocks(self, marks: occupancy.Marks) -> int:
        """Mend what `lease_blocks` says of the leases, all of which were noted; return how many blocks were wrong.

        Other workers may have written meanwhile: a suspect block is judged by what the database holds under lock.
        """
        with self._engine.connect() as connection:
            wrong = occupancy.suspects(connection, marks)
        for start in range(0, len(wrong), BLOCKS_AT_ONCE):
            blocks = wrong[start : start + BLOCKS_AT_ONCE]
            with self._begin() as connection:
                if not self._sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EVENT_ORDER_LOCK})
                wanted = or_(*(LeaseRow.ip.between(*occupancy.bounds(block)) for block in blocks))
                rows = connection.execute(select(*LEASE_COLUMNS).where(wanted)).all()
                occupancy.rewrite(connection, blocks, [lease_of(row) for row in rows])
        return len(wrong)

    def clock(self) -> float:
        """Return the time of PostgreSQL's clock, seconds UTC."""
        with self._engine.connect() as connection:
            return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())

    def news(self) -> News:
        """Return what tells whether there is anything to read, in one statement: it is asked ten times a second."""
        with self._engine.connect() as connection:
            revision, event, commanded = connection.execute(_NEWS).one()
        return News(revision or 0, event or 0, bool(commanded))

    def commands(self) -> list[tuple[int, str, int]]:
        """Return what administrators ask for: (id, action, address)."""
        query = select(Command.id, Command.action, Command.ip).where(Command.done_at.is_(None)).limit(100)
        with self._engine.connect() as connection:
            return [(row.id, row.action, int(row.ip)) for row in connection.execute(query)]

    def finish_command(self, command_id: int, result: str, *, now: int) -> None:
        """Note the outcome of a command."""
        done = update(Command).where(Command.id == command_id).values(done_at=_moment(now), result=result)
        with self._begin() as connection:
            connection.execute(done)

    def report(self, row: dict[str, Any], sample: dict[str, int] | None = None) -> None:
        """Write the worker's own row and what it did since the last; `last_seen` is the database's time."""
        insert = sqlite_insert if self._sqlite else pg_insert
        values = {**row, "last_seen": database_clock(self._engine)}
        statement = insert(Worker).values({**values, "id": self._worker})
        statement = statement.on_conflict_do_update(index_elements=[Worker.id], set_=values)
        with self._begin() as connection:
            connection.execute(statement)
            if sample is not None:
                connection.execute(self._counted(sample))

    def _counted(self, sample: dict[str, int]) -> Any:
        """Return the statement that adds a sample to the present second's."""
        insert = sqlite_insert if self._sqlite else pg_insert
        key = {"step_s": 1, "at": database_clock(self._engine), "worker": self._worker}
        statement = insert(RateSample).values({**key, **sample})
        old, new = RateSample.__table__.c, statement.excluded
        merged = {name: old[name] + new[name] for name in sample if not name.endswith("_us")}
        merged |= {n: case((new[n] > old[n], new[n]), else_=old[n]) for n in sample if n.endswith("_us")}
        return statement.on_conflict_do_update(index_elements=["step_s", "at", "worker"], set_=merged)


def _number(address: bytes) -> int:
    """Return an IPv4 address as it stands on SQLite, 16 octets, as an integer."""
    return int.from_bytes(address[12:], "big")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def lease_of(row: Any) -> Lease:
    """Return the lease of a row of LEASE_COLUMNS."""
    relay: Address | None = row.relay
    return Lease(
        int(row.ip), row.state, row.subnet_id, bytes(row.client_key), bytes(row.mac), bytes(row.client_id),
        row.hostname, row.vendor_class, int(row.started_at.timestamp()), int(row.renewed_at.timestamp()),
        NEVER if row.expires_at is None else int(row.expires_at.timestamp()), row.renewals,
        int(relay) if relay is not None else 0, bytes(row.relay_info),
    )  # fmt: skip

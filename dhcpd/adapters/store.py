"""How do leases and events become durable, all of a batch in one transaction?"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, TypeGuard

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url

from app.database import make_engine
from app.models.events import LeaseEvent
from app.models.leases import Lease as LeaseRow
from app.models.samples import RateSample
from app.models.types import IPV4_PREFIX, Address, unpack_address
from app.models.workers import Command, Revision, Worker
from dhcpd.adapters import occupancy
from dhcpd.engine.leases import ACTIVE, EXPIRED, NEVER, RELEASED, Lease, LeaseChange

BLOCKS_AT_ONCE = 200
"""Blocks mended in one transaction, so that clients wait for milliseconds only."""
EVENT_ORDER_LOCK = 0x1EA5E  # PostgreSQL: event ids become visible in order
POSTGRESQL_LIMITS: Final = {
    "connect_timeout": "2",  # s, for each host of the address
    "tcp_user_timeout": "3000",  # ms: a cut network is noticed, also in mid-transaction
    "target_session_attrs": "read-write",  # of several hosts the primary
    # A worker that stops in mid-transaction (SIGSTOP, a frozen machine) must not hold the others' locks.
    "options": "-c lock_timeout=1500 -c idle_in_transaction_session_timeout=3000 -c statement_timeout=5000",
}
_LEASE_COLUMNS = [
    "ip",
    "state",
    "subnet_id",
    "client_key",
    "mac",
    "client_id",
    "hostname",
    "vendor_class",
    "started_at",
    "renewed_at",
    "expires_at",
    "renewals",
    "relay",
    "relay_info",
    "worker",
]
_EVENT_COLUMNS = [
    "at",
    "type",
    "ip",
    "subnet_id",
    "mac",
    "client_id",
    "hostname",
    "expires_at",
    "reason",
    "worker",
]
LEASE_COLUMNS = [getattr(LeaseRow, name) for name in _LEASE_COLUMNS[:-1]]
"""What makes a Lease, in order."""
_SQLITE_LEASE = (
    f"INSERT INTO leases ({', '.join(_LEASE_COLUMNS)}) VALUES ({', '.join('?' * len(_LEASE_COLUMNS))}) "
    f"ON CONFLICT (ip) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _LEASE_COLUMNS[1:])}"
)
_SQLITE_EVENT = (
    f"INSERT INTO lease_events ({', '.join(_EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(_EVENT_COLUMNS))})"
)


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


class Store:
    """The worker's connection; SQLite has one worker, PostgreSQL arbitrates between several."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._sqlite = engine.dialect.name == "sqlite"

    def commit(self, changes: Sequence[LeaseChange], *, now: int) -> set[int]:
        """Write the changes and their events durably; return the addresses (ints) that were refused.

        A refused address belongs, in the database, to another client. Raises SQLAlchemyError when nothing
        was written.
        """
        if not changes:
            return set()
        with self._begin() as connection:
            last = {change.after.ip: change.after for change in changes}
            if self._sqlite:
                connection.exec_driver_sql(_SQLITE_LEASE, [self._lease_tuple(r) for r in last.values()])
                connection.exec_driver_sql(_SQLITE_EVENT, [self._event_tuple(c, now) for c in changes])
                occupancy.note(connection, occupancy.changed(changes))
                return set()
            return self._commit_postgresql(connection, changes, last, now)

    def _begin(self) -> Any:
        return self._engine.execution_options(writing=True).begin()

    def _lease_tuple(self, row: Lease) -> tuple[Any, ...]:
        relay = IPV4_PREFIX + row.relay.to_bytes(4, "big") if row.relay else None
        expires = None if row.expires_at >= NEVER else row.expires_at
        ip = IPV4_PREFIX + row.ip.to_bytes(4, "big")
        return (ip, *row[1:10], expires, row.renewals, relay, row.relay_info, self._worker)

    def _event_tuple(self, change: LeaseChange, now: int) -> tuple[Any, ...]:
        row = change.after
        expires = None if row.expires_at >= NEVER else row.expires_at
        ip = IPV4_PREFIX + row.ip.to_bytes(4, "big")
        client = (row.mac, row.client_id, row.hostname)
        return (now, row.state, ip, row.subnet_id, *client, expires, str(change.reason), self._worker)

    def _commit_postgresql(
        self, connection: Connection, changes: Sequence[LeaseChange], last: dict[int, Lease], now: int
    ) -> set[int]:
        owners = [(ip_address(b.ip), b.client_key) for b in (c.before for c in changes) if _is_held(b, now)]
        # In the order of addresses, so that two workers never wait for each other's rows.
        rows = [_columns(_LEASE_COLUMNS, self._lease_tuple(last[ip])) for ip in sorted(last)]
        statement = pg_insert(LeaseRow).values(rows)
        new = statement.excluded
        own = or_(
            LeaseRow.state.in_((RELEASED, EXPIRED)),
            LeaseRow.client_key == new.client_key,
            tuple_(LeaseRow.ip, LeaseRow.client_key).in_(owners),
        )
        # An expiry is refused when another worker renewed the lease meanwhile.
        free = or_(LeaseRow.expires_at <= _moment(now), and_(new.state != EXPIRED, own))
        upsert = statement.on_conflict_do_update(
            index_elements=[LeaseRow.ip], set_={c: new[c] for c in _LEASE_COLUMNS[1:]}, where=free
        ).returning(LeaseRow.ip)
        taken = {int(ip) for ip in connection.execute(upsert).scalars()}
        refused = set(last) - taken
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EVENT_ORDER_LOCK})
        events = [_columns(_EVENT_COLUMNS, self._event_tuple(c, now)) for c in changes if c.after.ip in taken]
        if events:
            connection.execute(pg_insert(LeaseEvent), events)
            occupancy.note(connection, (last[ip] for ip in taken))
        return refused

    def load_leases(self) -> list[Lease]:
        """Return every IPv4 lease of the database."""
        return self._read_leases(select(*LEASE_COLUMNS))

    def read_leases(self, ips: Iterable[int]) -> list[Lease]:
        """Return what the database holds of the addresses (ints): a table that fell behind catches up."""
        wanted = [ip_address(ip) for ip in ips]
        return self._read_leases(select(*LEASE_COLUMNS).where(LeaseRow.ip.in_(wanted))) if wanted else []

    def _read_leases(self, query: Select[Any]) -> list[Lease]:
        with self._engine.connect() as connection:
            return [lease_of(row) for row in connection.execute(query) if row.ip.version == 4]

    def check_blocks(self, leases: Sequence[Lease]) -> int:
        """Mend what `lease_blocks` says of the leases, all of them as loaded; return how many blocks were wrong.

        Other workers may have written meanwhile: a suspect block is judged by what the database holds under lock.
        """
        with self._engine.connect() as connection:
            wrong = occupancy.suspects(connection, leases)
        for start in range(0, len(wrong), BLOCKS_AT_ONCE):
            blocks = wrong[start : start + BLOCKS_AT_ONCE]
            with self._begin() as connection:
                if not self._sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EVENT_ORDER_LOCK})
                wanted = or_(*(LeaseRow.ip.between(*occupancy.bounds(block)) for block in blocks))
                rows = connection.execute(select(*LEASE_COLUMNS).where(wanted)).all()
                occupancy.rewrite(connection, blocks, [lease_of(row) for row in rows])
        return len(wrong)

    def clock(self) -> int:
        """Return the database's time, whole seconds UTC."""
        with self._engine.connect() as connection:
            return connection.execute(select(database_clock(self._engine))).scalar_one()

    def revision(self) -> int:
        """Return the newest configuration revision."""
        with self._engine.connect() as connection:
            return connection.scalar(select(Revision.number).where(Revision.id == 1)) or 0

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


def _is_held(before: Lease | None, now: int) -> TypeGuard[Lease]:
    """Tell whether the client known here holds the lease still: it alone may go on under another identifier."""
    return before is not None and before.state == ACTIVE and before.expires_at > now


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _columns(names: Sequence[str], values: tuple[Any, ...]) -> dict[str, Any]:
    """Name the values and give them the types that the ORM columns take."""
    row = dict(zip(names, values, strict=True))
    for name in ("ip", "relay"):
        if row.get(name) is not None:
            row[name] = unpack_address(row[name])
    for name in ("at", "started_at", "renewed_at", "expires_at"):
        if row.get(name) is not None:
            row[name] = _moment(row[name])
    return row


def lease_of(row: Any) -> Lease:
    """Return the lease of a row of LEASE_COLUMNS."""
    relay: Address | None = row.relay
    return Lease(
        int(row.ip), row.state, row.subnet_id, bytes(row.client_key), bytes(row.mac), bytes(row.client_id),
        row.hostname, row.vendor_class, int(row.started_at.timestamp()), int(row.renewed_at.timestamp()),
        NEVER if row.expires_at is None else int(row.expires_at.timestamp()), row.renewals,
        int(relay) if relay is not None else 0, bytes(row.relay_info),
    )  # fmt: skip

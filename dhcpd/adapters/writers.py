"""With which statements does a batch of lease changes reach each database?

The drivers are used directly: SQLAlchemy's begin, execute and commit cost 0.1 ms a transaction, which is 20 us an
exchange when five share one.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Final, Protocol, TypeGuard

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.models.types import IPV4_PREFIX
from dhcpd.adapters import occupancy
from dhcpd.engine.leases import ACTIVE, NEVER, Lease, LeaseChange

LEASE_COLUMNS: Final = (
    "ip", "state", "subnet_id", "client_key", "mac", "client_id", "hostname", "vendor_class", "started_at",
    "renewed_at", "expires_at", "renewals", "relay", "relay_info", "worker",
)  # fmt: skip
EVENT_COLUMNS: Final = (
    "at", "type", "ip", "subnet_id", "mac", "client_id", "hostname", "expires_at", "reason", "worker",
)  # fmt: skip
EVENT_ORDER_LOCK: Final = 0x1EA5E
"""PostgreSQL: event ids become visible in order."""
Values = tuple[Any, ...]


class NotWritten(SQLAlchemyError):
    """The driver's error; nothing of the batch was written, or no answer came."""


class Writer(Protocol):
    """Writes batches through a connection of its own, from one thread."""

    def write(self, changes: Sequence[LeaseChange], now: int) -> set[int]:
        """Write leases, events and blocks durably; return the addresses refused. Raises NotWritten."""


def make_writer(engine: Engine, worker: str) -> Writer:
    """Return the writer for the engine's kind of database."""
    return SqliteWriter(engine, worker) if engine.dialect.name == "sqlite" else PostgresqlWriter(engine, worker)


class _Held:
    """A driver's connection, kept from batch to batch and opened anew after an error."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._fairy: Any = None

    def open(self) -> Any:
        """Return the driver's own connection."""
        if self._fairy is None:
            self._fairy = self._engine.raw_connection()
        return self._fairy.driver_connection

    def drop(self) -> None:
        """Give the connection up: what was not committed is rolled back."""
        fairy, self._fairy = self._fairy, None
        if fairy is not None:
            with suppress(Exception):  # it may be broken; it must be gone either way
                fairy.invalidate()

    def run(self, work: Callable[[Any], set[int]]) -> set[int]:
        """Do the work on the connection; raises NotWritten."""
        errors = self._engine.dialect.loaded_dbapi.Error
        try:
            return work(self.open())
        except (errors, SQLAlchemyError) as error:
            self.drop()
            raise NotWritten(str(error)) from error
        except BaseException:
            self.drop()
            raise


class SqliteWriter:
    """One writer, so nothing is ever refused."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self._worker = worker
        self._held = _Held(engine)

    def write(self, changes: Sequence[LeaseChange], now: int) -> set[int]:
        """Write the batch as one transaction."""
        worker = self._worker
        last = {change.after.ip: change.after for change in changes}
        leases = [_sqlite_lease(row, worker) for row in last.values()]
        events = [_sqlite_event(change, now, worker) for change in changes]
        blocks = occupancy.rows_of(occupancy.changed(changes))

        def transaction(connection: Any) -> set[int]:
            connection.execute("BEGIN IMMEDIATE")
            _insert(connection, _SQLITE_LEASE, leases)
            _insert(connection, _SQLITE_EVENT, events)
            if blocks:
                connection.executemany(occupancy.SQL["sqlite"], blocks)
            connection.execute("COMMIT")
            return set()

        return self._held.run(transaction)


def _sqlite_lease(row: Lease, worker: str) -> Values:
    relay = IPV4_PREFIX + row.relay.to_bytes(4, "big") if row.relay else None
    expires = row.expires_at if row.expires_at < NEVER else None
    return (
        IPV4_PREFIX + row.ip.to_bytes(4, "big"), *row[1:10], expires, row.renewals, relay, row.relay_info, worker,
    )  # fmt: skip


def _sqlite_event(change: LeaseChange, now: int, worker: str) -> Values:
    _, row, reason = change
    ip = IPV4_PREFIX + row.ip.to_bytes(4, "big")
    expires = row.expires_at if row.expires_at < NEVER else None
    return (
        now, row.state, ip, row.subnet_id, row.mac, row.client_id, row.hostname, expires, str(reason), worker,
    )  # fmt: skip


def _sized(template: str, columns: Sequence[str], tail: str = "") -> tuple[tuple[int, str], ...]:
    """Return the statement for 64, 32, and each number of rows up to 16: commits at a few thousand/s have fifteen.

    One statement with many rows runs to its end without the interpreter's lock; `executemany` takes the lock for
    each row, and waits for it whenever the main thread is deciding.
    """
    row = f"({', '.join('?' * len(columns))})"
    head = f"INSERT INTO {template} ({', '.join(columns)}) VALUES "
    return tuple((size, head + ", ".join([row] * size) + tail) for size in (64, 32, *range(16, 0, -1)))


_SQLITE_LEASE: Final = _sized(
    "leases",
    LEASE_COLUMNS,
    f" ON CONFLICT (ip) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in LEASE_COLUMNS[1:])}",
)
_SQLITE_EVENT: Final = _sized("lease_events", EVENT_COLUMNS)


def _insert(connection: Any, statements: tuple[tuple[int, str], ...], rows: list[Values]) -> None:
    start = 0
    for size, statement in statements:
        while len(rows) - start >= size:
            connection.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size


# --- PostgreSQL ---


class PostgresqlWriter:
    """The database arbitrates between workers: an upsert takes only what is free or this client's."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self._worker = worker
        self._held = _Held(engine)

    def write(self, changes: Sequence[LeaseChange], now: int) -> set[int]:
        """Write the batch as one transaction in two round trips: what was refused has no event."""
        last = {change.after.ip: change.after for change in changes}
        # In the order of addresses, so that two workers never wait for each other's rows.
        leases = _columns([_pg_lease(last[ip]) for ip in sorted(last)])
        owners = _columns([(b.ip, b.client_key) for b in (c.before for c in changes) if is_held(b, now)]) or [
            [],
            [],
        ]

        def transaction(connection: Any) -> set[int]:
            with connection.cursor() as cursor:
                cursor.execute(_PG_LEASES, [self._worker, *leases, now, *owners])
                taken = {row[0] for row in cursor.fetchall()}
                with connection.pipeline():
                    self._note(cursor, [c for c in changes if c.after.ip in taken], (last[ip] for ip in taken), now)
                    connection.commit()
            return last.keys() - taken

        return self._held.run(transaction)

    def _note(self, cursor: Any, changes: Sequence[LeaseChange], leases: Iterable[Lease], now: int) -> None:
        if not changes:
            return
        cursor.execute(f"SELECT pg_advisory_xact_lock({EVENT_ORDER_LOCK})")
        cursor.execute(_PG_EVENTS, [now, self._worker, *_columns([_pg_event(change) for change in changes])])
        cursor.executemany(occupancy.SQL["postgresql"], occupancy.rows_of(leases))


def is_held(before: Lease | None, now: int) -> TypeGuard[Lease]:
    """Tell whether the client known here holds the lease still: it alone may go on under another identifier."""
    return before is not None and before.state == ACTIVE and before.expires_at > now


def _columns(rows: Sequence[Values]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _pg_lease(row: Lease) -> Values:
    expires = row.expires_at if row.expires_at < NEVER else None
    return (*row[:10], expires, row.renewals, row.relay or None, row.relay_info)


def _pg_event(change: LeaseChange) -> Values:
    row = change.after
    expires = row.expires_at if row.expires_at < NEVER else None
    return (row.state, row.ip, row.subnet_id, row.mac, row.client_id, row.hostname, expires, str(change.reason))


_ADDRESS: Final = "inet '0.0.0.0' + "
_PG_LEASES: Final = f"""
    INSERT INTO leases ({", ".join(LEASE_COLUMNS)})
    SELECT {_ADDRESS} ip, state, subnet_id, client_key, mac, client_id, hostname, vendor_class, started_at,
           renewed_at, expires_at, renewals, {_ADDRESS} relay, relay_info, %s
    FROM unnest(%b::int8[], %b::text[], %b::int8[], %b::bytea[], %b::bytea[], %b::bytea[], %b::text[], %b::text[],
                %b::int8[], %b::int8[], %b::int8[], %b::int8[], %b::int8[], %b::bytea[])
      AS new (ip, state, subnet_id, client_key, mac, client_id, hostname, vendor_class, started_at, renewed_at,
              expires_at, renewals, relay, relay_info)
    ON CONFLICT (ip) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in LEASE_COLUMNS[1:])}
    WHERE leases.expires_at <= %s
       OR excluded.state <> 'expired'
          AND (leases.state IN ('released', 'expired') OR leases.client_key = excluded.client_key
               OR (leases.ip - inet '0.0.0.0', leases.client_key)
                  IN (SELECT * FROM unnest(%b::int8[], %b::bytea[])))
    RETURNING ip - inet '0.0.0.0'
"""
_PG_EVENTS: Final = f"""
    INSERT INTO lease_events ({", ".join(EVENT_COLUMNS)})
    SELECT %s, type, {_ADDRESS} ip, subnet_id, mac, client_id, hostname, expires_at, reason, %s
    FROM unnest(%b::text[], %b::int8[], %b::int8[], %b::bytea[], %b::bytea[], %b::text[], %b::int8[], %b::text[])
      WITH ORDINALITY AS new (type, ip, subnet_id, mac, client_id, hostname, expires_at, reason, number)
    ORDER BY number
"""

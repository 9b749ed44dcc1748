"""What would many changes do? They are carried out, by the services themselves, on a copy of the plan in memory.

So a plan obeys exactly the rules that the API obeys, takes no lock of the real database, and yields the rows to
write: triggers of the copy note which rows each change touched. Those are written in bulk, in small transactions.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    literal_column,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.sqltypes import LargeBinary

from app.models import Base
from app.models.base import utc_now
from app.models.types import UtcSeconds
from app.services.errors import DomainError

NOT_PLAN: Final = frozenset({
    "alert_rules", "alerts", "audit", "commands", "import_chunks", "import_rows", "imports", "kept_answers",
    "lease_blocks", "lease_events", "leases", "rate_samples", "sessions", "staged_leases", "tokens", "users",
    "webhook_deliveries", "webhooks", "workers",
})  # fmt: skip
"""Tables that are not copied: nobody plans in them."""
COPY_ROWS: Final = 5000
_SEP: Final = "\x1f"


def plan_tables() -> list[Table]:
    """Return the tables that make the plan, those referred to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in NOT_PLAN]


@dataclass(slots=True)
class Touched:
    """What changes did to one row: made it, changed it, removed it, or (made and removed) nothing."""

    table: str
    key: str
    made: bool
    gone: bool = False


@dataclass(slots=True)
class Writes:
    """Rows to write, by table: `made` and `changed` as they become, `gone` by their key."""

    made: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    changed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gone: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def pack(self) -> bytes:
        """Return compressed JSON."""
        return zlib.compress(json.dumps([self.made, self.changed, self.gone]).encode())

    @classmethod
    def unpack(cls, data: bytes) -> "Writes":
        """Return what `pack` packed."""
        return cls(*json.loads(zlib.decompress(data)))

    def __bool__(self) -> bool:
        return bool(self.made or self.changed or self.gone)


class Rehearsal:
    """A copy of the plan, and what was done to it so far."""

    def __init__(self, source: Session) -> None:
        self.engine: Engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        event.listen(self.engine, "connect", _prepare)
        Base.metadata.create_all(self.engine)
        self.tables = {table.name: table for table in [*plan_tables(), Base.metadata.tables["audit"]]}
        with self.engine.begin() as copy:
            for table in plan_tables():
                for rows in source.execute(select(table)).mappings().partitions(COPY_ROWS):
                    copy.execute(insert(table), [dict(row) for row in rows])
            for statement in _triggers(list(self.tables.values())):
                copy.execute(text(statement))
        self.session = Session(self.engine, expire_on_commit=False)
        self._held: list[object] = []
        for name in ("loaded_as_persistent", "pending_to_persistent"):  # else each look at a row is a query
            event.listen(self.session, name, lambda _, row: self._held.append(row))
        self._seen = 0

    def close(self) -> None:
        """Forget the copy."""
        self.session.close()
        self.engine.dispose()

    def attempt(self, change: Callable[[Session], Any]) -> Any:
        """Carry out one change, whole or not at all; raises DomainError when a rule forbids it."""
        try:
            result = change(self.session)
            self.session.commit()
        except IntegrityError as error:
            self.session.rollback()
            raise DomainError() from error
        except DomainError:
            self.session.rollback()
            raise
        finally:
            self.session.info.clear()  # what services remember of a transaction
        return result

    def harvest(self) -> Writes:
        """Return what the changes since the last harvest wrote."""
        writes = Writes()
        made: dict[str, list[str]] = {}
        changed: dict[str, list[str]] = {}
        with self.engine.connect() as copy:
            for touched in self._touched(copy):
                if touched.gone and not touched.made:
                    writes.gone.setdefault(touched.table, []).append(self._key(copy, touched))
                elif not touched.gone and touched.table != "revisions":
                    (made if touched.made else changed).setdefault(touched.table, []).append(touched.key)
            writes.made = {table: self._rows(copy, table, keys) for table, keys in made.items()}
            writes.changed = {table: self._rows(copy, table, keys) for table, keys in changed.items()}
        self._held.clear()
        return writes

    def _touched(self, copy: Connection) -> Iterator[Touched]:
        found: dict[tuple[str, str], Touched] = {}
        query = text("SELECT n, tbl, op, pk FROM _touched WHERE n > :n ORDER BY n")
        for number, table, op, key in copy.execute(query, {"n": self._seen}):
            self._seen = number
            row = found.setdefault((table, key), Touched(table, key, made=op == "i"))
            row.gone = op == "d"
        yield from found.values()

    def _rows(self, copy: Connection, name: str, keys: list[str]) -> list[dict[str, Any]]:
        """Return the rows of the keys, which are SQL literals that triggers wrote."""
        table = self.tables[name]
        columns = ", ".join(f'"{column.name}"' for column in table.primary_key)
        values = ", ".join(f"({key.replace(_SEP, ', ')})" for key in keys)
        rows = copy.execute(select(table).where(text(f"({columns}) IN (VALUES {values})"))).mappings()
        return [{column: _plain(value) for column, value in row.items()} for row in rows]

    def _key(self, copy: Connection, touched: Touched) -> dict[str, Any]:
        """Return the key of a row that is gone; the literal that the trigger wrote is read as the column's type."""
        columns = list(self.tables[touched.table].primary_key)
        literals = [type_coerce(literal_column(v), c.type).label(c.name)
                    for c, v in zip(columns, touched.key.split(_SEP), strict=True)]  # fmt: skip
        return {name: _plain(value) for name, value in copy.execute(select(*literals)).mappings().one().items()}


def _prepare(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


def _triggers(tables: list[Table]) -> Iterator[str]:
    yield "CREATE TABLE _touched (n INTEGER PRIMARY KEY, tbl TEXT, op TEXT, pk TEXT)"
    for table in tables:
        for op, word, which in (("i", "INSERT", "NEW"), ("u", "UPDATE", "NEW"), ("d", "DELETE", "OLD")):
            key = " || char(31) || ".join(f'quote({which}."{column.name}")' for column in table.primary_key)
            yield (
                f'CREATE TRIGGER "_{op}_{table.name}" AFTER {word} ON "{table.name}" BEGIN '
                f"INSERT INTO _touched (tbl, op, pk) VALUES ('{table.name}', '{op}', {key}); END"
            )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def _read(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Give the values of a packed row the types that its columns take."""
    found = {}
    for name, value in row.items():
        kind = table.columns[name].type
        if value is not None and isinstance(kind, UtcSeconds):
            value = datetime.fromtimestamp(value, UTC)
        elif value is not None and isinstance(kind, LargeBinary):
            value = bytes.fromhex(value)
        found[name] = value
    return found


def write(connection: Connection, writes: Writes) -> None:
    """Write harvested rows to the real database, in the caller's transaction."""
    tables = Base.metadata.sorted_tables
    for table in tables:
        made = [_read(table, row) for row in writes.made.get(table.name, [])]
        if made and table.name == "audit":
            now = utc_now()
            made = [{**{k: v for k, v in row.items() if k != "id"}, "at": now} for row in made]
        if made:
            connection.execute(insert(table), made)
            _advance_sequence(connection, table)
        changed = [_read(table, row) for row in writes.changed.get(table.name, [])]
        if changed:
            _update(connection, table, changed)
    for table in reversed(tables):
        gone = [_read(table, row) for row in writes.gone.get(table.name, [])]
        if gone:
            keys = [column == bindparam(f"key_{column.name}", type_=column.type) for column in table.primary_key]
            connection.execute(delete(table).where(*keys), [_named(row) for row in gone])


def _update(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    keys = list(table.primary_key)
    where = [column == bindparam(f"key_{column.name}", type_=column.type) for column in keys]
    names = [column.name for column in table.columns if column not in keys]
    if names:
        statement = update(table).where(*where).values({name: bindparam(f"new_{name}") for name in names})
        rows = [
            {**_named({k.name: row[k.name] for k in keys}), **{f"new_{n}": row[n] for n in names}} for row in rows
        ]
        connection.execute(statement, rows)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in row.items()}


def _advance_sequence(connection: Connection, table: Table) -> None:
    """PostgreSQL: let the ids that the copy gave be known to the sequence."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns or table.name == "audit":
        return
    sequence = connection.execute(select(literal_column(f"pg_get_serial_sequence('{table.name}', 'id')"))).scalar()
    if sequence is not None:
        newest = f"(SELECT max(id) FROM {table.name})"
        connection.execute(
            text(f"SELECT setval('{sequence}', greatest({newest}, (SELECT last_value FROM {sequence})))")
        )

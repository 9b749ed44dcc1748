"""How is the whole database kept in one file, and brought back? The file is a SQLite database of our own tables.

So a backup of PostgreSQL can be restored on SQLite and the other way round, and any SQLite tool can look into it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, Table, func, insert, literal_column, select, text

from app.database import make_engine
from app.migrate import upgrade
from app.models import Base, Worker
from app.models.base import utc_now
from app.services.errors import Conflict, Invalid, Problem
from app.services.workers import SILENT_S

Progress = Callable[[str, int, int], None]
PAGES: Final = 1000
"""Pages copied before others get their turn: 4 MB."""
PAUSE_S: Final = 0.01
ROWS: Final = 5000


def backup(engine: Engine, path: Path, progress: Progress) -> dict[str, int]:
    """Write a consistent copy while the servers run, verify it, and return the rows of each table.

    Raises Conflict when the file exists.
    """
    if path.exists():
        raise Conflict(Problem("path", "exists", f"{path} exists already."))
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        if engine.dialect.name == "sqlite":
            counts = _backup_sqlite(engine, partial, progress)
        else:
            counts = _backup_tables(engine, partial, progress)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return counts


def _backup_sqlite(engine: Engine, path: Path, progress: Progress) -> dict[str, int]:
    assert engine.url.database is not None
    with closing(sqlite3.connect(engine.url.database)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(
            target,
            pages=PAGES,
            sleep=PAUSE_S,
            progress=lambda _, left, total: progress("backup", total - left, total),
        )
        target.execute("PRAGMA journal_mode=DELETE")
    return verify(path)


def _backup_tables(engine: Engine, path: Path, progress: Progress) -> dict[str, int]:
    with _opened(path) as target, engine.connect() as source:
        source.execution_options(isolation_level="REPEATABLE READ")
        counts = _copy(source, target, "backup", progress)
    if verify(path) != counts:
        raise Invalid(Problem("path", "damaged", "The backup does not hold what was read; the disk may be full."))
    return counts


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    """Yield a connection to a new file with all tables, without what keeps a live database safe."""
    made = make_engine(f"sqlite:///{path}")
    upgrade(made)
    with made.connect().execution_options(writing=True) as connection:
        yield connection
        connection.commit()
    with closing(made.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA journal_mode=DELETE")
    made.dispose()


def verify(path: Path) -> dict[str, int]:
    """Return the rows of each table of a backup; raises Invalid when it is damaged or none of ours."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            known = sorted(set(names) & set(Base.metadata.tables))
            counts = {
                name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in known
            }
    except sqlite3.DatabaseError as error:
        raise Invalid(Problem("path", "damaged", f"{path} is no backup: {error}.")) from None
    if found != "ok" or lost is not None:
        raise Invalid(Problem("path", "damaged", f"{path} is damaged: {found if found != 'ok' else lost}."))
    if "alembic_version" not in names:
        raise Invalid(Problem("path", "foreign", f"{path} is no backup of Leaseboard."))
    return counts


def _copy(source: Connection, target: Connection, stage: str, progress: Progress) -> dict[str, int]:
    tables = Base.metadata.sorted_tables
    sizes = {table.name: source.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    done, total = 0, sum(sizes.values())
    for table in tables:
        rows = source.execution_options(stream_results=True, yield_per=ROWS).execute(select(table)).mappings()
        for part in rows.partitions(ROWS):
            target.execute(insert(table), [dict(row) for row in part])
            done += len(part)
            progress(stage, done, total)
    return sizes


# --- restore ---


def restore(engine: Engine, path: Path, progress: Progress) -> dict[str, int]:
    """Replace everything in the database by the backup, whole or not at all; return the rows of each table.

    Raises Conflict when a server runs on the database, Invalid for a file that is no sound backup.
    """
    counts = verify(path)
    copy = path.with_name(f"{path.name}.restoring")
    copy.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        older = make_engine(f"sqlite:///{copy}")
        upgrade(older)
        upgrade(engine)
        with older.connect() as rows, engine.connect().execution_options(writing=True) as connection:
            check_idle(connection)
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            _copy(rows, connection, "restore", progress)
            _advance_sequences(connection)
            connection.commit()
        older.dispose()
    finally:
        for name in ("", "-wal", "-shm"):
            path.with_name(f"{copy.name}{name}").unlink(missing_ok=True)
    return counts


def check_idle(connection: Connection) -> None:
    """Raise Conflict when a worker reported lately, or another program has the database open."""
    workers = connection.execute(select(Worker.id, Worker.last_seen)).all()
    live = [id_ for id_, seen in workers if (utc_now() - seen).total_seconds() <= SILENT_S]
    if live:
        raise Conflict(
            Problem("", "running", f"A DHCP worker runs on this database: {', '.join(live)}. Stop it first.")
        )
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        others = int(connection.scalar(text(query)) or 0)
    else:
        others = _sqlite_users(str(connection.engine.url.database))
    if others:
        raise Conflict(Problem("", "running", "Another program has this database open; stop the servers first."))


def _sqlite_users(path: str) -> int:
    """Return how many other processes have the file open, as far as this system tells."""
    wanted = Path(path).resolve()
    found = 0
    for folder in Path("/proc").glob("[0-9]*/fd"):
        if folder.parent.name == "self" or int(folder.parent.name) == _own_pid():
            continue
        try:
            found += any(link.resolve() == wanted for link in folder.iterdir())
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def _own_pid() -> int:
    return int(Path("/proc/self").resolve().name)


def _advance_sequences(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        key = _serial_key(connection, table)
        if key is not None:
            sequence, column = key
            newest = f'(SELECT coalesce(max("{column}"), 0) + 1 FROM "{table.name}")'
            connection.execute(text(f"SELECT setval('{sequence}', {newest}, false)"))


def _serial_key(connection: Connection, table: Table) -> tuple[Any, str] | None:
    for column in table.primary_key:
        query: Select[Any] = select(literal_column(f"pg_get_serial_sequence('\"{table.name}\"', '{column.name}')"))
        sequence = connection.scalar(query)
        if sequence is not None:
            return sequence, column.name
    return None

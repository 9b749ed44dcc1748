"""How do both processes reach the one database?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA wal_autocheckpoint=4000",
)
SessionFactory = sessionmaker[Session]


class Compiler(SQLiteCompiler):
    """Writes SQL for SQLite, whose LIKE knows no case of ASCII letters: without `lower` it takes half the time."""

    def visit_ilike_case_insensitive_operand(self, element: Any, **options: Any) -> str:
        """Return the operand as it is, as on PostgreSQL."""
        written: str = element.element._compiler_dispatch(self, **options)
        return written


def read_json(written: str | bytes) -> Any:
    """Return what a JSON column holds: mostly nothing, which needs no reading."""
    if len(written) == 2 and written in ("[]", b"[]", "{}", b"{}"):
        return [] if written in ("[]", b"[]") else {}
    return json.loads(written)


def make_engine(url: str) -> Engine:
    """Open the database; a SQLite writer begins with BEGIN IMMEDIATE, so that it never fails half-way."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        engine = create_engine(parsed, pool_pre_ping=True, json_deserializer=read_json)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    options = {"check_same_thread": False, "timeout": 5.0}
    engine = create_engine(parsed, connect_args=options, json_deserializer=read_json)
    engine.dialect.statement_compiler = Compiler
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event writes BEGIN itself
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)  # SQLite has it from 3.41 on


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.execute("SET jit TO off")  # compiling a question of a millisecond took 400
    connection.commit()


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def make_session_factory(engine: Engine, info: dict[str, Any] | None = None) -> SessionFactory:
    """Return the factory of sessions whose objects stay readable after the commit; each knows the info."""
    return sessionmaker(engine, expire_on_commit=False, info=info)


@contextmanager
def unit_of_work(factory: SessionFactory, *, writing: bool = True) -> Iterator[Session]:
    """Yield a session; commit at the end, roll back on an error. Read-only work holds no write lock."""
    with factory() as session:
        session.connection(execution_options={"writing": writing})
        try:
            yield session
        except BaseException:
            session.rollback()
            raise
        session.commit()


def ping(engine: Engine) -> None:
    """Raise the driver's error when the database does not answer."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

"""How is the schema brought up to date?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

from app.settings import PROJECT


def alembic_config() -> Config:
    """Return the configuration of the migrations that come with the code."""
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    return config


def upgrade(engine: Engine, revision: str = "head", *, told: Callable[[str], None] | None = None) -> None:
    """Bring the schema up to the revision; `told` hears of each step when it is done."""
    _run(engine, command.upgrade, revision, told)


def revision_of(engine: Engine) -> str | None:
    """Return the revision that the schema has; None = there are no tables yet."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to the revision."""
    _run(engine, command.downgrade, revision)


def _run(engine: Engine, action, revision: str, told=None) -> None:  # type: ignore[no-untyped-def]  # two alembic commands
    config = alembic_config()
    with engine.connect().execution_options(writing=True) as connection, _rows_kept(connection):
        config.attributes["connection"] = connection
        config.attributes["told"] = told
        action(config, revision)
        connection.commit()


@contextmanager
def _rows_kept(connection: Connection) -> Iterator[None]:
    """Keep what hangs on a table that is rebuilt.

    SQLite changes a table by making it anew and dropping the old one; with foreign keys enforced the drop would
    delete each row that refers to it (ON DELETE CASCADE). The pragma works only outside a transaction.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=ON")

"""Do the migrations make the tables of the models, and unmake them?"""

from ipaddress import ip_address

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from app.migrate import downgrade, upgrade
from app.models import Base
from app.models.types import pack_address


# SQLite tells alembic of no index on an expression.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection", "ignore:autogenerate skipping metadata-spec")
def test_migrated_schema_is_that_of_the_models(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_told})
        assert compare_metadata(context, Base.metadata) == []


def _is_told(name: str | None, kind: str, parents: object) -> bool:
    """Tell whether the models know it: what finds parts of texts is made by the migrations alone."""
    return kind not in ("index", "table") or "_texts" not in str(name)


def test_what_finds_parts_of_texts_is_there_at_the_end(empty_engine: Engine) -> None:
    """A table that a migration makes anew loses its triggers on SQLite."""
    upgrade(empty_engine)
    tables = ("reservations", "addresses", "subnets")
    with empty_engine.connect() as connection:
        if empty_engine.dialect.name == "postgresql":
            found = set(connection.scalars(text("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_texts'")))
            assert found == {f"ix_{table}_texts" for table in tables}
        else:
            found = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
            events = ("insert", "update", "delete")
            assert found == {f"{table}_texts_{event}" for table in tables for event in events}


def test_downgrade_leaves_nothing(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    downgrade(empty_engine, "base")
    assert set(inspect(empty_engine).get_table_names()) <= {"alembic_version"}
    upgrade(empty_engine)


def test_an_upgrade_keeps_what_hangs_on_a_changed_table(empty_engine: Engine) -> None:
    """A rebuilt subnets table must not take its pools along, nor users their tokens."""
    upgrade(empty_engine, "0001")
    first, last = (_address(empty_engine, n) for n in (0, 255))
    with empty_engine.execution_options(writing=True).begin() as connection:
        values = {"first": first, "last": last, "yes": True, "no": False}
        connection.execute(text(_SUBNET), values)
        connection.execute(text(_POOL), values)
        connection.execute(text(_USER))
        connection.execute(text(_TOKEN))
    upgrade(empty_engine)
    with empty_engine.connect() as connection:
        for table in ("subnets", "pools", "users", "tokens"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1, table


def _address(engine: Engine, number: int) -> object:
    address = ip_address(f"10.0.0.{number}")
    return pack_address(address) if engine.dialect.name == "sqlite" else str(address)


_SUBNET = """INSERT INTO subnets (id, first, last, prefix_len, name, description, relays, dhcp_enabled,
 authoritative, ping_check, ignore_client_id, options, version, created_at, updated_at)
 VALUES (1, :first, :last, 24, '', '', '[]',
 :yes, :yes, :no, :no, '[]', 1, 0, 0)"""
_POOL = """INSERT INTO pools (id, subnet_id, first, last, kind, options, version)
 VALUES (1, 1, :first, :last, 'dynamic', '[]', 1)"""
_USER = "INSERT INTO users (id, name, password_hash, role, created_at) VALUES (1, 'a', 'x', 'admin', 0)"
_TOKEN = "INSERT INTO tokens (id, user_id, name, secret_hash, created_at) VALUES (1, 1, 't', 'x', 0)"

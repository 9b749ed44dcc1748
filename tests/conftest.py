"""A real SQLite file and a real PostgreSQL server for every test that wants a database."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from app.database import SessionFactory, make_engine, make_session_factory
from app.migrate import upgrade

# A test that starts the product takes what an earlier start compiled: 38,000 lines are half the CPU of a start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Choose whom the conformance cases ask; the peers must be installed (`make conformance`)."""
    servers = ("ours", "kea", "dhcpd", "dnsmasq")
    parser.addoption("--server", choices=servers, default="ours", help="DHCP server under conformance test")


LONGEST = ("packaging", "browser", "cluster", "network", "conformance")
"""Groups of tests that run in one process, the longest first: none may begin when the others are nearly done."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest groups first; the order within them, and of all other tests, stays."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    return LONGEST.index(group.args[0]) if group is not None and group.args[0] in LONGEST else len(LONGEST)


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


def as_postgres(*words: str) -> None:
    """Run a program of the server, which refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *words], check=True, stdout=subprocess.DEVNULL, timeout=60, cwd="/")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the tests' own on loopback; its address without a database name."""
    programs = find_postgresql()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("tests on PostgreSQL need its server")
        pytest.skip("tests on PostgreSQL need its server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/leaseboard-pg-XXXXXX"], text=True).strip())
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    as_postgres(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres")
    # Nothing here outlives a crash, so nothing is synced: the clusters of tests/e2e keep PostgreSQL's own settings.
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    as_postgres(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        as_postgres(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied: migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "leaseboard.db"
    made = make_engine(f"sqlite:///{path}")
    upgrade(made)
    made.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_template(postgresql: str) -> str:
    """The name of a migrated database on the tests' PostgreSQL server, to be copied."""
    _administer(postgresql, "CREATE DATABASE migrated")
    made = make_engine(f"{postgresql}/migrated")
    upgrade(made)
    made.dispose()
    return "migrated"


def _administer(server: str, statement: str) -> None:
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@contextmanager
def _database(server: str, template: str) -> Iterator[Engine]:
    """Make a database of its own on PostgreSQL, and drop it at the end."""
    name = f"t{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    made = make_engine(f"{server}/{name}")
    yield made
    made.dispose()
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path}/test.db")
        yield made
        made.dispose()
    else:
        with _database(request.getfixturevalue("postgresql"), "template1") as made:
            yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of either kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "test.db")
        made = make_engine(f"sqlite:///{tmp_path}/test.db")
        yield made
        made.dispose()
    else:
        server, template = (request.getfixturevalue(name) for name in ("postgresql", "migrated_template"))
        with _database(server, template) as made:
            yield made


@pytest.fixture
def factory(engine: Engine) -> SessionFactory:
    """Sessions on a migrated database of either kind."""
    return make_session_factory(engine)

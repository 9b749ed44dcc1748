"""Which servers are compared, and how is each started on an empty lease store?

Each gets the same subnet, pool and options. Nothing is tuned down: where a server has a faster setting that
keeps its promise (threads, UDP sockets for relayed clients), that setting is one of the rows.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, text

from app.database import make_engine
from app.migrate import upgrade
from tests.perf import plan
from tests.perf.lab import POOL, SERVER, SERVER_LINK, SMALL_POOL, Daemon, Lab, cpu_s, memory_bytes, run, wait

LEASE_S: Final = 7200
ROOT: Final = Path(__file__).parents[2]


@dataclass(slots=True)
class Running:
    """A started server; `database` is the PostgreSQL that works for it, if any."""

    daemon: Daemon
    database: Daemon | None = None
    workers: list[Daemon] = field(default_factory=list)

    def cpu_s(self) -> tuple[float, float]:
        """Return the CPU seconds of the server and of its database, told apart."""
        own = sum(cpu_s(each.pid) for each in (self.daemon, *self.workers))
        return own, cpu_s(self.database.pid) if self.database else 0.0

    def memory_bytes(self) -> int:
        """Return the memory of the server's own processes."""
        return sum(memory_bytes(each.pid) for each in (self.daemon, *self.workers))

    def stop(self) -> None:
        """Stop server, then database."""
        for each in (self.daemon, *self.workers, self.database):
            if each is not None:
                each.stop()


@dataclass(frozen=True, slots=True)
class Server:
    """What is measured: a name for the table, what its promise is, and a rate that it surely reaches."""

    key: str
    name: str
    durable: str
    peer: bool
    first_rate: int

    def missing(self) -> str:
        """Return which program is missing, empty if none."""
        if "postgresql" in self.key and postgresql_programs() is None:
            return "postgresql"
        wanted = {"kea": "kea-dhcp4", "dns": "dnsmasq", "isc": "dhcpd"}.get(self.key[:3], "python3")
        return "" if shutil.which(wanted) else wanted

    def start(self, lab: Lab, folder: Path) -> Running:
        """Start it with an empty lease store; it answers when this returns."""
        folder.mkdir(parents=True, exist_ok=True)
        database = start_postgresql(folder) if "postgresql" in self.key else None
        try:
            return Running(_START[self.key](lab, folder), database)
        except BaseException:
            if database is not None:
                database.stop()
            raise


SERVERS: Final = (
    Server("kea", "Kea memfile, one thread", "no", True, 4000),
    Server("kea-mt", "Kea memfile, multi-threaded", "no", True, 4000),
    Server("kea-postgresql", "Kea on PostgreSQL", "yes", True, 400),
    Server("dnsmasq", "dnsmasq", "partly", True, 100),
    Server("isc", "ISC dhcpd", "yes", True, 10),
    Server("leaseboard-sqlite", "Leaseboard on SQLite", "yes", False, 8000),
    Server("leaseboard-postgresql", "Leaseboard on PostgreSQL", "yes", False, 4000),
    Server("compiled-sqlite", "Leaseboard on SQLite, compiled", "yes", False, 8000),
    Server("compiled-postgresql", "Leaseboard on PostgreSQL, compiled", "yes", False, 4000),
)


# --- PostgreSQL, one fresh server for each run ---


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def start_postgresql(folder: Path) -> Daemon:
    """Start a server that syncs every commit; it is reached through a socket in `folder`."""
    programs, data = postgresql_programs(), folder / "pg"
    assert programs is not None
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    data.mkdir()
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(data, "postgres")
    run(*prefix, str(programs / "initdb"), "-D", f"{data}/db", "-A", "trust", "-U", "postgres", "--no-sync")
    settings = {"listen_addresses": "", "unix_socket_directories": str(data), "shared_buffers": "512MB",
                "max_wal_size": "4GB", "synchronous_commit": "on", "fsync": "on"}  # fmt: skip
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # setpriv replaces itself, so that the daemon's pid is the postmaster's
    account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if prefix else []
    daemon = Daemon([*account, str(programs / "postgres"), "-D", f"{data}/db", *words], folder, "postgresql")
    engine = create_engine(postgresql_url(folder, "postgres"), isolation_level="AUTOCOMMIT")
    try:
        wait(lambda: _answers(engine), 30, f"PostgreSQL\n{daemon.log.read_text()}")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
    except BaseException:
        daemon.stop()
        raise
    finally:
        engine.dispose()
    return daemon


def postgresql_url(folder: Path, name: str = "bench") -> str:
    """Return the address of a database of the run's own server."""
    return f"postgresql+psycopg://postgres@/{name}?host={folder}/pg"


def _answers(engine: Engine) -> bool:
    try:
        engine.connect().close()
    except Exception:  # whatever the driver says while the server starts
        return False
    return True


# --- Leaseboard ---


def _start_sqlite(lab: Lab, folder: Path) -> Daemon:
    return start_leaseboard(lab, folder, f"sqlite:///{folder}/bench.db")


def _start_leaseboard_postgresql(lab: Lab, folder: Path) -> Daemon:
    return start_leaseboard(lab, folder, postgresql_url(folder))


def _start_compiled_sqlite(lab: Lab, folder: Path) -> Daemon:
    return start_leaseboard(lab, folder, f"sqlite:///{folder}/bench.db", sources=compiled())


def _start_compiled_postgresql(lab: Lab, folder: Path) -> Daemon:
    return start_leaseboard(lab, folder, postgresql_url(folder), sources=compiled())


@cache
def compiled() -> Path:
    """Return the folder of the sources with their compiled modules, as the container image has them."""
    made = ROOT / "build" / "compiled"
    run(sys.executable, str(ROOT / "scripts" / "compile.py"), "--to", str(made))
    return made


def start_leaseboard(
    lab: Lab, folder: Path, url: str, pool: tuple[str, str] = POOL, sources: Path = ROOT
) -> Daemon:
    """Plan the subnet in an empty database, then start one worker on it."""
    engine = make_engine(url)
    upgrade(engine)
    plan.write_subnet(engine, pool, LEASE_S)
    engine.dispose()
    return start_worker(lab, folder, url, sources)


def start_worker(lab: Lab, folder: Path, url: str, sources: Path = ROOT) -> Daemon:
    """Start a worker on a database that is ready; it serves when this returns."""
    words = (sys.executable, "-m", "dhcpd", "--database", url, "--interface", SERVER_LINK)
    daemon = Daemon(lab.on_server(*words), folder, "leaseboard", {"PYTHONPATH": str(sources)})
    _wait_for(daemon, "serving port")
    return daemon


# --- peers ---


def _kea(lab: Lab, folder: Path, database: dict[str, Any], *, threads: int) -> Daemon:
    options = [{"name": name, "data": data} for name, data in plan.OPTIONS]
    config = {"Dhcp4": {
        "interfaces-config": {"interfaces": [SERVER_LINK], "dhcp-socket-type": "raw"},
        "lease-database": database,
        "valid-lifetime": LEASE_S,
        "multi-threading": {"enable-multi-threading": threads > 1, "thread-pool-size": threads,
                            "packet-queue-size": 64},
        "subnet4": [{"subnet": "10.0.0.0/8", "id": 1, "pools": [{"pool": "-".join(POOL)}],
                     "option-data": [{"name": "routers", "data": SERVER}, *options]}],
        "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout"}], "severity": "WARN"}],
    }}  # fmt: skip
    path = folder / "kea.json"
    path.write_text(json.dumps(config))
    env = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
    daemon = Daemon(lab.on_server("kea-dhcp4", "-c", str(path)), folder, "kea", env)
    _wait_for_socket(lab, daemon)
    return daemon


def _memfile(folder: Path) -> dict[str, Any]:
    return {"type": "memfile", "persist": True, "name": str(folder / "leases.csv")}


def _start_kea(lab: Lab, folder: Path) -> Daemon:
    return _kea(lab, folder, _memfile(folder), threads=1)


def _start_kea_threads(lab: Lab, folder: Path) -> Daemon:
    return _kea(lab, folder, _memfile(folder), threads=os.cpu_count() or 2)


def _start_kea_postgresql(lab: Lab, folder: Path) -> Daemon:
    host = str(folder / "pg")
    run("psql", "-q", "-h", host, "-U", "postgres", "-d", "bench", "-v", "ON_ERROR_STOP=1",
        "-f", "/usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql")  # fmt: skip
    database = {"type": "postgresql", "name": "bench", "host": host, "user": "postgres", "password": ""}
    return _kea(lab, folder, database, threads=os.cpu_count() or 2)


def _start_dnsmasq(lab: Lab, folder: Path) -> Daemon:
    words = ["dnsmasq", "-k", "--port=0", "--conf-file=/dev/null", "--user=root", "--no-ping"]
    words += [f"--interface={SERVER_LINK}", f"--dhcp-range={POOL[0]},{POOL[1]},255.0.0.0,{LEASE_S}",
              "--dhcp-lease-max=3000000", f"--dhcp-leasefile={folder}/leases", f"--pid-file={folder}/pid",
              *(f"--dhcp-option=option:{name},{data}" for name, data in plan.DNSMASQ_OPTIONS)]  # fmt: skip
    daemon = Daemon(lab.on_server(*words), folder, "dnsmasq")
    _wait_for_socket(lab, daemon)
    return daemon


def _start_isc(lab: Lab, folder: Path) -> Daemon:
    (folder / "dhcpd.leases").touch()
    lines = "".join(f"option {name} {data};\n" for name, data in plan.ISC_OPTIONS)
    (folder / "dhcpd.conf").write_text(
        f"authoritative;\nping-check off;\ndefault-lease-time {LEASE_S};\nmax-lease-time {LEASE_S};\n"
        f"subnet 10.0.0.0 netmask 255.0.0.0 {{\nrange {SMALL_POOL[0]} {SMALL_POOL[1]};\n"
        f"option routers {SERVER};\n{lines}}}\n"
    )
    words = ["dhcpd", "-4", "-f", "-q", "--no-pid", "-cf", str(folder / "dhcpd.conf"),
             "-lf", str(folder / "dhcpd.leases"), SERVER_LINK]  # fmt: skip
    daemon = Daemon(lab.on_server(*words), folder, "dhcpd")
    _wait_for_socket(lab, daemon)
    return daemon


def _wait_for(daemon: Daemon, words: str) -> None:
    try:
        wait(lambda: words in daemon.log.read_text() or not daemon.alive(), 120, words)
        if not daemon.alive():
            raise RuntimeError(daemon.log.read_text()[-2000:])
    except BaseException:
        daemon.stop()
        raise


def _wait_for_socket(lab: Lab, daemon: Daemon) -> None:
    """Wait for a UDP socket on port 67 of the server's namespace."""
    try:
        wait(lambda: ":67 " in run(*lab.on_server("ss", "-Hlun")) or not daemon.alive(), 60, "port 67")
        if not daemon.alive():
            raise RuntimeError(daemon.log.read_text()[-2000:])
    except BaseException:
        daemon.stop()
        raise


_START: Final = {
    "kea": _start_kea,
    "kea-mt": _start_kea_threads,
    "kea-postgresql": _start_kea_postgresql,
    "dnsmasq": _start_dnsmasq,
    "isc": _start_isc,
    "leaseboard-sqlite": _start_sqlite,
    "leaseboard-postgresql": _start_leaseboard_postgresql,
    "compiled-sqlite": _start_compiled_sqlite,
    "compiled-postgresql": _start_compiled_postgresql,
}

"""Two DHCP hosts, two PostgreSQL servers and a relay, each in a namespace of its own.

    relay 10.60.0.3 -- front 10.60.0.0/24 -- a .1, b .2
                        back 10.61.0.0/24 -- a .1, b .2, db1 .11, db2 .12

The back network is where a host can be cut off from the database while its clients still reach it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from app.database import make_engine
from app.migrate import upgrade
from tests.conftest import find_postgresql
from tests.e2e.conftest import run, wait

ROOT = Path(__file__).resolve().parents[3]
RELAY = "10.60.0.3"
PLACES = {"a": (1, 1), "b": (2, 2), "relay": (3, None), "db1": (None, 11), "db2": (None, 12)}
SERVERS = {"a": "10.60.0.1", "b": "10.60.0.2"}


class Cluster:
    """Everything, from the wires to the load."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leaseboard-cluster-", dir="/tmp"))
        self.folder.chmod(0o777)
        self.spaces: list[str] = []
        self.engines: dict[str, Engine] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        found = find_postgresql()
        assert found is not None
        self.programs = found

    def space(self, name: str) -> str:
        return f"lbc{os.getpid()}{name}"

    def inside(self, name: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", self.space(name), *words]

    def wire(self) -> None:
        """Make the hosts and join them by two bridges in a namespace of their own."""
        for name in (*PLACES, "sw"):
            run("ip", "netns", "add", self.space(name))
            self.spaces.append(self.space(name))
            run("ip", "-n", self.space(name), "link", "set", "lo", "up")
        for bridge in ("front", "back"):
            run("ip", "-n", self.space("sw"), "link", "add", bridge, "type", "bridge")
            run("ip", "-n", self.space("sw"), "link", "set", bridge, "up")
        for name, places in PLACES.items():
            for bridge, network, place in zip(("front", "back"), ("10.60.0", "10.61.0"), places, strict=True):
                if place is not None:
                    self.plug(name, bridge, f"{network}.{place}/24")

    def plug(self, name: str, bridge: str, address: str) -> None:
        here, there = self.space(name), self.space("sw")
        port = f"{bridge[0]}-{name}"
        run("ip", "-n", here, "link", "add", bridge, "type", "veth", "peer", "name", port, "netns", there)
        run("ip", "-n", there, "link", "set", port, "master", bridge, "up")
        run("ip", "-n", here, "addr", "add", address, "dev", bridge)
        run("ip", "-n", here, "link", "set", bridge, "up")

    def cut(self, name: str, *, off: bool) -> None:
        """Take a host's way to the database away, or give it back."""
        run("ip", "-n", self.space("sw"), "link", "set", f"b-{name}", "down" if off else "up")

    # --- PostgreSQL ---

    def postgres(self, name: str, *words: str) -> None:
        line = self.inside(name, "runuser", "-u", "postgres", "--", *words)
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, timeout=90, cwd="/")

    def start_databases(self) -> None:
        """Start a primary and a standby that confirms each commit before the client hears of it."""
        for name in ("db1", "db2"):
            home = self.folder / name
            home.mkdir()
            shutil.chown(home, "postgres")
        data = self.folder / "db1" / "data"
        self.postgres("db1", str(self.programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres")
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.61.0.0/24 trust\nhost replication all 10.61.0.0/24 trust\n")
        self.start_database("db1")
        standby = self.folder / "db2" / "data"
        self.postgres("db2", str(self.programs / "pg_basebackup"), "-D", str(standby), "-R", "-h", "10.61.0.11",
                      "-U", "postgres", "-c", "fast")  # fmt: skip
        self.start_database("db2")
        admin = create_engine(self.local_url("db1", "postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET synchronous_standby_names = '*'"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE DATABASE leaseboard"))
        admin.dispose()
        upgrade(self.engine("db1"))

    def start_database(self, name: str) -> None:
        data = str(self.folder / name / "data")
        options = f"-k {self.folder / name} -c listen_addresses=* -c wal_level=replica -c fsync=on"
        log = str(self.folder / name / "log")
        self.postgres(name, str(self.programs / "pg_ctl"), "-D", data, "-w", "-l", log, "-o", options, "start")

    def kill_database(self, name: str) -> None:
        """kill -9 the postmaster and what it started."""
        lock = self.folder / name / "data" / "postmaster.pid"
        pid = lock.read_text().split()[0]
        found = subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True, check=False, timeout=10)
        subprocess.run(["kill", "-9", pid, *found.stdout.split()], check=False, capture_output=True, timeout=10)
        lock.unlink()

    def promote(self, name: str) -> None:
        self.postgres(name, str(self.programs / "pg_ctl"), "-D", str(self.folder / name / "data"), "-w", "promote")

    def local_url(self, name: str, database: str = "leaseboard") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder / name}"

    def engine(self, name: str) -> Engine:
        if name not in self.engines:
            self.engines[name] = make_engine(self.local_url(name))
        return self.engines[name]

    # --- DHCP hosts and the load ---

    def start_host(self, name: str, workers: int = 1) -> None:
        """Start the workers of a host, under a host name of its own."""
        url = "postgresql+psycopg://postgres@/leaseboard?host=10.61.0.11:5432&host=10.61.0.12:5432"
        command = f'hostname {name} && exec "$0" -m app.cli dhcpd --workers {workers} --interface front'
        line = self.inside(name, "unshare", "--uts", "sh", "-c", command, sys.executable)
        env = {**os.environ, "LEASEBOARD_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        if name in self.processes:
            self.processes[name].wait(10)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                line, stdout=log, stderr=log, env=env, start_new_session=True, cwd=ROOT
            )

    def signal_host(self, name: str, number: int) -> None:
        os.killpg(self.processes[name].pid, number)

    def wait_for_hosts(self, *names: str) -> None:
        wait(lambda: all("serving port" in self.log(name) for name in names), 30, f"hosts {names}\n{self.logs()}")

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{self.log(name)[-3000:]}" for name in SERVERS)

    def start_load(self, rate: float, seconds: float) -> Path:
        out = self.folder / "acks"
        words = [",".join(SERVERS.values()), RELAY, str(rate), str(seconds), str(out)]
        line = self.inside("relay", sys.executable, "-m", "tests.e2e.cluster.load", *words)
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.processes["load"] = subprocess.Popen(line, env=env, start_new_session=True, cwd=ROOT)
        return out

    def close(self) -> None:
        for engine in self.engines.values():
            engine.dispose()
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        for name in ("db1", "db2"):
            if (self.folder / name / "data" / "postmaster.pid").exists():
                self.kill_database(name)
        for space in self.spaces:
            run("ip", "netns", "del", space)
        shutil.rmtree(self.folder, ignore_errors=True)

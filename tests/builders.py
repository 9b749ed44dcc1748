"""What do tests of the whole product start, and how do they speak to it?"""

import os
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import httpx
from fastapi import FastAPI
from pwdlib import PasswordHash
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.routing import BaseRoute

from app.database import SessionFactory, make_engine, make_session_factory, unit_of_work
from app.main import create_app
from app.models import User
from app.services import tokens, users
from app.services.actors import COMMAND_LINE
from app.services.kept import Kept
from app.services.plan_map import PLAN_MAP, read_map, renew_map
from app.services.promised import kept_promised
from app.settings import Settings
from app.simulate import Simulation, find_relay
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, encode

LIMIT_BYTES = 548
PASSWORD = "correct horse battery"
START_S = 60
"""A start costs five seconds of CPU; other tests run beside it."""


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def keeping_sessions(engine: Engine) -> SessionFactory:
    """Return sessions that share a kept plan, as those of the application do."""
    return make_session_factory(engine, {PLAN_MAP: Kept(read_map, renew=renew_map), **kept_promised()})


def discover(relay: str, mac: bytes, *, wanted: bytes = b"") -> bytes:
    """Return a DISCOVER as the relay passes it on; wanted = the option codes that the client asks for."""
    options = {53: bytes((MessageType.DISCOVER,)), **({55: wanted} if wanted else {})}
    giaddr = int.from_bytes(socket.inet_aton(relay), "big")
    return encode(Packet(giaddr=giaddr, chaddr=mac, options=options), limit_bytes=LIMIT_BYTES, order=()).data


@cache
def _routes() -> tuple[BaseRoute, ...]:
    return tuple(create_app(Settings(database_url="sqlite://")).router.routes)


def application(settings: Settings) -> FastAPI:
    """Return the application; those of one process share the routes, which are a second of CPU to work out."""
    app = create_app(settings)
    app.router.routes[:] = _routes()
    return app


@cache
def _hash_of_password() -> str:
    return PasswordHash.recommended().hash(PASSWORD)


def add_user(session: Session, name: str, role: str) -> User:
    """Make a user whose password is PASSWORD; it is hashed once, which is slow on purpose."""
    user = users.create_user(session, COMMAND_LINE, name, None, role)
    user.password_hash = _hash_of_password()
    session.flush()
    return user


def add_script(session: Session, name: str, role: str) -> dict[str, str]:
    """Make a user; return the headers of a token of theirs."""
    _, secret = tokens.create_token(session, COMMAND_LINE, add_user(session, name, role), "test", None)
    return {"Authorization": f"Bearer {secret}"}


def sign_up(database_url: str) -> dict[str, str]:
    """Make the first administrator of a migrated database; return the headers of a token of theirs."""
    engine = make_engine(database_url)
    with unit_of_work(make_session_factory(engine)) as session:
        headers = add_script(session, "root", "admin")
    engine.dispose()
    return headers


class Site:
    """A web server at `url`, and an admin's script that speaks to it."""

    url: str
    web: httpx.Client
    bearer: dict[str, str]

    def api(self, method: str, path: str, **more: object) -> httpx.Response:
        return self.web.request(method, f"/api/v1{path}", headers=self.bearer, **more)  # type: ignore[arg-type]  # passed on

    def plan(self, cidr: str = "10.9.0.0/24", start: str = "10.9.0.50", end: str = "10.9.0.249") -> int:
        made = self.api("POST", "/subnets", json={"cidr": cidr, "gateway": cidr.replace(".0/24", ".1")})
        assert made.status_code == 201, made.text
        subnet = int(made.json()["id"])
        self.make_pool(subnet, start, end)
        return subnet

    def make_pool(self, subnet: int, start: str, end: str) -> None:
        pool = self.api("POST", "/pools", json={"subnet_id": subnet, "start": start, "end": end})
        assert pool.status_code == 201, pool.text

    def everything(self, path: str) -> list[dict[str, str]]:
        """Follow the cursor of a list to its end."""
        page = self.api("GET", path).json()
        items = list(page["items"])
        while page["next_cursor"]:
            page = self.api("GET", f"{path}&cursor={page['next_cursor']}").json()
            items += page["items"]
        return items


class Product(Site):
    """A running `leaseboard serve` with an admin's token."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.dhcp_port = free_port(socket.SOCK_DGRAM)
        self.env = {
            **os.environ,
            "LEASEBOARD_DATABASE_URL": f"sqlite:///{folder}/test.db",
            "LEASEBOARD_DHCP_PORT": str(self.dhcp_port),
            "LEASEBOARD_INTERFACES": "lo",
            "LEASEBOARD_LISTEN": self.url.removeprefix("http://"),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.database = folder / "test.db"
        self.log = folder / "log"
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "app.cli", "serve"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        self.web = httpx.Client(base_url=self.url, follow_redirects=False, timeout=10)
        try:
            self.wait(self._answers, START_S)
        except BaseException:
            self.stop()
            raise

    def _answers(self) -> bool:
        try:
            return self.web.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def wait(self, condition, seconds: float = 20) -> None:  # type: ignore[no-untyped-def]  # any callable
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s:\n{self.log.read_text()}")

    def command(self, *words: str, given: str = "") -> str:
        line = [sys.executable, "-m", "app.cli", *words]
        done = subprocess.run(line, env=self.env, input=given, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def simulate(self, clients: int, *, rate: float = 50.0) -> None:
        """Let clients get an address each as `leaseboard simulate` does, without a process that loads first."""
        settings = Settings(database_url=self.env["LEASEBOARD_DATABASE_URL"], dhcp_port=self.dhcp_port)
        relay = find_relay(settings)
        assert relay is not None
        outcome = Simulation(relay, self.dhcp_port, clients, rate).run(lambda done: None)
        assert len(outcome.leases) == clients, f"{outcome.refused} refused, {outcome.silent} without an answer"

    def sign_up(self) -> None:
        """Make the first administrator and a token of theirs, in the product's database."""
        self.bearer = sign_up(self.env["LEASEBOARD_DATABASE_URL"])

    def live(self) -> bool:
        workers = self.api("GET", "/workers").json()["items"]
        return any(w["live"] and w["revision_applied"] == w["revision_latest"] for w in workers)

    def worker_pid(self) -> int:
        return int(self.api("GET", "/workers").json()["items"][0]["pid"])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.web.close()


def hold_leases(
    engine: Engine, *addresses: str, until: int = 4_000_000_000, state: str = ACTIVE, maker: bytes = b"\2\0"
) -> None:
    """Let clients hold addresses, written as the worker writes them; the MAC of 10.0.2.5 is 02:00:0a:00:02:05."""
    changes = []
    for text in addresses:
        ip = int(IPv4Address(text))
        mac = maker + ip.to_bytes(4, "big")
        row = Lease(ip, state, 1, b"\0\1" + mac, mac, b"", "", "", 1, 1, until, 0, 0, b"")
        changes.append(LeaseChange(None, row, Reason.ASSIGNED))
    assert Store(engine, "test").commit(changes, now=1_800_000_000) == set()

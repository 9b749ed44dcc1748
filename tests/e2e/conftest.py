"""A network of namespaces: server, a client on its link, a relay with a client behind it..

client --10.20.0.0/24-- server --10.30.0.0/24-- relay --10.40.0.0/24-- remote
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders import START_S, sign_up

TOOLS = ("ip", "dhclient", "udhcpc", "dhcpcd", "dhcrelay", "tshark", "unshare")
SPACES = ("server", "client", "relay", "remote")


def needs_machine(*tools: str) -> None:
    """Skip a test (in CI: fail it) on a machine without root or one of the tools."""
    lacks = [tool for tool in tools if shutil.which(tool) is None]
    lacks += [] if os.geteuid() == 0 else ["root"]
    if lacks:
        words = f"tests with network namespaces need: {', '.join(lacks)}"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60, **more)  # type: ignore[call-overload,no-any-return]  # options


def wait(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Host:
    """A namespace with a copy of /etc of its own, so that clients can write resolv.conf."""

    def __init__(self, name: str, folder: Path) -> None:
        self.space = f"lbt{os.getpid()}{name[:3]}{name[-1]}"
        self.folder = folder / name
        self.etc = self.folder / "etc"
        self.folder.mkdir()
        run("cp", "-a", "/etc", str(self.etc))
        (self.etc / "resolv.conf").write_text("")
        run("ip", "netns", "add", self.space)
        self.ip("link", "set", "lo", "up")
        self.children: list[subprocess.Popen[bytes]] = []

    def ip(self, *words: str) -> str:
        return run("ip", "-n", self.space, *words).stdout

    def line(self, *words: str) -> list[str]:
        # dhcpcd finds a running one, of whatever namespace, by its files in /run.
        own = f"mkdir -p {self.folder}/run /run/dhcpcd && mount --bind {self.folder}/run /run/dhcpcd"
        bind = f'mount --bind {self.etc} /etc && {own} && exec "$@"'
        return ["ip", "netns", "exec", self.space, "unshare", "-m", "sh", "-c", bind, "sh", *words]

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(self.line(*words), stdout=log, stderr=log, env=env, start_new_session=True)
        self.children.append(child)
        return child

    def has(self, device: str, address: str) -> bool:
        return address in self.ip("-4", "addr", "show", "dev", device)

    def resolvers(self) -> str:
        path = self.etc / "resolv.conf"
        return path.read_text() if path.exists() else ""

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(5)
        run("ip", "netns", "del", self.space)


class Network:
    """The four hosts, and `leaseboard serve` in the first, on the migrated database of the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bridge = folder / "web.sock"
        self.web = httpx.Client(base_url="http://leaseboard", transport=httpx.HTTPTransport(uds=str(self.bridge)))
        self.env = {
            **os.environ,
            "LEASEBOARD_DATABASE_URL": f"sqlite:///{folder}/test.db",
            "LEASEBOARD_INTERFACES": "s0,s1",
            "LEASEBOARD_LISTEN": "127.0.0.1:8000",
            "PYTHONUNBUFFERED": "1",
        }
        self.hosts = {name: Host(name, folder) for name in SPACES}
        self.server, self.client, self.relay, self.remote = self.hosts.values()

    def start(self) -> None:
        """Join the hosts and start the product."""
        self._wire()
        self._serve()

    def _wire(self) -> None:
        for left, a, right, b in (
            (self.server, "s0", self.client, "eth0"),
            (self.server, "s1", self.relay, "up0"),
            (self.relay, "down0", self.remote, "eth0"),
        ):
            left.ip("link", "add", a, "type", "veth", "peer", "name", b, "netns", right.space)
            left.ip("link", "set", a, "up")
            right.ip("link", "set", b, "up")
        self.server.ip("addr", "add", "10.20.0.1/24", "dev", "s0")
        self.server.ip("addr", "add", "10.30.0.1/24", "dev", "s1")
        self.server.ip("route", "add", "10.40.0.0/24", "via", "10.30.0.2")
        self.relay.ip("addr", "add", "10.30.0.2/24", "dev", "up0")
        self.relay.ip("addr", "add", "10.40.0.1/24", "dev", "down0")
        run("ip", "netns", "exec", self.relay.space, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        for host in self.hosts.values():  # real checksums on the wire, for the independent decoder
            for device in host.ip("-o", "link", "show", "type", "veth").splitlines():
                name = device.split(": ")[1].split("@")[0]
                run("ip", "netns", "exec", host.space, "ethtool", "-K", name, "tx", "off")

    def _serve(self) -> None:
        self.headers = sign_up(self.env["LEASEBOARD_DATABASE_URL"])
        self.process = self.server.start(sys.executable, "-m", "app.cli", "serve", env=self.env)
        # A unix socket crosses namespaces; the web server listens on TCP, so a small forwarder stands between.
        forward = f"UNIX-LISTEN:{self.bridge},fork"
        self.server.start("socat", forward, "TCP:127.0.0.1:8000")
        wait(self.bridge.exists, 10, "the forwarder")
        wait(self._ready, START_S, f"the server\n{self.server.log()}")

    def _ready(self) -> bool:
        try:
            return self.web.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def api(self, method: str, path: str, **more: object) -> httpx.Response:
        return self.web.request(method, f"/api/v1{path}", headers=self.headers, **more)  # type: ignore[arg-type]  # passed on

    def make(self, path: str, **fields: object) -> int:
        answer = self.api("POST", path, json=fields)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def plan(self, network: str, lease_s: int = 3600) -> int:
        subnet = self.make(
            "/subnets",
            cidr=f"{network}.0/24",
            gateway=f"{network}.1",
            lease_time=lease_s,
            min_lease_time=4,
            max_lease_time=lease_s,
            options=[
                {"option": "domain-name-servers", "value": ["192.0.2.53"]},
                {"option": "domain-name", "value": "test.example"},
            ],
        )
        self.make("/pools", subnet_id=subnet, start=f"{network}.100", end=f"{network}.199")
        wait(self.live, 10, "the revision on the worker")
        return subnet

    def live(self) -> bool:
        workers = self.api("GET", "/workers").json()["items"]
        return any(w["live"] and w["revision_applied"] == w["revision_latest"] for w in workers)

    def leases(self, **filters: object) -> list[dict[str, object]]:
        return list(self.api("GET", "/leases", params=filters).json()["items"])

    def close(self) -> None:
        self.web.close()
        for host in reversed(self.hosts.values()):
            host.close()


@pytest.fixture
def network(tmp_path: Path, migrated_file: Path) -> Iterator[Network]:
    """The running network; without root or the clients: skipped, and in CI failed."""
    needs_machine(*TOOLS)
    shutil.copyfile(migrated_file, tmp_path / "test.db")
    made = Network(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()

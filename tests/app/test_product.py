"""Does the whole product work? Web server and worker as `leaseboard serve` starts them, over loopback."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PASSWORD = "correct horse battery"


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """A running `leaseboard serve` with an admin's token."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.dhcp_port = free_port(socket.SOCK_DGRAM)
        self.env = {**os.environ, "LEASEBOARD_DATABASE_URL": f"sqlite:///{folder}/test.db",
                    "LEASEBOARD_DHCP_PORT": str(self.dhcp_port), "LEASEBOARD_INTERFACES": "lo",
                    "LEASEBOARD_LISTEN": self.url.removeprefix("http://"), "PYTHONUNBUFFERED": "1"}  # fmt: skip
        self.log = folder / "log"
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "app.cli", "serve"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        self.web = httpx.Client(base_url=self.url, follow_redirects=False, timeout=10)
        self.wait(lambda: self._answers())

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

    def api(self, method: str, path: str, **more: object) -> httpx.Response:
        return self.web.request(method, f"/api/v1{path}", headers=self.bearer, **more)  # type: ignore[arg-type]  # passed on

    def sign_up(self) -> None:
        self.command("user", "add", "root", "--role", "admin", "--password-stdin", given=PASSWORD + "\n")
        secret = self.command("token", "create", "--user", "root", "--name", "test")
        self.bearer = {"Authorization": f"Bearer {secret}"}

    def plan(self, cidr: str = "10.9.0.0/24", start: str = "10.9.0.50", end: str = "10.9.0.249") -> int:
        made = self.api("POST", "/subnets", json={"cidr": cidr, "gateway": cidr.replace(".0/24", ".1")})
        assert made.status_code == 201, made.text
        subnet = int(made.json()["id"])
        pool = self.api("POST", "/pools", json={"subnet_id": subnet, "start": start, "end": end})
        assert pool.status_code == 201, pool.text
        return subnet

    def live(self) -> bool:
        workers = self.api("GET", "/workers").json()["items"]
        return any(w["live"] and w["revision_applied"] == w["revision_latest"] for w in workers)

    def worker_pid(self) -> int:
        return int(self.api("GET", "/workers").json()["items"][0]["pid"])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.web.close()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    running = Product(tmp_path)
    try:
        running.sign_up()
        yield running
    finally:
        running.stop()


def test_simulated_clients_get_leases_and_events(product: Product) -> None:
    product.plan()
    product.wait(product.live)
    assert "50 leases, 0 refused" in product.command("simulate", "--clients", "50", "--rate", "500")
    page = product.api("GET", "/leases?state=active&count=exact&limit=10").json()
    assert page["total"] == 50
    assert len(page["items"]) == 10
    following = product.api("GET", f"/leases?limit=100&cursor={page['next_cursor']}").json()
    assert len(following["items"]) == 40
    assert len(product.api("GET", "/events?limit=1000").json()["items"]) == 50


def test_killed_worker_comes_back_and_no_acked_lease_is_lost(product: Product) -> None:
    product.plan(start="10.9.0.2", end="10.9.0.254")
    product.wait(product.live)
    before = product.api("GET", "/workers").json()["items"][0]["pid"]
    words = [sys.executable, "-m", "app.cli", "simulate", "--clients", "200", "--rate", "100"]
    clients = subprocess.Popen(words, env=product.env, stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    os.kill(before, signal.SIGKILL)
    output, _ = clients.communicate(timeout=60)
    assert "200 leases" in output
    items = product.api("GET", "/leases?state=active&limit=1000").json()["items"]
    assert len({item["mac"] for item in items}) == 200
    assert product.api("GET", "/workers").json()["items"][0]["pid"] != before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_worker_ends_with_its_server(product: Product, number: signal.Signals) -> None:
    product.wait(product.live)
    pid = product.worker_pid()
    product.process.send_signal(number)
    product.process.wait(20)
    product.wait(lambda: not Path(f"/proc/{pid}").exists(), 5)


def test_stream_resumes_after_the_last_event(product: Product) -> None:
    product.plan()
    product.wait(product.live)
    product.command("simulate", "--clients", "10", "--rate", "500")
    headers = {**product.bearer, "Last-Event-ID": "4"}
    with product.web.stream("GET", "/stream", headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                assert 5 <= int(line[4:]) <= 10
            if line.startswith("data: "):
                assert 1 <= line.count(chr(34) + "ip" + chr(34)) <= 6
                break


def test_bad_input_names_the_field_and_the_object_in_the_way(product: Product) -> None:
    subnet = product.plan()
    outside = product.api("POST", "/pools", json={"subnet_id": subnet, "start": "10.8.0.1", "end": "10.8.0.9"})
    assert outside.status_code == 422
    assert outside.headers["content-type"] == "application/problem+json"
    assert outside.json()["errors"][0]["pointer"] == "/start"
    overlap = product.api("POST", "/pools", json={"subnet_id": subnet, "start": "10.9.0.60", "end": "10.9.0.61"})
    assert overlap.status_code == 409
    assert overlap.json()["errors"][0]["conflicts_with"]["type"] == "pools"
    assert product.api("POST", "/subnets", json={"cidr": "10.9.0.0/25"}).status_code == 409
    assert "10.9.1.0/24" in product.api("POST", "/subnets", json={"cidr": "10.9.1.7/24"}).text
    broken = [{"option": "routers", "value": "x"}]
    option = product.api("POST", "/subnets", json={"cidr": "10.7.0.0/24", "options": broken})
    assert option.status_code == 422
    assert product.api("GET", "/leases?stat=active").status_code == 400
    assert product.api("GET", "/nothing").status_code == 404
    assert product.api("PUT", "/pools").status_code == 405
    assert product.web.get("/api/v1/leases").status_code == 401


def test_reservation_twice_is_refused_and_stale_write_gets_412(product: Product) -> None:
    product.plan()
    wish = {"identifiers": [{"type": "mac", "value": "AABB.CC00.0001"}], "ip": "10.9.0.60"}
    made = product.api("POST", "/reservations", json=wish)
    assert made.status_code == 201
    assert made.json()["identifiers"][0]["value"] == "aa:bb:cc:00:00:01"
    again = product.api("POST", "/reservations", json=wish)
    assert again.status_code == 409
    stale = {**product.bearer, "If-Match": '"99"'}
    url = f"/api/v1/reservations/{made.json()['id']}"
    assert product.web.patch(url, json={"hostname": "x"}, headers=stale).status_code == 412
    assert product.api("PATCH", url.removeprefix("/api/v1"), json={"hostname": "x"}).json()["hostname"] == "x"


def test_pages_work_and_a_form_keeps_what_was_typed(product: Product) -> None:
    assert product.web.get("/").headers["location"] == "/login"
    login = product.web.post("/login", data={"name": "root", "password": PASSWORD})
    assert login.status_code == 303
    subnet = product.plan()
    product.wait(product.live)
    product.command("simulate", "--clients", "5", "--rate", "500")
    for path in ("/", "/subnets", f"/subnets/{subnet}", "/subnets/new", "/leases", "/leases?q=sim", "/reservations",
                 "/reservations/new?lease=10.9.0.50", "/server"):  # fmt: skip
        assert product.web.get(path).status_code == 200, path
    html = product.web.get("/subnets/new").text
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert csrf is not None
    form = {"csrf_token": csrf[1], "cidr": "10.9.0.0/24", "name": "kept name"}
    refused = product.web.post("/subnets/new", data=form)
    assert refused.status_code == 422
    assert "kept name" in refused.text
    assert "planned already" in refused.text
    assert product.web.post("/subnets/new", data={**form, "csrf_token": "x"}).status_code == 403

"""Does the application come up whole, and does it end cleanly?"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import START_S


def test_health_and_security_headers(live_server: Any) -> None:
    assert live_server.web.get("/health/live").json() == {"status": "ok"}
    ready = live_server.web.get("/health/ready")
    assert ready.status_code == 200
    assert "script-src 'self'" in ready.headers["content-security-policy"]
    assert ready.headers["x-content-type-options"] == "nosniff"
    assert ready.headers["x-request-id"] != live_server.web.get("/health/live").headers["x-request-id"]


def test_first_run_needs_the_code_and_happens_once(live_server: Any) -> None:
    form = {"name": "root", "password": "correct horse battery", "code": "guess"}
    assert live_server.web.get("/login").headers["location"] == "/setup"
    assert live_server.web.post("/setup", data=form).status_code == 422
    right = {**form, "code": live_server.app.state.setup_code}
    assert live_server.web.post("/setup", data=right).status_code == 303
    assert live_server.web.get("/api/v1/me").json()["role"] == "admin"
    live_server.web.cookies.clear()
    again = live_server.web.post("/setup", data={**right, "name": "second"})
    assert again.headers["location"] == "/login"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield a list of processes to end after the test, whatever happened in it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def _start(
    started: list[subprocess.Popen[bytes]], folder: Path, word: str
) -> tuple[subprocess.Popen[bytes], httpx.Client, Path]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        dhcp_port = str(udp.getsockname()[1])
    env = {**os.environ, "LEASEBOARD_DATABASE_URL": f"sqlite:///{folder}/test.db", "LEASEBOARD_LISTEN": listen,
           "LEASEBOARD_DHCP_PORT": dhcp_port, "LEASEBOARD_INTERFACES": "lo"}  # fmt: skip
    env.pop("PYTHONUNBUFFERED", None)
    log = folder / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "app.cli", word]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
    started.append(process)
    web = httpx.Client(base_url=f"http://{listen}", timeout=5)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            web.get("/health/ready")
            return process, web, log
        except httpx.TransportError:
            time.sleep(0.05)
    web.close()
    raise AssertionError(log.read_text())


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(word)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for word in (task / "children").read_text().split()
    ]


def _sign_in_with_the_printed_code(web: httpx.Client, log: Path) -> None:
    code = log.read_text().split("set-up code ")[1].split()[0]
    form = {"name": "root", "password": "correct horse battery", "code": code}
    assert web.post("/setup", data=form).status_code == 303


def test_sigterm_with_an_open_stream_ends_at_once(started: list[subprocess.Popen[bytes]], tmp_path: Path) -> None:
    process, web, log = _start(started, tmp_path, "web")
    with closing(web):
        _sign_in_with_the_printed_code(web, log)
        with web.stream("GET", "/stream") as answer:
            assert answer.status_code == 200
            next(answer.iter_lines())
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_worker_ends_with_the_server(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, kind: signal.Signals
) -> None:
    process, web, log = _start(started, tmp_path, "serve")
    with closing(web):
        workers = _children(process.pid)
        assert len(workers) == 1
        process.send_signal(kind)
        process.wait(20)
    try:
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()], log.read_text()
    finally:
        for pid in workers:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)


def test_throttled_set_up_says_so_even_to_the_right_code(live_server: Any) -> None:
    form = {"name": "root", "password": "correct horse battery", "code": "guess"}
    for _ in range(5):
        assert live_server.web.post("/setup", data=form).status_code == 422
    right = live_server.web.post("/setup", data={**form, "code": live_server.app.state.setup_code})
    assert right.status_code == 429
    assert "Too many wrong codes" in right.text

"""Does the whole product work? Web server and worker as `leaseboard serve` starts them, over loopback."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from app.settings import Settings
from app.simulate import Simulation, find_relay
from tests.builders import PASSWORD, Product, Site


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
    """kill -9 in the middle of 1,000 exchanges; what each client was told is compared with the database."""
    answer = product.api("POST", "/subnets", json={"cidr": "10.16.0.0/20"})
    product.make_pool(answer.json()["id"], "10.16.0.10", "10.16.15.250")
    product.wait(product.live)
    before = product.worker_pid()
    settings = Settings(database_url=product.env["LEASEBOARD_DATABASE_URL"], dhcp_port=product.dhcp_port)
    relay = find_relay(settings)
    assert relay is not None
    simulation = Simulation(relay, product.dhcp_port, 1000, 400)
    killer = threading.Timer(1.2, os.kill, (before, signal.SIGKILL))
    killer.start()
    outcome = simulation.run(lambda done: None)
    killer.join()
    told = {mac.hex(":"): str(IPv4Address(ip)) for mac, ip in outcome.leases.items()}
    assert len(told) == 1000, f"{outcome.refused} refused, {outcome.silent} without an answer"
    assert len(set(told.values())) == 1000
    stored = {row["mac"]: row["ip"] for row in product.everything("/leases?state=active&limit=1000")}
    assert stored == told
    assert product.worker_pid() != before


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
    product.simulate(10, rate=500)
    headers = {**product.bearer, "Last-Event-ID": "4"}
    with product.web.stream("GET", "/stream", headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                assert 5 <= int(line[4:]) <= 10
            if line.startswith("data: "):
                assert 1 <= line.count(chr(34) + "ip" + chr(34)) <= 6
                break


def test_bad_input_names_the_field_and_the_object_in_the_way(website: Site) -> None:
    subnet = website.plan()
    outside = website.api("POST", "/pools", json={"subnet_id": subnet, "start": "10.8.0.1", "end": "10.8.0.9"})
    assert outside.status_code == 422
    assert outside.headers["content-type"] == "application/problem+json"
    assert outside.json()["errors"][0]["pointer"] == "/start"
    overlap = website.api("POST", "/pools", json={"subnet_id": subnet, "start": "10.9.0.60", "end": "10.9.0.61"})
    assert overlap.status_code == 409
    assert overlap.json()["errors"][0]["conflicts_with"]["type"] == "pools"
    assert website.api("POST", "/subnets", json={"cidr": "10.9.0.0/25"}).status_code == 409
    assert "10.9.1.0/24" in website.api("POST", "/subnets", json={"cidr": "10.9.1.7/24"}).text
    broken = [{"option": "routers", "value": "x"}]
    option = website.api("POST", "/subnets", json={"cidr": "10.7.0.0/24", "options": broken})
    assert option.status_code == 422
    assert website.api("GET", "/leases?stat=active").status_code == 400
    assert website.api("DELETE", f"/subnets/{subnet}?dry_run=true").json()["dry_run"] is True
    assert website.api("GET", f"/subnets/{subnet}").status_code == 200
    assert website.api("GET", "/nothing").status_code == 404
    assert website.api("PUT", "/pools").status_code == 405
    assert website.web.get("/api/v1/leases").status_code == 401


def test_reservation_twice_is_refused_and_stale_write_gets_412(website: Site) -> None:
    website.plan()
    wish = {"identifiers": [{"type": "mac", "value": "AABB.CC00.0001"}], "ip": "10.9.0.60"}
    made = website.api("POST", "/reservations", json=wish)
    assert made.status_code == 201
    assert made.json()["identifiers"][0]["value"] == "aa:bb:cc:00:00:01"
    again = website.api("POST", "/reservations", json=wish)
    assert again.status_code == 409
    stale = {**website.bearer, "If-Match": '"99"'}
    url = f"/api/v1/reservations/{made.json()['id']}"
    assert website.web.patch(url, json={"hostname": "x"}, headers=stale).status_code == 412
    assert website.api("PATCH", url.removeprefix("/api/v1"), json={"hostname": "x"}).json()["hostname"] == "x"


def test_pages_work_and_a_form_keeps_what_was_typed(product: Product) -> None:
    assert product.web.get("/").headers["location"] == "/login"
    login = product.web.post("/login", data={"name": "root", "password": PASSWORD})
    assert login.status_code == 303
    subnet = product.plan()
    product.wait(product.live)
    product.simulate(5, rate=500)
    for path in ("/", "/subnets", f"/subnets/{subnet}", "/subnets/new", "/leases", "/leases?q=sim", "/reservations",
                 "/reservations/new?lease=10.9.0.50", "/server", "/settings", "/settings"):  # fmt: skip
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


def test_second_worker_on_one_sqlite_database_refuses_to_start(product: Product) -> None:
    product.wait(product.live)
    second = subprocess.run(
        [sys.executable, "-m", "dhcpd"], env=product.env, capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 75
    assert "another worker serves this SQLite database" in second.stderr


def test_worker_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        port = str(other.getsockname()[1])
        line = [sys.executable, "-m", "dhcpd", "--database", f"sqlite:///{tmp_path}/test.db", "--interface", "lo"]
        ended = subprocess.run([*line, "--dhcp-port", port], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 69
    assert f"Port {port} is taken by another program" in ended.stderr
    assert "Traceback" not in ended.stderr

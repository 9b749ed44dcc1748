"""Do a hundred callers at once get a hundred different addresses, over HTTP, on both databases?"""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine

from app.database import unit_of_work
from app.settings import Settings
from tests.builders import add_script, application

CALLERS = 100


@pytest.fixture
def web(engine: Engine) -> Iterator[httpx.Client]:
    """A server over either database, and an admin's client with a connection for each caller."""
    app = application(Settings(database_url=engine.url.render_as_string(hide_password=False)))
    with unit_of_work(app.state.sessions) as session:
        headers = add_script(session, "root", "admin")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
    limits = httpx.Limits(max_connections=CALLERS)
    with httpx.Client(base_url=url, timeout=120, headers=headers, limits=limits) as client:
        yield client
    app.state.hub.stop()
    server.should_exit = True
    thread.join(10)
    listener.close()


def made(answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_hundred_callers_get_a_hundred_addresses(web: httpx.Client) -> None:
    subnet = made(web.post("/subnets", json={"cidr": "10.0.0.0/24", "gateway": "10.0.0.1"}))["id"]
    pool = {"subnet_id": subnet, "start": "10.0.0.150", "end": "10.0.0.200"}
    made(web.post("/pools", json=pool))
    shown = web.get(f"/subnets/{subnet}/next-ip").json()["ip"]

    def take(number: int) -> str:
        wish: dict[str, object] = {"hostname": f"h{number}"}
        if number % 2:
            identifiers = [{"type": "mac", "value": f"02:00:00:00:00:{number:02x}"}]
            wish |= {"kind": "reservation", "identifiers": identifiers}
        return str(made(web.post(f"/subnets/{subnet}/next-ip", json=wish))["ip"])

    with ThreadPoolExecutor(CALLERS) as callers:
        taken = list(callers.map(take, range(CALLERS)))
    assert shown == "10.0.0.2"
    assert sorted(taken, key=lambda ip: int(ip.split(".")[3])) == [f"10.0.0.{n}" for n in range(2, 102)]
    used = web.get(f"/subnets/{subnet}").json()["usage"]
    assert (used["static"], used["reserved"], used["free"]) == (50, 50, 51)


def test_callers_at_once_get_different_subnets(web: httpx.Client) -> None:
    parent = made(web.post("/subnets", json={"cidr": "10.0.0.0/16", "dhcp_enabled": False}))["id"]
    made(web.post("/subnets", json={"cidr": "10.0.0.0/24"}))
    made(web.post("/subnets", json={"cidr": "10.0.1.128/25"}))

    def take(_: int) -> str:
        return str(made(web.post(f"/subnets/{parent}/next-subnet", json={"prefix_len": 24}))["cidr"])

    with ThreadPoolExecutor(20) as callers:
        taken = list(callers.map(take, range(20)))
    assert sorted(taken, key=lambda cidr: int(cidr.split(".")[2])) == [f"10.0.{n}.0/24" for n in range(2, 22)]
    free = web.get(f"/subnets/{parent}/free?prefix_len=24").json()
    assert free["count"] == 256 - 22
    assert free["gaps"][0] == "10.0.1.0/25"
    assert free["prefixes"][0] == "10.0.22.0/24"


def test_full_subnet_and_foreign_pool_are_refused(web: httpx.Client) -> None:
    subnet = made(web.post("/subnets", json={"cidr": "10.0.0.0/30", "gateway": "10.0.0.1"}))["id"]
    other = made(web.post("/subnets", json={"cidr": "10.0.1.0/24"}))["id"]
    pool = made(web.post("/pools", json={"subnet_id": other, "start": "10.0.1.10", "end": "10.0.1.11"}))["id"]
    taken = made(web.post(f"/subnets/{other}/next-ip", json={"pool_id": pool}))
    assert (taken["ip"], taken["state"]) == ("10.0.1.11", "static")
    made(web.post(f"/subnets/{subnet}/next-ip", json={}))
    full = web.post(f"/subnets/{subnet}/next-ip", json={})
    assert full.status_code == 409
    assert "No address is free in 10.0.0.0/30 outside its pools" in full.json()["detail"]
    assert web.get(f"/subnets/{subnet}/next-ip?pool_id={pool}").status_code == 422
    assert web.post(f"/subnets/{subnet}/next-subnet", json={"prefix_len": 30}).status_code == 422


def test_ipv6_addresses_and_subnets_are_taken_in_order(web: httpx.Client) -> None:
    parent = made(web.post("/subnets", json={"cidr": "2001:db8::/32"}))["id"]
    inner = made(web.post(f"/subnets/{parent}/next-subnet", json={"prefix_len": 64}))
    assert inner["cidr"] == "2001:db8::/64"
    taken = made(web.post(f"/subnets/{inner['id']}/next-ip", json={"hostname": "six"}))
    assert (taken["ip"], taken["state"]) == ("2001:db8::1", "static")
    assert web.get(f"/subnets/{parent}/free?prefix_len=48").json()["count"] == 2**16 - 1


def test_split_is_tried_made_and_taken_back(web: httpx.Client) -> None:
    subnet = made(web.post("/subnets", json={"cidr": "10.0.0.0/24", "gateway": "10.0.0.1"}))["id"]
    made(web.post("/pools", json={"subnet_id": subnet, "start": "10.0.0.50", "end": "10.0.0.199"}))
    identifiers = [{"type": "mac", "value": "02:00:00:00:00:01"}]
    made(web.post("/reservations", json={"ip": "10.0.0.220", "identifiers": identifiers}))
    before = state(web)
    tried = web.post(f"/subnets/{subnet}/split?dry_run=true", json={"prefix_len": 25})
    assert tried.status_code == 200, tried.text
    assert [change["object"] for change in tried.json()["changes"]] == [
        "subnets/2", "pools/1", "pools/2", "reservations/1", f"subnets/{subnet}",
    ]  # fmt: skip
    assert state(web) == before
    split = web.post(f"/subnets/{subnet}/split", json={"prefix_len": 25})
    assert [row["cidr"] for row in split.json()] == ["10.0.0.0/25", "10.0.0.128/25"]
    newest = web.get("/audit?limit=1").json()["items"][0]["id"]
    undone = web.post(f"/audit/{newest}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert state(web) == before


def state(web: httpx.Client) -> list[object]:
    """Return the plan without what every write changes."""
    found: list[object] = []
    for path in ("/subnets", "/pools", "/reservations"):
        items = web.get(path).json()["items"]
        found.append([{k: v for k, v in row.items() if k not in ("version", "updated_at")} for row in items])
    return found


def test_next_address_of_a_container_lies_outside_what_is_inside(web: httpx.Client) -> None:
    wish = {"cidr": "10.0.0.0/16", "dhcp_enabled": False, "gateway": "10.0.1.0"}
    container = made(web.post("/subnets", json=wish))["id"]
    assert web.get(f"/subnets/{container}/next-ip").json()["ip"] == "10.0.0.1", "not the network address"
    served = made(web.post("/subnets", json={"cidr": "10.0.0.0/24"}))["id"]
    part = made(web.post("/subnets", json={"cidr": "10.0.0.128/25", "dhcp_enabled": False}))["id"]
    assert web.get(f"/subnets/{container}/next-ip").json()["ip"] == "10.0.1.1", "not the gateway"
    assert web.put("/addresses/10.0.1.1", json={"state": "static"}).is_success
    assert web.get(f"/subnets/{container}/next-ip").json()["ip"] == "10.0.1.2"
    assert web.get(f"/subnets/{served}/next-ip").json()["ip"] == "10.0.0.1"
    assert web.get(f"/subnets/{part}/next-ip").json()["ip"] == "10.0.0.128", "a part has no network address"

"""Can a write be tried, repeated, conditioned, bundled and waited for?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.builders import Product, hold_leases


class Client:
    """An operator's script."""

    def __init__(self, web: httpx.Client, headers: dict[str, str]) -> None:
        self.web, self.headers = web, headers

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.request(method, f"/api/v1{path}", json=body, headers={**self.headers, **named})


@pytest.fixture
def api(live_server: Any) -> Client:
    return Client(live_server.web, live_server.add_user("olga", "operator"))


@pytest.fixture
def subnet(api: Client) -> int:
    return int(api("POST", "/subnets", {"cidr": "10.0.0.0/24"}).json()["id"])


def test_dry_run_tells_the_diff_and_whom_it_touches_and_changes_nothing(
    live_server: Any, api: Client, subnet: int
) -> None:
    api("POST", "/pools", {"subnet_id": subnet, "start": "10.0.0.100", "end": "10.0.0.199"})
    hold_leases(live_server.app.state.engine, "10.0.0.100", "10.0.0.150")
    path = "/pools/1?dry_run=true"
    told = api("PATCH", path, {"start": "10.0.0.120"})
    assert told.status_code == 200
    (change,) = told.json()["changes"]
    assert change["diff"]["first"] == {"before": "10.0.0.100", "after": "10.0.0.120"}
    (effect,) = told.json()["impact"]
    assert (effect["kind"], effect["clients"], effect["sample"][0]["ip"]) == ("moves", 1, "10.0.0.100")
    assert effect["until"] == "2096-10-02T07:06:40Z"
    assert api("GET", "/pools/1").json()["start"] == "10.0.0.100"
    assert api("DELETE", path).json()["impact"][0]["clients"] == 2
    assert api("GET", "/pools/1").status_code == 200
    assert api("PATCH", path, {"start": "10.0.9.9"}).status_code == 422


def test_same_key_gets_the_same_answer_and_makes_one_object(api: Client) -> None:
    body = {"cidr": "10.0.0.0/24"}
    first = api("POST", "/subnets", body, Idempotency_Key="k1")
    again = api("POST", "/subnets", body, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("location", "etag", "leaseboard-revision"):
        assert again.headers[name] == first.headers[name]
    assert len(api("GET", "/subnets").json()["items"]) == 1
    other = api("POST", "/subnets", {"cidr": "10.0.1.0/24"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")


def test_refused_request_may_be_mended_under_its_key(api: Client) -> None:
    assert api("POST", "/subnets", {"cidr": "10.0.0.1/24"}, Idempotency_Key="k1").status_code == 422
    assert api("POST", "/subnets", {"cidr": "10.0.0.0/24"}, Idempotency_Key="k1").status_code == 201


def test_same_key_at_the_same_time_makes_one_object(api: Client) -> None:
    def send(_: int) -> httpx.Response:
        return api("POST", "/subnets", {"cidr": "10.0.0.0/24"}, Idempotency_Key="k1")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(api("GET", "/subnets").json()["items"]) == 1


def test_stale_write_gets_412_with_the_current_state(api: Client, subnet: int) -> None:
    path = f"/subnets/{subnet}"
    etag = api("GET", path).headers["etag"]
    assert api("PATCH", path, {"name": "one"}, If_Match=etag).status_code == 200
    for method, body in (("PATCH", {"name": "two"}), ("DELETE", None)):
        stale = api(method, path, body, If_Match=etag)
        assert stale.status_code == 412
        assert stale.json()["current"]["name"] == "one"
    now = api("GET", path).headers["etag"]
    assert api("GET", path, If_None_Match=now).status_code == 304
    assert api("PUT", "/subnets/10.0.0.0/24", {"name": "new"}, If_None_Match="*").status_code == 412
    assert api("PUT", "/subnets/10.0.0.0/24", {"name": "three"}, If_Match=now).json()["name"] == "three"


def test_put_makes_then_replaces(api: Client) -> None:
    made = api("PUT", "/subnets/10.0.0.0/24", {"name": "office", "description": "old"})
    assert (made.status_code, made.json()["cidr"]) == (201, "10.0.0.0/24")
    replaced = api("PUT", "/subnets/10.0.0.0/24", {"name": "lab"})
    assert (replaced.status_code, replaced.json()["id"]) == (200, made.json()["id"])
    assert (replaced.json()["name"], replaced.json()["description"]) == ("lab", "")
    body = {"identifiers": [{"type": "mac", "value": "aabbcc000001"}]}
    reserved = api("PUT", "/reservations/by-ip/10.0.0.9", body)
    assert reserved.status_code == 201
    assert api("PUT", "/reservations/by-ip/10.0.0.9", {**body, "hostname": "x"}).json()["hostname"] == "x"
    assert api("PUT", "/reservations/by-ip/10.0.0.9", {**body, "ip": "10.0.0.8"}).status_code == 422
    pool = api("PUT", "/pools/10.0.0.20-10.0.0.30", {"subnet_id": made.json()["id"]})
    assert (pool.status_code, pool.json()["end"]) == (201, "10.0.0.30")


def test_what_is_read_may_be_sent_back_and_null_restores_the_default(api: Client, subnet: int) -> None:
    path = f"/subnets/{subnet}"
    whole = api("GET", path).json()
    assert api("PATCH", path, {**whole, "lease_time": 600}).json()["lease_time"] == 600
    assert api("PATCH", path, {"lease_time": None}).json()["lease_time"] is None
    assert api("PATCH", path, {"cidr": "10.0.0.0/25"}).status_code == 422
    assert api("PATCH", path, {"nonsense": 1}).status_code == 422


def test_bulk_is_all_or_nothing_and_names_the_op_that_failed(api: Client, subnet: int) -> None:
    pool = {"subnet_id": subnet, "start": "10.0.0.10", "end": "10.0.0.19"}
    ops: list[dict[str, Any]] = [
        {"op": "create", "data": pool},
        {"op": "update", "key": 1, "data": {"end": "10.0.0.15"}},
        {"op": "create", "data": {**pool, "start": "10.0.0.15"}},
    ]
    failed = api("POST", "/pools/bulk", {"ops": ops})
    assert (failed.status_code, failed.json()["op"]) == (409, 2)
    assert failed.json()["errors"][0]["pointer"] == "/ops/2/data/start"
    assert api("GET", "/pools").json()["items"] == []
    ops[2]["data"] = {**pool, "start": "10.0.0.16"}
    done = api("POST", "/pools/bulk", {"ops": [*ops, {"op": "delete", "key": 2, "if_match": '"1"'}]})
    assert [row["status"] for row in done.json()["results"]] == [201, 200, 201, 204]
    assert [row["end"] for row in api("GET", "/pools").json()["items"]] == ["10.0.0.15"]
    stale = api("POST", "/pools/bulk", {"ops": [{"op": "delete", "key": 1, "if_match": '"1"'}]})
    assert (stale.status_code, stale.json()["op"], stale.json()["current"]["id"]) == (412, 0, 1)


def test_key_of_a_bulk_is_the_name_that_an_address_would_hold(api: Client) -> None:
    def put(key: Any) -> Any:
        return api("POST", "/shared-networks/bulk", {"ops": [{"op": "create", "key": key}]})

    assert put(0).json()["results"][0]["key"] == "0"
    assert [row["name"] for row in api("GET", "/shared-networks").json()["items"]] == ["0"]
    assert put("x" * 121).status_code == 422
    assert put("x" * 254).status_code == 422
    assert put("").status_code == 422
    assert api("PUT", f"/shared-networks/{'x' * 121}", {}).status_code == 422
    assert api("PUT", f"/shared-networks/{'x' * 120}", {}).status_code == 201


def test_bulk_can_be_tried(api: Client, subnet: int) -> None:
    ops = [{"op": "delete", "key": subnet}, {"op": "create", "data": {"cidr": "10.0.0.0/25"}}]
    told = api("POST", "/subnets/bulk?dry_run=true", {"ops": ops}).json()
    assert [change["action"] for change in told["changes"]] == ["delete", "create"]
    assert [row["cidr"] for row in api("GET", "/subnets").json()["items"]] == ["10.0.0.0/24"]


def test_audit_tells_who_in_which_request_and_why(api: Client) -> None:
    made = api("POST", "/subnets", {"cidr": "10.0.0.0/24"}, Change_Message="new office", X_Request_ID="job-7")
    (line,) = api("GET", "/audit?object=subnets/1").json()["items"]
    assert (line["actor"], line["token"], line["message"]) == ("olga", "test", "new office")
    assert line["request_id"] == made.headers["x-request-id"] == "job-7"
    assert line["revision"] == int(made.headers["leaseboard-revision"])


def test_errors_are_problems_with_the_right_status(api: Client, subnet: int) -> None:
    for method, path, body, status in (
        ("GET", "/nothing", None, 404),
        ("GET", "/subnets/99", None, 404),
        ("GET", "/subnets/x", None, 404),
        ("GET", "/subnets/99999999999", None, 404),
        ("GET", "/leases/10.0.0.1", None, 404),
        ("GET", "/subnets?nonsense=1", None, 400),
        ("GET", "/subnets/1?nonsense=1", None, 400),
        ("POST", "/subnets?nonsense=1", {"cidr": "10.0.1.0/24"}, 400),
        ("POST", "/subnets?wait=long", {"cidr": "10.0.1.0/24"}, 400),
        ("PUT", "/subnets", {}, 405),
        ("POST", "/subnets", {"cidr": "10.0.0.0/25"}, 409),
        ("POST", "/subnets", {"cidr": 5}, 422),
        ("POST", "/subnets", [], 422),
    ):
        answer = api(method, path, body)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert api("PUT", "/subnets", {}).headers["allow"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"cidr=10.0.0.0/24", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b'{"cidr": "' + b"x" * 11_000_000 + b'"}', "application/json", 413),
    ],
)
def test_body_that_is_no_json_or_too_large_is_refused(
    live_server: Any, api: Client, content: bytes, kind: str, status: int
) -> None:
    headers = {**api.headers, "Content-Type": kind}
    answer = live_server.web.post("/api/v1/subnets", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_wait_answers_once_the_worker_serves_it(product: Product) -> None:
    product.wait(product.live)
    made = product.api("POST", "/subnets?wait=applied", json={"cidr": "10.0.0.0/24"})
    assert made.status_code == 201
    worker = product.api("GET", "/workers").json()["items"][0]
    assert worker["revision_applied"] >= int(made.headers["leaseboard-revision"])


def test_wait_without_a_worker_tells_the_lag(api: Client) -> None:
    made = api("POST", "/subnets?wait=applied", {"cidr": "10.0.0.0/24"})
    assert made.status_code == 202
    assert (made.json()["live"], made.json()["result"]["cidr"]) == (0, "10.0.0.0/24")
    assert made.headers["location"] == "/api/v1/subnets/1"

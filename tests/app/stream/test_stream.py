"""Does each topic of the stream tell what happens, to those who may know, and nothing twice or never?"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.database import unit_of_work
from app.models import Worker
from app.models.base import utc_now
from app.services.tokens import TokenLimits
from app.stream import routes
from tests.app.api.test_access import Api, Headers, scoped
from tests.builders import PASSWORD, hold_leases

Told = tuple[str, str, Any]


@pytest.fixture
def api(live_server: Any) -> Api:
    """Two subnets with a pool each."""
    api = Api(live_server)
    for id_, net in ((1, "10.0.0"), (2, "10.1.0")):
        assert api("POST", "/subnets", {"cidr": f"{net}.0/24"}).status_code == 201
        pool = {"subnet_id": id_, "start": f"{net}.100", "end": f"{net}.199"}
        assert api("POST", "/pools", pool).status_code == 201
    return api


def lease(api: Api, *addresses: str) -> None:
    hold_leases(api.server.app.state.engine, *addresses)


@contextmanager
def stream(api: Api, query: str, headers: Headers | None = None, last: str = "") -> Iterator[Iterator[Told]]:
    """Open a stream; yield its messages as (event, id, data)."""
    sent = {**(headers or api.admin), **({"Last-Event-ID": last} if last else {})}
    with api.web.stream("GET", f"/api/v1/stream?{query}", headers=sent) as answer:
        assert answer.status_code == 200, answer.read()
        lines = answer.iter_lines()
        assert next(lines).startswith("retry:")
        yield messages(lines)


def messages(lines: Iterator[str]) -> Iterator[Told]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name] = value
        if not line and "event" in fields:
            yield fields["event"], fields["id"], json.loads(fields["data"] or "null")
            fields = {}


def test_leases_alone_come_without_a_wish(api: Api) -> None:
    with stream(api, "") as told:
        api("PATCH", "/subnets/1", {"name": "lab"})
        lease(api, "10.0.0.100")
        event, id_, data = next(told)
    assert (event, id_, [row["ip"] for row in data]) == ("leases", "1", ["10.0.0.100"])


def test_audit_tells_each_change_and_resumes_behind_the_last(api: Api) -> None:
    with stream(api, "topics=audit,lease") as told:
        api("PATCH", "/subnets/1", {"name": "lab"})
        event, id_, data = next(told)
        assert (event, [(row["action"], row["object"], row["actor"]) for row in data]) == (
            "audit", [("update", "subnets/1", "root")],
        )  # fmt: skip
        assert "before" not in data[0]
        assert id_ == f"0-{data[0]['id']}"
    api("PATCH", "/subnets/1", {"name": "office"})
    api("DELETE", "/pools/2")
    lease(api, "10.0.0.101")
    with stream(api, "topics=audit,lease", last=id_) as told:
        found = [next(told), next(told)]
    by_event = {event: data for event, _, data in found}
    assert [row["object"] for row in by_event["audit"]] == ["subnets/1", "pools/2"]
    assert [row["ip"] for row in by_event["leases"]] == ["10.0.0.101"]
    assert found[-1][1] == f"1-{by_event['audit'][-1]['id']}"


def test_limited_caller_hears_of_their_subnets_alone(api: Api) -> None:
    made = api("POST", "/users", {"name": "olga", "password": PASSWORD, "role": "operator", "subnets": [1]})
    olga = api.token(user_id=made.json()["id"])
    with stream(api, "topics=audit,lease,usage", olga) as told:
        api("PATCH", "/subnets/2", {"name": "secret"})
        api("POST", "/users", {"name": "vera", "password": PASSWORD})
        lease(api, "10.1.0.100")
        api("PATCH", "/subnets/1", {"name": "seen"})
        lease(api, "10.0.0.100")
        found: dict[str, list[Any]] = {"audit": [], "leases": [], "usage": []}
        while not all(found.values()):
            event, _, data = next(told)
            found[event] += data
    assert [row["object"] for row in found["audit"]] == ["subnets/1"]
    assert [row["ip"] for row in found["leases"]] == ["10.0.0.100"]
    assert {row["subnet_id"] for row in found["usage"]} == {1}


def test_subnet_narrows_the_stream(api: Api) -> None:
    with stream(api, "topics=lease&subnet_id=2") as told:
        lease(api, "10.0.0.100")
        lease(api, "10.1.0.100")
        seen: list[str] = []
        while not seen:
            seen += [row["ip"] for row in next(told)[2]]
    assert seen == ["10.1.0.100"]
    assert api("GET", "/stream?subnet_id=99").status_code == 404


def test_usage_is_told_at_once_for_a_subnet_and_anew_when_it_changes(api: Api) -> None:
    with stream(api, "topics=usage&subnet_id=1") as told:
        event, _, data = next(told)
        assert (event, data[0]["subnet_id"], data[0]["usage"]["leased"]) == ("usage", 1, 0)
        lease(api, "10.0.0.100", "10.0.0.101")
        _, _, data = next(told)
        assert data[0]["usage"] | {"leased": 2, "free": 98} == data[0]["usage"]
        api("DELETE", "/pools/1")
        _, _, data = next(told)
        assert data[0]["usage"]["pool"] == 0
    shown = api("GET", "/subnets/1").json()["usage"]
    assert {name: shown[name] for name in data[0]["usage"]} == data[0]["usage"]


def test_workers_are_told_at_once_and_when_they_change(api: Api) -> None:
    factory = api.server.app.state.sessions
    with unit_of_work(factory) as session:
        alive = {"id": "w1", "pid": 1, "started_at": utc_now(), "last_seen": utc_now(), "revision_applied": 1}
        session.add(Worker(**alive, apply_ms=1, interfaces=[], warnings=[], counters={}))
    with stream(api, "topics=worker") as told:
        event, _, data = next(told)
        assert (event, [(row["id"], row["live"], row["revision_applied"]) for row in data]) == (
            "workers", [("w1", True, 1)],
        )  # fmt: skip
        with unit_of_work(factory) as session:
            session.execute(update(Worker).values(revision_applied=2, last_seen=utc_now()))
        while data[0]["revision_applied"] != 2:
            _, _, data = next(told)


@pytest.mark.parametrize("query", ["topics=leases", "topics=", "topics=audit,nothing"])
def test_unknown_topic_is_an_error(api: Api, query: str) -> None:
    refused: httpx.Response = api("GET", f"/stream?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/topics")


def test_token_reads_only_the_topics_of_its_scopes(api: Api) -> None:
    script = scoped(api.server, "root", TokenLimits(scopes=["stream:read", "audit:read"]))
    with stream(api, "topics=lease,audit", script):
        pass
    for topic in ("usage", "worker"):
        assert api("GET", f"/stream?topics={topic}", by=script).status_code == 403


def open_stream(api: Api, path: str, headers: Headers) -> int:
    with api.web.stream("GET", path, headers=headers) as answer:
        return int(answer.status_code)


STREAMS = ("/api/v1/stream", "/stream")


def out_of_date(api: Api) -> Headers:
    return api.token(expires_at="2001-01-01T00:00:00Z")


def out_of_network(api: Api) -> Headers:
    return api.token(allowed_networks=["192.0.2.0/24"])


def out_of_scope(api: Api) -> Headers:
    return api.token(scopes=["leases:read"])


def of_removed_user(api: Api) -> Headers:
    return ended(api, "token", "DELETE", None)


def of_disabled_user(api: Api) -> Headers:
    return ended(api, "token", "PATCH", {"disabled": True})


def of_removed_users_browser(api: Api) -> Headers:
    return ended(api, "session", "DELETE", None)


def of_disabled_users_browser(api: Api) -> Headers:
    return ended(api, "session", "PATCH", {"disabled": True})


def of_revoked_session(api: Api) -> Headers:
    headers = sign_up(api, "session")
    (row,) = api("GET", "/sessions").json()["items"]
    assert api("DELETE", f"/sessions/{row['id']}").status_code == 204
    return headers


def sign_up(api: Api, by: str) -> Headers:
    """Return the headers of a new user's token or browser, which hears the stream."""
    user = api("POST", "/users", {"name": "vera", "password": PASSWORD}).json()
    headers = api.token(user_id=user["id"])
    if by == "session":
        api.server.sign_in("vera")
        headers = {"Cookie": f"leaseboard_session={api.web.cookies['leaseboard_session']}"}
        api.web.cookies.clear()
    assert [open_stream(api, path, headers) for path in STREAMS] == [200, 200]
    return headers


def ended(api: Api, by: str, method: str, body: Any) -> Headers:
    headers = sign_up(api, by)
    assert api(method, f"/users/{api('GET', '/users?name=vera').json()['items'][0]['id']}", body).status_code < 300
    return headers


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (out_of_date, 401), (out_of_network, 401), (out_of_scope, 403), (of_removed_user, 401),
        (of_disabled_user, 401), (of_removed_users_browser, 401), (of_disabled_users_browser, 401),
        (of_revoked_session, 401),
    ],
)  # fmt: skip
def test_stream_is_closed_to_whom_the_api_is(api: Api, caller: Callable[[Api], Headers], status: int) -> None:
    headers = caller(api)
    assert open_stream(api, STREAMS[0], headers) == status
    page = open_stream(api, STREAMS[1], headers)
    assert page == status or (page == 303 and status == 401)  # a page leads to the sign-in


@pytest.mark.parametrize("by", ["token", "session"])
@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "operator"}, None])
def test_open_stream_ends_with_the_rights_of_its_caller(
    api: Api, by: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "RECHECK_S", 0.0)
    headers = sign_up(api, by)
    id_ = api("GET", "/users?name=vera").json()["items"][0]["id"]
    with stream(api, "", headers) as told:
        lease(api, "10.0.0.100")
        assert next(told)[0] == "leases"
        assert api("DELETE" if change is None else "PATCH", f"/users/{id_}", change).status_code < 300
        lease(api, "10.0.0.101")
        heard = [row["ip"] for _, _, data in told for row in data]
    assert heard in ([], ["10.0.0.101"])

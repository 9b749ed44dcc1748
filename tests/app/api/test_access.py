"""Does each caller reach what their role, grant, scope and network allow, and nothing else?"""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.database import unit_of_work
from app.services import tokens, users
from app.services.actors import COMMAND_LINE
from app.services.tokens import TokenLimits
from app.services.uses import write
from tests.builders import PASSWORD, hold_leases

Headers = dict[str, str]
ROLES = ("anyone", "viewer", "operator", "admin")
TABLE = Path(__file__).with_name("permissions.txt")
FILLED = {"ip": "10.0.0.9", "network": "10.0.0.0", "prefix_len": "24", "start": "10.0.0.7", "end": "10.0.0.8"}
NOBODYS = "4711"
"""An id that nothing has: who may call gets 404."""
SAFE = ("GET", "HEAD")


def expected() -> dict[tuple[str, str], str]:
    """Return the role that the table wants for each route."""
    rows = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {(method, path): role for method, path, role in rows}


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Return (method, path) of every route of the application, files apart."""
    found = set()
    for route in iter_route_contexts(app.routes):
        assert route.methods, f"{route.path} is no route of HTTP: this table can't tell who may reach it"
        path = re.sub(r":\w+}", "}", str(route.path))
        found |= {(method, path) for method in (route.methods or ()) if method != "HEAD" and path}
    return found


def test_every_route_has_an_expected_role_and_every_line_a_route(live_server: Any) -> None:
    wanted, there = set(expected()), routes(live_server.app)
    assert there - wanted == set(), f"add a line to {TABLE.name} for each"
    assert wanted - there == set(), f"take these lines out of {TABLE.name}"


def call(web: httpx.Client, method: str, path: str, headers: dict[str, str]) -> int:
    """Return the status of a call that changes nothing: writes of the API are tried only."""
    filled = re.sub(r"{(\w+)}", lambda match: FILLED.get(match[1], NOBODYS), path)
    dry = "?dry_run=true" if filled.startswith("/api/v1/") and method not in SAFE else ""
    body: dict[str, str] | None = {} if dry and method != "DELETE" else None
    with web.stream(method, filled + dry, json=body, headers=headers) as answer:
        return answer.status_code


def test_each_route_lets_in_whom_it_should(live_server: Any) -> None:
    """Every route x (nobody, three roles, a token for events only)."""
    web = live_server.web
    callers = {role: live_server.add_user(role, role) for role in ROLES[1:]}
    callers["events"] = scoped(live_server, "admin", TokenLimits(scopes=["events:read"]))
    web.cookies.clear()
    wrong = []
    for (method, path), role in sorted((k, v) for k, v in expected().items() if v != "anyone"):
        for caller in ("nobody", *callers):
            status = call(web, method, path, callers.get(caller, {}))
            if is_let_in(path, status, caller) != should_enter(method, path, role, caller):
                wrong.append(f"{method} {path}: {caller} gets {status}, expected {role}")
    assert not wrong, "\n".join(wrong)


def test_browser_writes_nothing_without_the_token_of_its_session(live_server: Any) -> None:
    """Every route that changes something, of the API and of the pages, as a browser led astray sends it."""
    live_server.add_user("root", "admin")
    live_server.sign_in("root")
    cookie = {"Cookie": f"leaseboard_session={live_server.web.cookies['leaseboard_session']}"}
    live_server.web.cookies.clear()
    writes = [key for key, role in expected().items() if role != "anyone" and key[0] not in SAFE]
    assert len(writes) > 100
    let_in = [key for key in writes if call(live_server.web, *key, cookie) != 403]
    assert not let_in
    assert live_server.web.get("/api/v1/me", headers=cookie).status_code == 200


def is_let_in(path: str, status: int, caller: str) -> bool:
    if status in (401, 403):
        return False
    return not (caller == "nobody" and not path.startswith("/api/") and status == 303)


def should_enter(method: str, path: str, role: str, caller: str) -> bool:
    if caller == "events":
        resource = path.removeprefix("/api/v1/").split("/")[0] if path.startswith("/api/v1/") else ""
        return method == "GET" and resource in ("events", "me")
    return caller != "nobody" and ROLES.index(caller) >= ROLES.index(role)


def scoped(live_server: Any, owner: str, limits: TokenLimits) -> dict[str, str]:
    with unit_of_work(live_server.app.state.sessions) as session:
        user = users.find_by_name(session, owner)
        assert user is not None
        _, secret = tokens.create_token(session, COMMAND_LINE, user, "limited", None, limits)
    return {"Authorization": f"Bearer {secret}"}


class Api:
    """An admin's script, and whoever else calls."""

    def __init__(self, live_server: Any) -> None:
        self.web, self.server = live_server.web, live_server
        self.admin = live_server.add_user("root", "admin")

    def __call__(
        self, method: str, path: str, body: Any = None, by: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = self.admin if by is None else by
        answer: httpx.Response = self.web.request(method, f"/api/v1{path}", json=body, headers=headers)
        return answer

    def token(self, **body: Any) -> dict[str, str]:
        made = self("POST", "/tokens", {"name": "limited", **body})
        assert made.status_code == 201, made.text
        return {"Authorization": f"Bearer {made.json()['token']}"}


@pytest.fixture
def api(live_server: Any) -> Api:
    return Api(live_server)


@pytest.fixture
def limited(api: Api) -> dict[str, str]:
    """An operator who is limited to 10.0.0.0/24 (id 1); 10.1.0.0/24 (id 2) is planned and leased too."""
    for cidr in ("10.0.0.0/24", "10.1.0.0/24"):
        subnet = api("POST", "/subnets", {"cidr": cidr}).json()["id"]
        base = cidr.removesuffix("0/24")
        api("POST", "/pools", {"subnet_id": subnet, "start": f"{base}100", "end": f"{base}199"})
        wish = {"identifiers": [{"type": "mac", "value": "aabbcc000001"}], "ip": f"{base}50"}
        assert api("POST", "/reservations", wish).status_code == 201
    hold_leases(api.server.app.state.engine, "10.0.0.100", "10.1.0.100")
    user = {"name": "olga", "password": PASSWORD, "role": "operator", "subnets": [1]}
    made = api("POST", "/users", user).json()
    return api.token(user_id=made["id"])


def test_limited_user_sees_only_what_lies_in_their_subnets(api: Api, limited: dict[str, str]) -> None:
    for path, field in (("/subnets", "id"), ("/pools", "subnet_id"), ("/reservations", "subnet_id")):
        assert [row[field] for row in api("GET", path, by=limited).json()["items"]] == [1]
    for path in ("/leases", "/events"):
        items = api("GET", f"{path}?count=exact", by=limited).json()
        assert [row["ip"] for row in items["items"]] == ["10.0.0.100"]
        assert items["total"] == 1
    for path in ("/subnets/2", "/pools/2", "/reservations/2", "/leases/10.1.0.100", "/subnets/2/grid"):
        assert api("GET", path, by=limited).status_code == 404, path
        assert api("GET", path.replace("2", "1").replace("10.1", "10.0"), by=limited).status_code == 200
    seen = {row["object"] for row in api("GET", "/audit?limit=1000", by=limited).json()["items"]}
    assert seen == {"subnets/1", "pools/1", "reservations/1"}
    assert api("GET", "/me", by=limited).json()["subnets"] == ["10.0.0.0/24"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/subnets/1", {"name": "mine"}, 200),
        ("PATCH", "/subnets/2", {"name": "mine"}, 404),
        ("DELETE", "/pools/2", None, 404),
        ("POST", "/subnets", {"cidr": "10.0.0.0/26", "dhcp_enabled": False}, 201),
        ("POST", "/subnets", {"cidr": "10.2.0.0/24"}, 403),
        ("POST", "/pools", {"subnet_id": 2, "start": "10.1.0.10", "end": "10.1.0.11"}, 403),
        ("POST", "/pools/bulk", {"ops": [{"op": "delete", "key": 1}, {"op": "delete", "key": 2}]}, 404),
        ("POST", "/pools?dry_run=true", {"subnet_id": 2, "start": "10.1.0.10", "end": "10.1.0.11"}, 403),
        ("PUT", "/pools/10.1.0.100-10.1.0.199", {"subnet_id": 2, "kind": "excluded"}, 403),
        ("PUT", "/addresses/10.1.0.9", {}, 403),
        ("PUT", "/addresses/10.0.0.9", {}, 200),
        ("DELETE", "/leases/10.1.0.100", None, 403),
        ("DELETE", "/leases/10.0.0.100", None, 202),
        ("PUT", "/shared-networks/hall", {"options": []}, 403),
    ],
)
def test_limited_user_changes_only_what_lies_in_their_subnets(
    api: Api, limited: dict[str, str], method: str, path: str, body: Any, status: int
) -> None:
    answer = api(method, path, body, by=limited)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert "current" not in answer.json()
        assert api("GET", "/pools/2").json()["kind"] == "dynamic"


def test_token_is_limited_further_and_never_less(api: Api, limited: dict[str, str]) -> None:
    inner = api("POST", "/subnets", {"cidr": "10.0.0.0/26", "dhcp_enabled": False}).json()["id"]
    made = api("POST", "/tokens", {"name": "inner", "subnets": [inner]}, by=limited)
    narrow = {"Authorization": f"Bearer {made.json()['token']}"}
    assert [row["cidr"] for row in api("GET", "/subnets", by=narrow).json()["items"]] == ["10.0.0.0/26"]
    assert api("POST", "/tokens", {"name": "wide", "subnets": [2]}, by=limited).status_code == 403
    assert api("POST", "/tokens", {"name": "x", "subnets": [1]}, by=narrow).status_code == 403
    assert api("DELETE", "/subnets/1").status_code == 204
    assert api("GET", "/subnets", by=limited).json()["items"] == []


def test_scopes_name_verbs_and_resources(api: Api) -> None:
    api("POST", "/subnets", {"cidr": "10.0.0.0/24"})
    for scopes, method, path, status in (
        (["read"], "GET", "/leases", 200),
        (["read"], "DELETE", "/subnets/1", 403),
        (["write"], "GET", "/leases", 200),
        (["subnets:write"], "PATCH", "/subnets/1", 200),
        (["subnets:write"], "GET", "/subnets", 200),
        (["subnets:write"], "GET", "/leases", 403),
        (["leases:read"], "PATCH", "/subnets/1", 403),
        (["leases:read"], "GET", "/me", 200),
    ):
        answer = api(method, path, {} if method == "PATCH" else None, by=api.token(scopes=scopes))
        assert answer.status_code == status, (scopes, method, path)
        assert status != 403 or f"{path.split('/')[1]}:" in answer.json()["detail"]
    narrow = api.token(scopes=["tokens:write", "read"])
    assert api("POST", "/tokens", {"name": "x", "scopes": ["write"]}, by=narrow).status_code == 403
    assert api("POST", "/tokens", {"name": "x"}, by=narrow).json()["scopes"] == ["tokens:write", "read"]
    assert api("POST", "/tokens", {"name": "x", "scopes": ["everything"]}).status_code == 422


def test_token_is_good_only_from_its_networks_and_until_its_end(api: Api) -> None:
    assert api("GET", "/me", by=api.token(allowed_networks=["127.0.0.0/8"])).status_code == 200
    assert api("GET", "/me", by=api.token(allowed_networks=["10.0.0.0/8"])).status_code == 401
    assert api("GET", "/me", by=api.token(expires_at="2001-01-01T00:00:00Z")).status_code == 401
    assert api("GET", "/me", by=api.token(expires_at="2901-01-01T00:00:00Z")).status_code == 200


def test_secret_of_a_token_is_told_once_whatever_is_repeated(api: Api) -> None:
    key = {**api.admin, "Idempotency-Key": "k"}
    first = api("POST", "/tokens", {"name": "x"}, by=key)
    again = api("POST", "/tokens", {"name": "x"}, by=key)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["token"].encode() not in api.server.database.read_bytes()
    assert "secret" not in api("GET", "/tokens").text + api("GET", "/audit").text


def test_disabled_user_is_out_at_once(api: Api) -> None:
    user = api("POST", "/users", {"name": "vera", "password": PASSWORD}).json()
    token = api.token(user_id=user["id"])
    api.server.sign_in("vera")
    cookie = {"Cookie": f"leaseboard_session={api.web.cookies['leaseboard_session']}"}
    api.web.cookies.clear()
    assert [api("GET", "/me", by=by).status_code for by in (token, cookie)] == [200, 200]
    assert api("PATCH", f"/users/{user['id']}", {"disabled": True}).status_code == 200
    assert [api("GET", "/me", by=by).status_code for by in (token, cookie)] == [401, 401]
    assert api.server.sign_in("vera").status_code == 422


def test_session_is_listed_and_revoked(api: Api) -> None:
    api.server.sign_in("root")
    cookie = {"Cookie": f"leaseboard_session={api.web.cookies['leaseboard_session']}"}
    api.web.cookies.clear()
    (session,) = api("GET", "/sessions").json()["items"]
    assert (session["remote"], session["user_agent"].split("/")[0]) == ("127.0.0.1", "python-httpx")
    assert api("DELETE", f"/sessions/{session['id']}").status_code == 204
    assert api("GET", "/me", by=cookie).status_code == 401


def test_own_password_needs_the_present_one_and_ends_other_sessions(api: Api) -> None:
    api.server.sign_in("root")
    cookie = {"Cookie": f"leaseboard_session={api.web.cookies['leaseboard_session']}"}
    api.web.cookies.clear()
    new = {"password": "another good password"}
    assert api("PUT", "/me/password", new).status_code == 422
    assert api("PUT", "/me/password", {**new, "current_password": "wrong"}).status_code == 422
    for weak in ("short", "aaaaaaaaaaaaaa", "my root password"):
        assert api("PUT", "/me/password", {"password": weak, "current_password": PASSWORD}).status_code == 422
    assert api("PUT", "/me/password", {**new, "current_password": PASSWORD}).status_code == 204
    assert api("GET", "/me", by=cookie).status_code == 401
    assert api.server.sign_in("root", new["password"]).status_code == 303
    assert new["password"] not in api("GET", "/audit").text


def test_last_admin_stays(api: Api) -> None:
    for method, body in (("DELETE", None), ("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True})):
        answer = api(method, "/users/1", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "last_admin")
    api("POST", "/users", {"name": "second", "password": PASSWORD, "role": "admin"})
    assert api("DELETE", "/users/1").status_code == 204


def test_use_of_a_token_is_noted_without_a_write_each_time(api: Api) -> None:
    token = api.token()
    assert api("GET", "/me", by=token).status_code == 200
    noted = api.server.app.state.uses.take()
    assert len(noted) == 2
    with unit_of_work(api.server.app.state.sessions) as session:
        write(session, noted)
    assert all(row["last_used_at"] for row in api("GET", "/tokens").json()["items"])

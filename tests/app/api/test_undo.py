"""Can each kind of change be taken back, by the rules and with what clients notice?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.api.test_access import Api
from tests.builders import PASSWORD, hold_leases

MAC = {"type": "mac", "value": "aa:bb:cc:00:00:01"}

OTHER = {"type": "mac", "value": "aa:bb:cc:00:00:02"}


@pytest.fixture
def api(live_server: Any) -> Api:
    """An admin's script over 10.0.0.0/24 with a pool and a reservation."""
    api = Api(live_server)
    office = {"cidr": "10.0.0.0/24", "name": "office", "lease_time": 600, "gateway": "10.0.0.1"}
    for body in (office, {**office, "cidr": "10.2.0.0/24", "gateway": "10.2.0.1"}):
        assert api("POST", "/subnets", body).status_code == 201
    pool = {"subnet_id": 1, "start": "10.0.0.100", "end": "10.0.0.199"}
    assert api("POST", "/pools", pool).status_code == 201
    option = {"option": "ntp-servers", "value": ["10.0.0.9"], "always": False}
    wish = {"identifiers": [MAC], "ip": "10.0.0.50", "hostname": "printer", "options": [option]}
    assert api("POST", "/reservations", wish).status_code == 201
    return api


def newest(api: Api) -> int:
    return int(api("GET", "/audit?limit=1").json()["items"][0]["id"])


def undo_newest(api: Api, state: Callable[[Api], Any], before: Any, changed: Any) -> None:
    """Try to take the newest change back, which changes nothing; then do it."""
    entry = newest(api)
    tried = api("POST", f"/audit/{entry}/undo?dry_run=true")
    assert (tried.status_code, state(api)) == (200, changed), tried.text
    undone = api("POST", f"/audit/{entry}/undo")
    assert undone.status_code == 200, undone.text
    assert state(api) == before


def state(api: Api) -> dict[str, Any]:
    """Return all that can be changed, without versions."""
    found: dict[str, Any] = {"settings": api("GET", "/settings").json()}
    for path in ("/subnets", "/pools", "/reservations", "/shared-networks", "/users", "/tags", "/vlans"):
        rows = api("GET", path).json()["items"]
        found[path] = [{k: v for k, v in row.items() if k not in ("version", "created_at")} for row in rows]
    return found


CHANGES = {
    "create subnet": ("POST", "/subnets", {"cidr": "10.1.0.0/24"}),
    "update subnet": ("PATCH", "/subnets/1", {"name": "lab", "lease_time": None, "gateway": None}),
    "delete subnet": ("DELETE", "/subnets/2", None),
    "delete subnet with what it holds": ("DELETE", "/subnets/1", None),
    "create tag": ("POST", "/tags", {"name": "lab"}),
    "create pool": ("POST", "/pools", {"subnet_id": 1, "start": "10.0.0.200", "end": "10.0.0.210"}),
    "update pool": ("PATCH", "/pools/1", {"start": "10.0.0.120", "kind": "excluded"}),
    "delete pool": ("DELETE", "/pools/1", None),
    "create reservation": (
        "POST",
        "/reservations",
        {"subnet_id": 1, "identifiers": [OTHER]},
    ),
    "update reservation": ("PATCH", "/reservations/1", {"ip": "10.0.0.51", "hostname": "scanner", "options": []}),
    "delete reservation": ("DELETE", "/reservations/1", None),
    "make shared network": ("PUT", "/shared-networks/hall", {"options": [{"option": 42, "value": ["10.0.0.7"]}]}),
    "change settings": ("PATCH", "/settings", {"lease_time": 1200}),
    "create user": ("POST", "/users", {"name": "vera", "password": PASSWORD}),
    "update user": ("PATCH", "/users/1", {"name": "toor"}),
    "bulk": (
        "POST",
        "/pools/bulk",
        {
            "ops": [
                {"op": "delete", "key": 1},
                {"op": "create", "data": {"subnet_id": 1, "start": "10.0.0.100", "end": "10.0.0.109"}},
                {"op": "update", "key": 1, "data": {"end": "10.0.0.105"}},
            ]
        },
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_undo_brings_back_what_was_and_is_itself_undone(api: Api, name: str) -> None:
    method, path, body = CHANGES[name]
    before = state(api)
    assert api(method, path, body).status_code < 300
    changed = state(api)
    assert changed != before
    undo_newest(api, state, before, changed)
    line = api("GET", "/audit?limit=1").json()["items"][0]
    assert line["message"].startswith("undo of ")
    if name not in ("create user",):
        assert api("POST", f"/audit/{newest(api)}/undo").status_code == 200
        assert state(api) == changed


def test_undo_tells_which_clients_notice(api: Api) -> None:
    hold_leases(api.server.app.state.engine, "10.0.0.205")
    api("POST", "/pools", {"subnet_id": 1, "start": "10.0.0.200", "end": "10.0.0.210"})
    told = api("POST", f"/audit/{newest(api)}/undo?dry_run=true").json()
    assert [(effect["kind"], effect["clients"]) for effect in told["impact"]] == [("moves", 1)]


def test_undo_of_what_was_changed_later_is_refused_and_keeps_other_fields(api: Api) -> None:
    api("PATCH", "/subnets/1", {"name": "first"})
    entry = newest(api)
    api("PATCH", "/subnets/1", {"description": "kept"})
    assert api("POST", f"/audit/{entry}/undo").status_code == 200
    assert api("GET", "/subnets/1").json()["description"] == "kept"
    api("PATCH", "/subnets/1", {"name": "second"})
    refused = api("POST", f"/audit/{entry}/undo")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "changed")


def test_undo_keeps_the_rules(api: Api) -> None:
    api("DELETE", "/pools/1")
    entry = newest(api)
    api("POST", "/pools", {"subnet_id": 1, "start": "10.0.0.150", "end": "10.0.0.160"})
    refused = api("POST", f"/audit/{entry}/undo")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "overlap")


def test_release_token_and_password_can_not_be_taken_back(api: Api) -> None:
    hold_leases(api.server.app.state.engine, "10.0.0.100")
    api("DELETE", "/leases/10.0.0.100")
    refused = api("POST", f"/audit/{newest(api)}/undo")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "not_undoable")
    api.token()
    assert api("POST", f"/audit/{newest(api)}/undo").status_code == 409

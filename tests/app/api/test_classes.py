"""Do classes, definitions and the settings in force answer over HTTP as every resource does?"""

from typing import Any

import httpx
import pytest

from tests.app.conftest import LiveServer


class Caller:
    """An admin's client of the API."""

    def __init__(self, server: LiveServer) -> None:
        self.web, self.headers = server.web, server.add_user("root", "admin")

    def __call__(self, method: str, path: str, status: int, **more: Any) -> Any:
        answer: httpx.Response = self.web.request(method, f"/api/v1{path}", headers=self.headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def call(live_server: LiveServer) -> Caller:
    return Caller(live_server)


def test_error_in_an_expression_is_a_problem_with_its_column(call: Caller) -> None:
    body = call("POST", "/client-classes", 422, json={"name": "a", "expression": 'hostname "x"'})
    (error,) = body["errors"]
    assert (error["pointer"], error["column"]) == ("/expression", 10)
    assert "expected ==" in error["detail"]
    body = call("GET", "/client-classes/test", 422, params={"expression": "hostname"})
    assert body["errors"][0]["column"] == 9


def test_life_of_a_class(call: Caller) -> None:
    made = call("POST", "/client-classes", 201, json={"name": "phones", "expression": 'hostname startswith "p"'})
    subnet = call("POST", "/subnets", 201, json={"cidr": "10.0.0.0/24", "client_class": "phones"})
    shown = call("GET", f"/client-classes/{made['id']}", 200)
    assert shown["used_by"] == ["subnet 10.0.0.0/24"]
    body = call("DELETE", f"/client-classes/{made['id']}", 409)
    assert body["errors"][0]["conflicts_with"]["href"] == f"/api/v1/subnets/{subnet['id']}"
    call("PATCH", f"/client-classes/{made['id']}", 200, json={"name": "telephones"})
    assert call("GET", f"/subnets/{subnet['id']}", 200)["client_class"] == "telephones"
    call("PATCH", f"/subnets/{subnet['id']}", 200, json={"client_class": None})
    call("DELETE", f"/client-classes/{made['id']}", 204)
    assert call("GET", "/client-classes", 200)["items"] == []


def test_trial_of_a_preset_makes_nothing(call: Caller) -> None:
    preset = {"tftp_server": "10.0.0.5", "bios": "undionly.kpxe", "ipxe_script": "http://b.example/menu.ipxe"}
    trial = call("POST", "/client-classes/presets/pxe?dry_run=true", 200, json=preset)
    assert len(trial["changes"]) == 2
    assert call("GET", "/client-classes", 200)["items"] == []
    made = call("POST", "/client-classes/presets/pxe", 201, json=preset)
    assert [row["name"] for row in made] == ["pxe-ipxe", "pxe-bios"]


def test_catalogue_shows_the_users_own_options(call: Caller) -> None:
    definition = {"code": 224, "name": "acme", "kind": "u16", "array": True}
    made = call("POST", "/option-definitions", 201, json=definition)
    (found,) = call("GET", "/options", 200, params={"q": "224"})["items"]
    assert (found["name"], found["definition_id"], found["rfc"]) == ("acme", made["id"], "user")
    options = [{"option": "acme", "value": [1, "x"]}]
    body = call("POST", "/subnets", 422, json={"cidr": "10.0.0.0/24", "options": options})
    assert body["errors"][0]["pointer"] == "/options/0/value"
    subnet = call("POST", "/subnets", 201, json={"cidr": "10.0.0.0/24", "options": [{"option": 224, "value": [1]}]})
    assert subnet["options"][0]["option"] == "acme"
    body = call("DELETE", f"/option-definitions/{made['id']}", 409)
    assert body["errors"][0]["conflicts_with"]["id"] == str(subnet["id"])
    effective = call("GET", f"/subnets/{subnet['id']}/effective-options", 200, params={"mac": "02:00:00:00:00:01"})
    (row,) = [row for row in effective["options"] if row["code"] == 224]
    assert (row["wire"], row["source"]["type"]) == ("0001", "subnets")


def test_unknown_parameter_of_a_question_is_refused(call: Caller) -> None:
    body = call("GET", "/client-classes/test", 400, params={"vendor": "x"})
    assert body["errors"][0]["pointer"] == "/vendor"


def test_settings_take_boot_fields_and_times(call: Caller) -> None:
    changes = {"next_server": "10.0.0.5", "server_name": "boot", "boot_file": "x.efi", "renew_time": 600}
    call("PATCH", "/settings", 200, json=changes)
    call("PUT", "/shared-networks/link", 201, json={"boot_file": "y.efi"})
    subnet = call("POST", "/subnets", 201, json={"cidr": "10.0.0.0/24", "shared_network": "link"})
    found = call("GET", f"/subnets/{subnet['id']}/effective-options", 200)
    assert {row["field"]: row["value"] for row in found["boot"]} == {
        "next_server": "10.0.0.5",
        "server_name": "boot",
        "boot_file": "y.efi",
    }
    assert {row["field"]: row["value"] for row in found["times"]}["renew_time"] == 600

"""Are addresses listed and custom fields asked for over HTTP, with the errors and the envelope of every list?"""

from typing import Any

from tests.app.conftest import LiveServer


def test_addresses_and_custom_fields_over_http(live_server: LiveServer) -> None:
    headers = live_server.add_user("ada", "admin")

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return live_server.web.request(method, f"/api/v1{path}", headers=headers, json=body)

    for resource in ("subnets", "addresses"):
        wish = {"resource": resource, "name": "site", "type": "text"}
        assert call("POST", "/custom-fields", wish).status_code == 201
    made = {"cidr": "10.0.0.0/24", "gateway": "10.0.0.1", "custom_fields": {"site": "Bonn"}}
    subnet = call("POST", "/subnets", made).json()["id"]
    assert call("POST", "/subnets", {"cidr": "10.0.1.0/24"}).status_code == 201
    known = {"hostname": "printer", "custom_fields": {"site": "Köln"}}
    assert call("PUT", "/addresses/10.0.0.9", known).status_code == 200

    def ips(query: str) -> list[str]:
        answer = call("GET", f"/addresses?{query}")
        assert answer.status_code == 200, answer.text
        return [item["ip"] for item in answer.json()["items"]]

    assert [item["id"] for item in call("GET", "/subnets?cf_site__startswith=bo").json()["items"]] == [subnet]
    assert ips("cf_site=K%C3%B6ln") == ips("state=static") == ips("q=print") == ["10.0.0.9"]
    assert ips("state=gateway") == ["10.0.0.1"]
    part = call("GET", f"/addresses?subnet_id={subnet}&limit=2&count=exact").json()
    assert [item["ip"] for item in part["items"]] == ["10.0.0.0", "10.0.0.1"]
    assert part["total"] == 256
    following = call("GET", f"/addresses?subnet_id={subnet}&limit=2&cursor={part['next_cursor']}").json()
    assert [item["ip"] for item in following["items"]] == ["10.0.0.2", "10.0.0.3"]
    for path in ("/addresses?cf_colour=red", "/subnets?cf_colour=red", "/addresses?colour=red",
                 "/subnets?custom_fields=x", "/leases?cf_site=x", "/reservations?state=x"):  # fmt: skip
        refused = call("GET", path)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "bad_parameter"), path
    parameters = live_server.web.get("/openapi.json").json()["paths"]["/api/v1/subnets"]["get"]["parameters"]
    assert any("cf_site=Bonn" in one["description"] for one in parameters)

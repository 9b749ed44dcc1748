"""Does a field that searches for a subnet lead to the same as a list of all?"""

from collections.abc import Callable

import pytest

from app.services import subnet_choice
from tests.app.views.conftest import Person

Someone = Callable[[str], Person]


@pytest.fixture
def planned(person: Someone, monkeypatch: pytest.MonkeyPatch) -> Person:
    """An admin on a plan with more subnets than are offered as a list."""
    monkeypatch.setattr(subnet_choice, "FEW", 1)
    admin = person("admin")
    for number, name in ((1, "office"), (2, "lab")):
        made = {"cidr": f"10.{number}.0.0/24", "name": name, "gateway": f"10.{number}.0.1"}
        admin.api("POST", "/subnets", json=made)
        admin.api(
            "POST", "/pools", json={"subnet_id": number, "start": f"10.{number}.0.50", "end": f"10.{number}.0.60"}
        )
    return admin


def test_choices_are_what_is_typed(planned: Person) -> None:
    assert planned.get("/subnets/choices?q=lab").json() == [{"cidr": "10.2.0.0/24", "name": "lab"}]
    assert planned.get("/subnets/choices?q=10.1").json() == [{"cidr": "10.1.0.0/24", "name": "office"}]
    assert planned.get("/subnets/choices?q=").json() == []


def test_fields_hold_the_prefix_and_take_it(planned: Person) -> None:
    html = planned.get("/explain?mac=0000.0c11.2233&subnet_id=10.2.0.0/24").text
    assert 'value="10.2.0.0/24" list="subnet_id-found"' in html
    assert "<option" not in html.split('id="subnet_id-found"')[1].split("</datalist>")[0]
    assert "10.2.0.50" in html
    assert 'value="10.1.0.0/24"' in planned.get("/reservations/new?subnet=1").text
    for page in ("/leases", "/reservations"):
        assert 'value="10.2.0.0/24" list="subnet-found"' in planned.get(f"{page}?subnet=lab").text


def test_filter_that_names_no_subnet_finds_nothing(planned: Person) -> None:
    identifiers = [{"type": "mac", "value": "00:00:0c:00:00:01"}]
    planned.api(
        "POST", "/reservations", json={"ip": "10.1.0.9", "identifiers": identifiers, "hostname": "printer-9"}
    )
    for subnet, there in (("", True), ("office", True), ("10.1.0.0/24", True), ("lab", False), ("nowhere", False)):
        assert ("printer-9" in planned.get(f"/reservations?subnet={subnet}").text) is there


def test_account_is_limited_by_prefixes(planned: Person) -> None:
    wish = {"name": "limited", "password": "correct horse battery", "role": "viewer", "subnets": "10.1.0.0/24, lab"}
    planned.send("/users", **wish)
    made = next(row for row in planned.api("GET", "/users").json()["items"] if row["name"] == "limited")
    assert made["subnets"] == [1, 2]
    refused = planned.send("/users", **{**wish, "name": "other", "subnets": "10.77.0.0/24"})
    assert refused.status_code == 422
    assert "10.77.0.0/24" in refused.text

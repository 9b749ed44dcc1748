"""Can a required custom field be filled in wherever it is asked for, and is nothing typed lost?"""

import re
from collections.abc import Callable

import pytest

from tests.app.views.conftest import Person

Someone = Callable[[str], Person]
MAC = {"type": "mac", "identifier": "02:00:00:00:00:01"}


def field(admin: Person, resource: str, **more: object) -> None:
    wish = {"resource": resource, "name": "owner", "label": "Owner", "type": "text", "required": True, **more}
    assert admin.api("POST", "/custom-fields", json=wish).status_code == 201


def plan(admin: Person) -> None:
    made = admin.api("POST", "/subnets", json={"cidr": "10.1.0.0/24"})
    assert made.status_code == 201, made.text


@pytest.mark.parametrize(
    ("resource", "path", "form", "stored"),
    [
        ("subnets", "/subnets/new", {"cidr": "10.2.0.0/24"}, "/subnets"),
        ("pools", "/subnets/1/pools/new", {"start": "10.1.0.50", "end": "10.1.0.60"}, "/pools"),
        ("reservations", "/reservations/new", {"ip": "10.1.0.9", **MAC}, "/reservations"),
        ("addresses", "/addresses/10.1.0.5/static", {"hostname": "nas"}, "/addresses?subnet_id=1&ip=10.1.0.5"),
    ],
)
def test_required_field_is_asked_for_and_kept(
    person: Someone, resource: str, path: str, form: dict[str, str], stored: str
) -> None:
    admin = person("admin")
    plan(admin)
    field(admin, resource)
    name = f"custom-{resource}-owner"
    shown = path.removesuffix("/static")
    assert re.search(rf'name="{name}"[^>]* required', admin.get(shown).text)
    refused = admin.send(path, **form)
    assert refused.status_code == 422
    assert re.search(rf'id="h-{name}"><b class="bad-text">Owner is required', refused.text)
    assert admin.send(path, **form, **{name: "Sam"}).status_code == 303
    if resource == "addresses":
        found = admin.api("GET", "/addresses/10.1.0.5").json()
    else:
        found = admin.api("GET", stored).json()["items"][-1]
    assert found["custom_fields"] == {"owner": "Sam"}


def test_first_subnet_asks_for_what_subnets_and_pools_need(person: Someone) -> None:
    admin = person("admin")
    field(admin, "subnets")
    field(admin, "pools", type="integer")
    wish = {"interface": "relay", "cidr": "10.3.0.0/24", "start": "10.3.0.10", "end": "10.3.0.20"}
    own = {"custom-subnets-owner": "Sam", "custom-pools-owner": "seven"}
    refused = admin.send("/start", **wish, **own)
    assert re.search(r'id="h-custom-pools-owner"><b class="bad-text">', refused.text)
    assert 'value="seven"' in refused.text and 'value="Sam"' in refused.text
    assert admin.send("/start", **wish, **{**own, "custom-pools-owner": "7"}).status_code == 303
    assert admin.api("GET", "/pools").json()["items"][0]["custom_fields"] == {"owner": 7}


def test_new_form_begins_with_the_default_and_an_edit_with_what_is_stored(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    field(admin, "reservations", type="choice", choices=["printer", "phone"], default="phone")
    assert '<option value="phone" selected>' in admin.get("/reservations/new").text
    made = admin.send("/reservations/new", ip="10.1.0.9", **MAC, **{"custom-reservations-owner": "printer"})
    assert made.status_code == 303
    assert '<option value="printer" selected>' in admin.get("/reservations/1/edit").text


def test_file_of_the_plan_is_offered_with_what_it_cannot_say(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    assert 'href="/api/v1/exports/kea"' in admin.get("/imports").text
    admin.api("POST", "/vlans", json={"vid": 7, "name": "voice"})
    assert "vlans" in admin.get("/imports/losses?format=kea").text
    assert admin.get("/imports/losses?format=exe").status_code == 400


def test_reservation_without_an_identifier_is_asked_for_one(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    assert "As soon as the device is named" in admin.send("/reservations/check", ip="10.1.0.9").text
    refused = admin.send("/reservations/new", ip="10.1.0.9", type="mac", identifier="")
    assert refused.status_code == 422 and "Say how the device is known" in refused.text

"""Does a page without rows say what to do next, and offer only what whoever looks may do?"""

import re
from collections.abc import Callable

import pytest

from tests.app.views.conftest import Person

Someone = Callable[[str], Person]
LISTS = (
    "/", "/subnets", "/leases", "/reservations", "/audit?q=nothing", "/audit?who=nobody", "/alerts", "/alert-rules",
    "/client-classes", "/custom-fields", "/option-definitions", "/options?q=nothing", "/shared-networks", "/vlans",
    "/tags", "/denied-clients", "/imports", "/history", "/leases?q=nothing", "/reservations?q=nothing",
)  # fmt: skip
TABS = ("/pools", "/reservations", "/leases", "/history")
STEP = re.compile(r'<div class="empty-text">(.*?)</div>', re.DOTALL)
HREF = re.compile(r'href="([^"#]+)')


def offered(person: Person, path: str) -> list[str]:
    """Return where the empty states of a page lead; each must say what to do, or why nothing can be done."""
    answer = person.get(path)
    assert answer.status_code == 200, path
    states = STEP.findall(answer.text)
    assert states, f"{path} has no empty state"
    for state in states[:1]:
        assert "<a " in state or "step-note" in state, f"{path} leads nowhere: {state}"
    return [href for state in states for href in HREF.findall(state)]


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_every_step_that_is_offered_may_be_taken(person: Someone, role: str) -> None:
    admin = person("admin") if role != "admin" else None
    somebody = person(role)
    made = (admin or somebody).api("POST", "/subnets", json={"cidr": "10.9.0.0/24"}) if admin else None
    paths = list(LISTS) if made is None else [*LISTS[4:], *(f"/subnets/1{tab}" for tab in TABS)]
    for path in paths:
        for href in offered(somebody, path):
            answer = somebody.get(href.replace("&amp;", "&"))
            assert answer.status_code == 200, f"{path} offers {role} {href}: {answer.status_code}"


def test_viewer_of_a_fresh_installation_is_offered_nothing_to_make(person: Someone) -> None:
    viewer = person("viewer")
    for path in ("/", "/subnets", "/leases", "/reservations"):
        assert not {href for href in offered(viewer, path) if "new" in href or href == "/start"}, path
        assert "an operator can do this" in viewer.get(path).text


def test_palette_names_only_pages_that_open(person: Someone) -> None:
    for role, hidden, there in (("viewer", ("/subnets/new", "/users", "/start"), "/alerts"),
                                ("operator", ("/users", "/webhooks"), "/subnets/new"),
                                ("admin", (), "/webhooks")):  # fmt: skip
        somebody, found = person(role), set()
        for letter in "aeiou":
            found |= set(re.findall(r'class="hit"[^>]*href="([^"]+)"', somebody.get(f"/search?q={letter}").text))
        assert there in found or there in somebody.get(f"/search?q={there.strip('/')[:5]}").text
        assert not found & set(hidden)
        for href in found:
            assert somebody.get(href).status_code == 200, f"{role}: {href}"


def test_viewer_who_finds_a_reservation_is_not_led_to_its_form(person: Someone) -> None:
    admin, viewer = person("admin"), person("viewer")
    admin.api("POST", "/subnets", json={"cidr": "10.9.0.0/24"})
    wish = {"ip": "10.9.0.7", "hostname": "printer", "identifiers": [{"type": "mac", "value": "02:00:00:00:00:01"}]}
    assert admin.api("POST", "/reservations", json=wish).status_code == 201
    assert "/reservations/1/edit" in admin.get("/search?q=printer").text
    html = viewer.get("/search?q=printer").text
    assert "/edit" not in html and "/reservations?q=10.9.0.7" in html
    for path in ("/subnets/1/reservations", "/addresses/10.9.0.7"):
        assert "/edit" not in viewer.get(path).text.split("<main")[1]

"""Does one action reach all that was chosen, all or nothing, and is its effect told first?"""

from collections.abc import Callable

from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases

Someone = Callable[[str], Person]


def plan(admin: Person) -> None:
    admin.api("POST", "/subnets", json={"cidr": "10.0.0.0/24", "name": "office"})
    admin.api("POST", "/subnets", json={"cidr": "10.0.1.0/24", "name": "guests"})
    admin.api("POST", "/pools", json={"subnet_id": 1, "start": "10.0.0.50", "end": "10.0.0.99"})
    for n in range(3):
        mac = {"type": "mac", "value": f"02:00:00:00:00:0{n}"}
        wish = {"ip": f"10.0.0.1{n}", "hostname": f"camera-{n}", "identifiers": [mac]}
        assert admin.api("POST", "/reservations", json=wish).status_code == 201


def names(admin: Person, path: str, key: str) -> list[str]:
    return [str(row[key]) for row in admin.api("GET", path).json()["items"]]


def test_chosen_rows_are_named_first_and_removed_when_confirmed(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    asked = admin.send("/bulk/reservations", action="delete", key=["1", "3"])
    assert "Remove 2 objects?" in asked.text and "10.0.0.10 camera-0" in asked.text
    assert names(admin, "/reservations", "id") == ["1", "2", "3"]
    done = admin.send(
        "/bulk/reservations", action="delete", key=["1", "3"], confirmed="2", back="/reservations?q=c"
    )
    assert done.headers["location"].startswith("/reservations?q=c&done=")
    assert names(admin, "/reservations", "id") == ["2"]


def test_all_that_match_are_asked_for_again_when_their_number_has_changed(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    wish = {"action": "delete", "matching": "1", "q": "camera"}
    assert "Remove 3 objects?" in admin.send("/bulk/reservations", **wish).text
    assert "Remove 3 objects?" in admin.send("/bulk/reservations", **wish, confirmed="2").text
    assert len(names(admin, "/reservations", "id")) == 3
    assert admin.send("/bulk/reservations", **wish, confirmed="3").status_code == 303
    assert names(admin, "/reservations", "id") == []


def test_one_that_refuses_stops_all(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    refused = admin.send("/bulk/pools", action="delete", key=["1", "77"], confirmed="2")
    assert refused.status_code == 422 and "77: " in refused.text
    assert names(admin, "/pools", "id") == ["1"]


def test_tag_is_asked_for_given_and_taken(person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    assert 'name="tag"' in admin.send("/bulk/subnets", action="tag", key=["1", "2"]).text
    admin.send("/bulk/subnets", action="tag", key=["1", "2"], tag="Site-A prod", confirmed="2")
    assert names(admin, "/subnets", "tags") == ["['site-a', 'prod']"] * 2
    admin.send("/bulk/subnets", action="untag", key=["2"], tag="prod", confirmed="1")
    assert names(admin, "/subnets", "tags") == ["['site-a', 'prod']", "['site-a']"]


def test_dhcp_is_switched_off_with_its_effect_told(live_server: LiveServer, person: Someone) -> None:
    admin = person("admin")
    plan(admin)
    hold_leases(live_server.app.state.engine, "10.0.0.60", "10.0.0.61")
    wish = {"action": "dhcp-off", "matching": "1"}
    assert "2 clients are not served any more" in admin.send("/bulk/subnets", **wish).text
    assert names(admin, "/subnets", "dhcp_enabled") == ["True", "True"]
    admin.send("/bulk/subnets", **wish, confirmed="2")
    assert names(admin, "/subnets", "dhcp_enabled") == ["False", "False"]


def test_leases_are_released_by_the_worker_and_their_clients_told_of(
    live_server: LiveServer, person: Someone
) -> None:
    admin, viewer = person("admin"), person("viewer")
    plan(admin)
    hold_leases(live_server.app.state.engine, "10.0.0.60", "10.0.0.61")
    hold_leases(live_server.app.state.engine, "10.0.0.62", state="released")
    wish = {"action": "release", "matching": "1"}
    assert "2 clients are not told and keep using" in admin.send("/bulk/leases", **wish).text
    assert viewer.send("/bulk/leases", **wish, confirmed="2").status_code == 403
    assert admin.send("/bulk/leases", **wish, confirmed="2").status_code == 303
    orders = admin.api("GET", "/audit?action=release").json()["items"]
    assert {row["object"] for row in orders} == {"leases/10.0.0.60", "leases/10.0.0.61"}


def test_nothing_chosen_and_unknown_actions_are_refused(person: Someone) -> None:
    admin = person("admin")
    assert admin.send("/bulk/pools", action="delete").status_code == 422
    assert admin.send("/bulk/pools", action="explode", key=["1"], confirmed="1").status_code == 422
    assert admin.send("/bulk/users", action="delete", key=["1"], confirmed="1").status_code == 422
    assert admin.send("/bulk/pools", action="delete", key=["x"], confirmed="1").status_code == 422

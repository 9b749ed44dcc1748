"""Does the audit's page take a change back, and say first what clients notice or why it can't?"""

from collections.abc import Callable

from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases

Someone = Callable[[str], Person]


def split(admin: Person) -> int:
    """Split a subnet with a pool over its middle; return the newest line of the audit."""
    admin.api("POST", "/subnets", json={"cidr": "10.0.0.0/24"})
    admin.api("POST", "/pools", json={"subnet_id": 1, "start": "10.0.0.50", "end": "10.0.0.199"})
    assert admin.api("POST", "/subnets/1/split", json={"prefix_len": 25}).status_code == 200
    return int(admin.api("GET", "/audit?limit=1").json()["items"][0]["id"])


def plan(admin: Person) -> tuple[list[str], list[str]]:
    prefixes = [row["cidr"] for row in admin.api("GET", "/subnets").json()["items"]]
    return prefixes, [f"{row['start']}-{row['end']}" for row in admin.api("GET", "/pools").json()["items"]]


def test_split_is_tried_and_taken_back_from_its_page(person: Someone, live_server: LiveServer) -> None:
    admin = person("admin")
    entry = split(admin)
    hold_leases(live_server.app.state.engine, "10.0.0.150")
    after = plan(admin)
    tried = admin.send(f"/audit/{entry}/try")
    assert (
        "1 client keeps its address" in tried.text
        and "not served" not in tried.text
        and "Undo this change" in tried.text
    )
    assert plan(admin) == after
    assert admin.send(f"/audit/{entry}/undo").status_code == 303
    assert plan(admin) == (["10.0.0.0/24"], ["10.0.0.50-10.0.0.199"])


def test_split_with_something_new_in_a_part_is_not_taken_back(person: Someone) -> None:
    admin = person("admin")
    entry = split(admin)
    mac = {"type": "mac", "value": "02:00:00:00:00:01"}
    made = admin.api("POST", "/reservations", json={"ip": "10.0.0.210", "identifiers": [mac]})
    assert made.status_code == 201
    after = plan(admin)
    tried = admin.send(f"/audit/{entry}/try")
    assert "It cannot be taken back:" in tried.text
    assert "The reservation of 10.0.0.210 is in 10.0.0.128/25 now" in tried.text
    assert "Undo this change" not in tried.text
    assert admin.send(f"/audit/{entry}/undo").status_code == 409
    assert plan(admin) == after

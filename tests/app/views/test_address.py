"""Does the page of an address say what its state means, and offer what can be done about it?"""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.database import unit_of_work
from app.models import Command
from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases

Someone = Callable[[str], Person]
IP = "10.0.0.50"


def plan(live_server: LiveServer, person: Someone, state: str) -> Person:
    admin = person("admin")
    assert admin.api("POST", "/subnets", json={"cidr": "10.0.0.0/24"}).status_code == 201
    assert admin.api("POST", "/pools", json={"subnet_id": 1, "start": IP, "end": "10.0.0.99"}).status_code == 201
    hold_leases(live_server.app.state.engine, IP, state=state)
    return admin


@pytest.mark.parametrize("state", ["declined", "conflict"])
def test_a_quarantine_is_explained_and_can_be_ended(live_server: LiveServer, person: Someone, state: str) -> None:
    admin = plan(live_server, person, state)
    html = admin.get(f"/addresses/{IP}").text
    assert "until the quarantine is over" in html and "End the quarantine" in html and "02:00:0a:00:00:32" in html
    assert "End the quarantine" not in person("viewer").get(f"/addresses/{IP}").text
    assert admin.send(f"/leases/{IP}/release", back=f"/addresses/{IP}").status_code == 303
    with unit_of_work(live_server.app.state.sessions, writing=False) as session:
        assert [(row.action, str(row.ip)) for row in session.scalars(select(Command))] == [("release", IP)]


def test_a_lease_that_another_device_is_promised_says_who_gives_way(
    live_server: LiveServer, person: Someone
) -> None:
    admin = plan(live_server, person, "active")
    wish = {"ip": IP, "identifiers": [{"type": "mac", "value": "02:00:00:00:00:01"}]}
    assert admin.api("POST", "/reservations", json=wish).status_code == 201
    html = admin.get(f"/addresses/{IP}").text
    assert "keeps it until it renews" in html and "End the quarantine" not in html and ">Release<" in html

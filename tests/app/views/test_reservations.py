"""Does the list of reservations say who has what was promised?"""

from collections.abc import Callable

from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases


def test_a_conflict_names_the_holder_also_when_the_device_has_another_address(
    live_server: LiveServer, person: Callable[[str], Person]
) -> None:
    admin = person("admin")
    assert admin.api("POST", "/subnets", json={"cidr": "10.0.0.0/24"}).status_code == 201
    hold_leases(live_server.app.state.engine, "10.0.0.50", "10.0.0.60")
    for ip, mac in (("10.0.0.50", "02:00:0a:00:00:3c"), ("10.0.0.70", "02:00:0a:00:00:32")):
        wish = {"ip": ip, "identifiers": [{"type": "mac", "value": mac}]}
        assert admin.api("POST", "/reservations", json=wish).status_code == 201
    html = admin.get("/reservations").text
    assert "held by 02:00:0a:00:00:32" in html and "held by 02:00:0a:00:00:3c" not in html
    assert "has 10.0.0.50, moves at T1" in html
    for state, ip in (("conflict", "10.0.0.50"), ("waiting", "10.0.0.70")):
        html = admin.get(f"/reservations?state={state}").text
        assert f">{ip}<" in html and html.count('data-select aria-label="Choose') == 1

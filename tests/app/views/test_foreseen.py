"""Is it told on each form, before the save, which clients would notice it?"""

from collections.abc import Callable

import pytest

from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases

NOBODY = "No client notices this change."


@pytest.fixture
def admin(person: Callable[[str], Person], live_server: LiveServer) -> Person:
    """An admin of 10.0.0.0/24 on the link "hall", in whose pool two clients with a made-up MAC lease."""
    admin = person("admin")
    made = admin.send("/subnets/new", cidr="10.0.0.0/24", dhcp_enabled="1", shared_network="hall")
    assert made.status_code == 303, made.text
    assert admin.send("/subnets/1/pools/new", start="10.0.0.10", end="10.0.0.99").status_code == 303
    hold_leases(live_server.app.state.engine, "10.0.0.10", "10.0.0.11")
    return admin


SUBNET = {"cidr": "10.0.0.0/24", "dhcp_enabled": "1", "shared_network": "hall"}
SETTINGS = {"lease_time": ""}  # an empty field is the default
SERVED = "2 clients keep their address and get the new settings"
ENDED = "2 clients are not served any more"
FORMS = [
    ("/subnets/check?subnet_id=1", SUBNET, NOBODY),
    ("/subnets/check?subnet_id=1", {**SUBNET, "name": "office"}, NOBODY),
    ("/subnets/check?subnet_id=1", {**SUBNET, "lease_time": "600"}, SERVED),
    ("/subnets/check?subnet_id=1", {**SUBNET, "dhcp_enabled": ""}, ENDED),
    ("/subnets/check?subnet_id=1", {**SUBNET, "known_clients_only": "1"}, ENDED),
    ("/subnets/check?subnet_id=1", {**SUBNET, "lease_time": "soon"}, "number"),
    ("/subnets/check", {"cidr": "10.0.0.0/24"}, "10.0.0.0/24"),
    ("/subnets/check", {"cidr": "10.1.0.0/24", "dhcp_enabled": "1"}, NOBODY),
    ("/subnets/check", {"cidr": ""}, "As soon as the prefix is there"),
    ("/settings/check", SETTINGS, NOBODY),
    ("/settings/check", {"lease_time": "600"}, SERVED),
    ("/settings/check", {"random_macs": "deny"}, ENDED),
    ("/settings/check", {"random_macs": "known"}, ENDED),
    ("/settings/check", {"lease_time": "10", "min_lease_time": "60"}, "between"),
    ("/denied-clients/check", {"mac": "02:00:0a"}, ENDED),
    ("/denied-clients/check", {"mac": "00:1b:21"}, NOBODY),
    ("/denied-clients/check", {"mac": ""}, "As soon as the address is there"),
    ("/denied-clients/check", {"mac": "zz"}, "hardware address"),
    ("/shared-networks/check?name=hall", {"option": "domain-name", "value": "example.org", "always": ""}, SERVED),
    ("/shared-networks/check?name=hall", {}, NOBODY),
    ("/shared-networks/check?name=hall", {"option": "routers", "value": "x", "always": ""}, "x"),
]


@pytest.mark.parametrize(("path", "typed", "told"), FORMS)
def test_form_tells_who_would_notice_and_keeps_nothing(
    admin: Person, path: str, typed: dict[str, str], told: str
) -> None:
    before = admin.api("GET", "/audit").json()["items"]
    answer = admin.send(path, **typed)
    assert answer.status_code == 200
    assert told in answer.text
    assert admin.api("GET", "/audit").json()["items"] == before

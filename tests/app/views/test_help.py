"""Does the walk through the four packets tell the last exchange of the user's own network?"""

import re
from collections.abc import Callable

from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import hold_leases


def test_walk_begins_without_an_example_and_takes_the_newest_lease(
    live_server: LiveServer, person: Callable[[str], Person]
) -> None:
    admin = person("admin")
    assert "it becomes the example" in admin.get("/help").text
    options = [{"option": "domain-name", "value": "lab.example"}]
    admin.api("POST", "/subnets", json={"cidr": "10.0.0.0/24", "gateway": "10.0.0.1", "options": options})
    admin.api("POST", "/pools", json={"subnet_id": 1, "start": "10.0.0.50", "end": "10.0.0.99"})
    hold_leases(live_server.app.state.engine, "10.0.0.60")
    html = admin.get("/help").text
    assert "Ethernet · 02:00:0a:00:00:3c → ff:ff:ff:ff:ff:ff" in html
    assert re.search(r"yiaddr</small>.*10\.0\.0\.60", html)
    ack = html[html.index(">ACK<") :]
    assert re.search(r"domain-name</small> <bdi dir=\"ltr\">lab\.example", ack) and re.search(
        r"routers</small> <bdi dir=\"ltr\">10\.0\.0\.1", ack
    )
    assert "message=request&amp;requested_ip=10.0.0.60" in ack

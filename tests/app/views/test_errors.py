"""Does an error leave a person where they can go on from, in their own language?"""

from collections.abc import Callable

import pytest

from app.auth.deps import COOKIE
from app.services import subnets
from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person
from tests.builders import PASSWORD

Someone = Callable[[str], Person]
PART = {"hx-request": "true", "hx-request-type": "partial"}
YESTERDAY = {"cookie": f"{COOKIE}=of-yesterday"}


def test_page_that_one_may_not_open_keeps_the_navigation(person: Someone) -> None:
    refused = person("viewer").get("/users")
    assert refused.status_code == 403
    assert 'class="side"' in refused.text and "needs the role admin" in refused.text
    assert "Das dürfen Sie nicht" in person("operator").get("/users", "de").text


@pytest.mark.parametrize("path", ["/nothing-here", "/subnets/99", "/subnets/letters"])
def test_missing_page_keeps_the_navigation(person: Someone, path: str) -> None:
    missing = person("viewer").get(path)
    assert missing.status_code in (400, 404)
    assert 'class="side"' in missing.text and 'href="/"' in missing.text


def test_stranger_sees_no_navigation(live_server: LiveServer) -> None:
    missing = live_server.web.get("/nothing-here")
    assert missing.status_code == 404 and 'class="side"' not in missing.text


def test_fault_of_the_server_names_its_line_in_the_log(
    live_server: LiveServer, person: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = person("viewer")

    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(subnets, "get_subnet", broken)
    failed = viewer.get("/subnets/1")
    assert failed.status_code == 500 and 'class="side"' in failed.text
    number = failed.text.split("<code>")[1].split("</code>")[0]
    assert any(number in line.getMessage() for line in caplog.records)


def test_part_of_a_page_gets_a_sentence_or_the_way_to_the_sign_in(live_server: LiveServer, person: Someone) -> None:
    viewer = person("viewer")
    refused = viewer.web.get("/users", headers=PART)
    assert refused.status_code == 403 and refused.headers["content-type"].startswith("text/plain")
    assert refused.text.startswith("This needs the role admin")
    here = {**PART, **YESTERDAY, "hx-current-url": "http://localhost/leases?state=active"}
    ended = live_server.web.get("/leases", headers=here)
    assert ended.status_code == 401
    assert ended.headers["x-sign-in"] == "/login?next=%2Fleases%3Fstate%3Dactive&ended=1"
    assert ended.text.startswith("Your session has ended")


def test_who_is_signed_in_again_is_where_they_were(live_server: LiveServer, person: Someone) -> None:
    person("viewer")
    web = live_server.web
    away = web.get("/leases?state=active", headers=YESTERDAY)
    assert away.headers["location"] == "/login?next=%2Fleases%3Fstate%3Dactive&ended=1"
    form = web.get(away.headers["location"]).text
    assert "Your session has ended" in form and 'name="next" value="/leases?state=active"' in form
    for wish, target in (("/leases?state=active", "/leases?state=active"), ("//evil.example", "/"),
                         ("/\\evil.example", "/"), ("https://evil.example", "/"), ("", "/")):  # fmt: skip
        back = web.post("/login", data={"name": "viewer", "password": PASSWORD, "next": wish})
        assert back.headers["location"] == target


def test_failed_sign_in_is_told_in_the_language_of_the_browser(live_server: LiveServer, person: Someone) -> None:
    person("viewer")
    german = {"accept-language": "de"}
    wrong = {"name": "viewer", "password": "wrong"}
    told = live_server.web.post("/login", data=wrong, headers=german)
    assert told.status_code == 422 and "ist falsch" in told.text and 'value="viewer"' in told.text
    for _ in range(5):
        told = live_server.web.post("/login", data=wrong, headers=german)
    assert told.status_code == 429 and int(told.headers["retry-after"]) > 0
    assert "Zu viele falsche Passwörter" in told.text


def test_fault_of_a_field_is_told_in_plain_words(person: Someone) -> None:
    operator = person("operator")
    wrong = {"cidr": "10.1.0.0/24", "vlan": "seven", "lease_time": "1.5", "name": "x" * 300}
    english = operator.send("/subnets/new", **wrong).text
    assert "A whole number is needed" in english and "unable to parse" not in english
    german = operator.send("/subnets/new", "de", **wrong).text
    assert "Eine ganze Zahl" in german and "120 Zeichen" in german and "String should" not in german
    device = {"identifier": "02:00:00:00:00:01", "type": "mac", "hostname": "großer Drucker"}
    assert "Only letters, digits" in operator.send("/reservations/new", **device).text

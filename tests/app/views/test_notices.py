"""Do the pages of alerts and webhooks do what they show, for whom they should?"""

import re
from collections.abc import Callable

from app.database import unit_of_work
from app.models import Alert
from app.views.preferences import Preferences, use
from app.views.sentences import said
from tests.app.conftest import LiveServer
from tests.app.views.conftest import Person

Someone = Callable[[str], Person]
URL = "http://192.0.2.1/hook"


def test_secret_of_a_webhook_is_shown_when_made_and_when_renewed_only(person: Someone) -> None:
    admin = person("admin")
    made = admin.send("/webhooks/new", name="tickets", url=URL, topics=["alert", "lease"], enabled="1")
    first = re.search(r"whsec_[\w-]+", made.text)
    assert made.status_code == 200 and first is not None
    stored = admin.api("GET", "/webhooks").json()["items"][0]
    assert (stored["topics"], stored["enabled"]) == (["alert", "lease"], True)
    assert "whsec_" not in admin.get("/webhooks/1").text
    second = re.search(r"whsec_[\w-]+", admin.send("/webhooks/1/rotate").text)
    assert second is not None and second[0] != first[0]


def test_bad_webhook_is_refused_beside_its_field_and_keeps_what_was_typed(person: Someone) -> None:
    answer = person("admin").send("/webhooks/new", name="tickets", url="ftp://example.org", topics=["alert"])
    assert answer.status_code == 422
    assert 'value="ftp://example.org"' in answer.text
    assert re.search(r'id="h-url"><b class="bad-text">[^<]*no http or https URL', answer.text)


def test_message_is_tested_and_sent_again(person: Someone) -> None:
    admin = person("admin")
    admin.send("/webhooks/new", name="tickets", url=URL, topics=["alert"], enabled="1")
    assert admin.send("/webhooks/1/test").status_code == 303
    delivery = admin.api("GET", "/webhook-deliveries").json()["items"][0]
    assert admin.send(f"/webhook-deliveries/{delivery['id']}/redeliver").status_code == 303
    assert "pending" in admin.get("/webhooks/1?state=pending").text


def test_webhooks_are_the_admins_and_rules_the_operators(person: Someone) -> None:
    viewer, operator = person("viewer"), person("operator")
    assert operator.get("/webhooks").status_code == 403
    assert viewer.get("/alert-rules").status_code == 200
    assert viewer.get("/alert-rules/new").status_code == 403
    assert viewer.send("/alert-rules/new", name="x", kind="worker_silent").status_code == 403
    assert operator.send("/alert-rules/new", name="x", kind="worker_silent", enabled="1").status_code == 303


def test_rule_is_made_changed_and_a_stale_form_refused(person: Someone) -> None:
    operator = person("operator")
    wish = {"name": "full", "kind": "pool_usage", "threshold": "90", "clear": "80", "enabled": "1"}
    operator.send("/alert-rules/new", emails="a@example.org, b@example.org", **wish)
    rule = operator.api("GET", "/alert-rules").json()["items"][0]
    assert (rule["threshold"], rule["emails"]) == (90, ["a@example.org", "b@example.org"])
    changed = {**wish, "threshold": "95", "version": str(rule["version"])}
    assert operator.send("/alert-rules/1", **changed).status_code == 303
    refused = operator.send("/alert-rules/1", **{**changed, "threshold": "70"})
    assert refused.status_code == 422 and "<mark>70</mark>" in refused.text
    version = re.search(r'name="version" value="(\d+)"', refused.text)
    assert version is not None
    again = operator.send("/alert-rules/1", **{**changed, "threshold": "85", "version": version[1]})
    assert again.status_code == 303


def test_every_page_tells_how_many_alerts_fire(live_server: LiveServer, person: Someone) -> None:
    operator = person("operator")
    operator.send("/alert-rules/new", name="full", kind="worker_silent", enabled="1")
    assert "alert is firing" not in operator.get("/help").text
    with unit_of_work(live_server.app.state.sessions) as session:
        session.add(
            Alert(rule_id=1, object="workers/w", message="w has been silent since 2026-01-01 00:00:00 UTC.")
        )
    assert "1 alert is firing" in operator.get("/help").text
    assert "schweigt seit" in operator.get("/alerts", "de").text


def test_sentence_of_a_service_is_told_in_the_language_with_its_values() -> None:
    use(Preferences("de"))
    told = said("The pool 10.0.0.1-10.0.0.9 is 90 % full: 1 addresses are free.")
    assert told == "Der Pool 10.0.0.1-10.0.0.9 ist zu 90 % voll: 1 Adressen sind frei."
    assert said("02:00:00:00:00:01: There is no alert 7.") == "02:00:00:00:00:01: Es gibt keinen Alarm 7."
    assert said("10.0.0.9 is outside 10.1.0.0/24.") == "10.0.0.9 liegt außerhalb von 10.1.0.0/24."
    assert said("Reservation 3 matches: 10.0.0.9.") == "Reservierung 3 passt: 10.0.0.9."
    bad = 'domain-name-servers needs IPv4 addresses, and "wrong" is none.'
    assert said(bad) == 'domain-name-servers braucht IPv4-Adressen, und "wrong" ist keine.'
    assert said("10.0.0.1 is free of it") == "10.0.0.1 is free of it"
    assert said("nothing that is known") == "nothing that is known"
    use(Preferences())


def test_refusals_and_error_pages_are_told_in_the_language(person: Someone) -> None:
    operator = person("operator")
    refused = operator.send("/subnets/new", "de", cidr="10.1.0.5/24").text
    assert "hat Bits im Hostteil; war 10.1.0.0/24 gemeint?" in refused
    assert "Es gibt kein Subnetz 99." in operator.get("/subnets/99", "de").text
    assert "Diese Seite gibt es nicht" in operator.get("/no-such-page", "de").text

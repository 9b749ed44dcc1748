"""Does the running product tell a receiver of leases, changes and alerts, and go on after it was killed?"""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database import make_engine, make_session_factory, unit_of_work
from app.models import WebhookDelivery
from app.models.base import utc_now
from app.notify.sender import CLAIM_S
from app.notify.signing import HEADER, verify
from tests.app.notify.test_webhooks import Receiver
from tests.builders import Product


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """A product whose webhooks may reach this machine."""
    monkeypatch.setenv("LEASEBOARD_WEBHOOK_ALLOW", "127.0.0.0/8")
    running = Product(tmp_path)
    try:
        running.sign_up()
        yield running
    finally:
        running.stop()


def test_leases_changes_and_alerts_are_told(telling: Product, receiver: Receiver) -> None:
    wish = {"name": "hook", "url": receiver.url, "topics": ["lease", "audit", "alert"]}
    made = telling.api("POST", "/webhooks", json=wish)
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    assert secret not in telling.api("GET", "/webhooks").text + telling.api("GET", "/audit").text
    rule = {"name": "full", "kind": "pool_usage", "threshold": 80}
    assert telling.api("POST", "/alert-rules", json=rule).status_code == 201
    telling.plan(start="10.9.0.50", end="10.9.0.54")
    telling.wait(telling.live)
    telling.simulate(4, rate=100)
    topics = {"lease", "audit", "alert"}
    telling.wait(lambda: {headers["Leaseboard-Topic"] for headers, _ in receiver.got} == topics, 40)
    for headers, body in receiver.got:
        assert verify(secret, body, headers[HEADER], now=int(time.time()))
    (alert,) = telling.api("GET", "/alerts").json()["items"]
    assert (alert["state"], alert["value"]) == ("firing", 80)
    states = {row["state"] for row in telling.api("GET", "/webhook-deliveries").json()["items"]}
    assert "delivered" in states


def test_killed_server_goes_on_with_what_waited(telling: Product, receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [503] * 1000
    wish = {"name": "hook", "url": receiver.url, "topics": ["audit"]}
    assert telling.api("POST", "/webhooks", json=wish).status_code == 201
    telling.plan()
    telling.wait(lambda: bool(receiver.got), 30)
    os.kill(telling.process.pid, signal.SIGKILL)
    telling.process.wait(20)
    receiver.answers = []
    engine = make_engine(telling.env["LEASEBOARD_DATABASE_URL"])
    with unit_of_work(make_session_factory(engine)) as session:  # so long ago the server took what it did not send
        earlier = utc_now() - timedelta(seconds=CLAIM_S)
        session.execute(update(WebhookDelivery).where(WebhookDelivery.next_at > utc_now()).values(next_at=earlier))
    engine.dispose()
    again = Product(tmp_path)
    again.bearer = telling.bearer
    try:
        again.wait(lambda: again.api("GET", "/webhook-deliveries?state=pending").json()["items"] == [], 90)
    finally:
        again.stop()
    told = [event["object"] for event in receiver.events()]
    assert {"subnets/1", "pools/1"} <= set(told)

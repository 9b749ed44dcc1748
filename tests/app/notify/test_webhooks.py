"""Does each event reach a real receiver, signed, at least once, whatever fails in between?"""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.database import SessionFactory, unit_of_work
from app.models import LeaseEvent, Webhook, WebhookDelivery
from app.models.base import utc_now
from app.notify import outbox, sender, webhooks
from app.notify.signing import HEADER, sign, verify
from app.schemas.subnets import SubnetIn
from app.schemas.targets import Refused, check_url, resolve
from app.schemas.webhooks import WebhookIn
from app.services import subnets
from app.services.actors import COMMAND_LINE
from app.services.errors import Conflict

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Receiver:
    """An HTTP server that keeps what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.got for event in json.loads(body)["events"]]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def add_webhook(factory: SessionFactory, url: str, *topics: str) -> str:
    """Make a webhook; return its secret."""
    with unit_of_work(factory) as session:
        data = WebhookIn(name="hook", url=url, topics=list(topics))
        return webhooks.create_webhook(session, COMMAND_LINE, data).secret


def add_events(factory: SessionFactory, number: int) -> None:
    with unit_of_work(factory) as session:
        start = session.scalar(select(func.count()).select_from(LeaseEvent)) or 0
        session.add_all(
            LeaseEvent(at=utc_now(), type="active", ip=ip_address("10.0.0.1") + start + k, subnet_id=1,
                       mac=b"\2" * 6, client_id=b"", hostname="h", expires_at=None, reason="assigned", worker="w")
            for k in range(number)
        )  # fmt: skip


def turn(factory: SessionFactory) -> int:
    """Collect and send once, as a process that has just started would."""
    with unit_of_work(factory) as session:
        outbox.collect(session)
    made = sender.Sender(factory, LOOPBACK)
    try:
        return made.send_due()
    finally:
        made.close()


def make_due(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        session.execute(update(WebhookDelivery).values(next_at=utc_now() - timedelta(seconds=1)))


def deliveries(factory: SessionFactory) -> list[tuple[str, int, int | None]]:
    with unit_of_work(factory, writing=False) as session:
        rows = session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))
        return [(row.state, row.attempts, row.status) for row in rows]


def test_events_after_the_start_arrive_signed_in_messages_of_100(
    factory: SessionFactory, receiver: Receiver
) -> None:
    add_events(factory, 5)
    secret = add_webhook(factory, receiver.url, "lease")
    add_events(factory, 250)
    assert turn(factory) == 3
    ips = sorted(ip_address(event["ip"]) for event in receiver.events())
    assert ips == [ip_address("10.0.0.6") + k for k in range(250)]
    headers, body = receiver.got[0]
    assert verify(secret, body, headers[HEADER], now=int(time.time()))
    assert json.loads(body)["id"] == headers["Leaseboard-Delivery"]
    assert deliveries(factory) == [("delivered", 1, 200)] * 3
    assert turn(factory) == 0


def test_changes_arrive_without_secrets(factory: SessionFactory, receiver: Receiver) -> None:
    secret = add_webhook(factory, receiver.url, "audit")
    with unit_of_work(factory) as session:
        subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.0.0.0/24"))
        row = session.scalars(select(Webhook)).one()
        webhooks.update_webhook(session, COMMAND_LINE, row, WebhookIn(name="x", url=row.url, topics=["audit"]))
    turn(factory)
    assert [event["object"] for event in receiver.events()] == ["subnets/1", "webhooks/1"]
    assert all(secret.encode() not in body for _, body in receiver.got)


def test_failure_is_tried_again_under_the_same_key_until_it_arrives(
    factory: SessionFactory, receiver: Receiver
) -> None:
    add_webhook(factory, receiver.url, "lease")
    add_events(factory, 1)
    receiver.answers = [500, 302]
    turn(factory)
    assert turn(factory) == 0  # not due yet
    make_due(factory)
    turn(factory)
    assert deliveries(factory) == [("pending", 2, 302)]
    make_due(factory)
    turn(factory)
    assert deliveries(factory) == [("delivered", 3, 200)]
    assert len({headers["Leaseboard-Delivery"] for headers, _ in receiver.got}) == 1
    assert [headers["Leaseboard-Attempt"] for headers, _ in receiver.got] == ["1", "2", "3"]


def test_crash_after_the_claim_loses_nothing(factory: SessionFactory, receiver: Receiver) -> None:
    """A process claims messages and dies before, or just after, it has sent them: another one goes on."""
    add_webhook(factory, receiver.url, "lease")
    add_events(factory, 150)
    with unit_of_work(factory) as session:
        outbox.collect(session)
    dying = sender.Sender(factory, LOOPBACK)
    claimed = dying._claim()
    assert not dying.attempt(claimed[0]).error  # it arrived, but nobody wrote that down
    dying.close()
    assert turn(factory) == 0  # both are claimed for a minute
    make_due(factory)
    assert turn(factory) == 2
    keys = [headers["Leaseboard-Delivery"] for headers, _ in receiver.got]
    assert (len(keys), len(set(keys))) == (3, 2)
    by_key = {headers["Leaseboard-Delivery"]: json.loads(body)["events"] for headers, body in receiver.got}
    assert len({event["id"] for events in by_key.values() for event in events}) == 150


def test_given_up_message_can_be_delivered_again(factory: SessionFactory, receiver: Receiver) -> None:
    add_webhook(factory, receiver.url, "lease")
    add_events(factory, 1)
    receiver.answers = [503] * sender.MAX_ATTEMPTS
    for _ in range(sender.MAX_ATTEMPTS):
        turn(factory)
        make_due(factory)
    assert deliveries(factory) == [("failed", sender.MAX_ATTEMPTS, 503)]
    with unit_of_work(factory) as session:
        webhooks.redeliver(session, COMMAND_LINE, 1)
    turn(factory)
    assert deliveries(factory) == [("delivered", 1, 200)]


def test_webhook_is_switched_off_after_days_of_failure(factory: SessionFactory) -> None:
    add_webhook(factory, "http://127.0.0.1:1/", "lease")
    add_events(factory, 1)
    turn(factory)
    with unit_of_work(factory) as session:
        row = session.scalars(select(Webhook)).one()
        assert row.failing_since is not None
        row.failing_since = utc_now() - sender.PATIENCE
    make_due(factory)
    turn(factory)
    with unit_of_work(factory) as session:
        row = session.scalars(select(Webhook)).one()
        assert not row.enabled
        assert "Nothing arrived since" in row.disabled_reason
        with pytest.raises(Conflict, match="switched off"):
            webhooks.redeliver(session, COMMAND_LINE, 1)


def test_full_queue_stops_the_reader_not_the_events(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_PENDING", 2)
    monkeypatch.setattr(outbox, "READ", 100)
    add_webhook(factory, "http://127.0.0.1:1/", "lease")
    add_events(factory, 500)
    with unit_of_work(factory) as session:
        assert [outbox.collect(session) for _ in range(4)] == [1, 1, 0, 0]
        assert session.scalars(select(Webhook.last_event)).one() == 200


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://[::1]:80/", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/",
     "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://224.0.0.1/", "http://2130706433/"],
)  # fmt: skip
def test_addresses_that_no_webhook_has_business_with_are_refused(url: str) -> None:
    with pytest.raises(Refused, match=r"is (loopback|link-local|a metadata service|unspecified|multicast)"):
        resolve(url, ())


def test_private_and_allowed_addresses_are_reached_and_odd_urls_are_not() -> None:
    assert resolve("http://10.1.2.3:8080/x?y=1", ()).url == "http://10.1.2.3:8080/x?y=1"
    assert resolve("http://127.0.0.1/", LOOPBACK).authority == "127.0.0.1"
    for url in ("ftp://example.org/", "http:///x", "http://u:p@example.org/", "http://example.org:99999/", "x"):
        with pytest.raises(Refused):
            check_url(url)


def test_signature_holds_for_this_body_secret_and_moment_only() -> None:
    header = sign("secret", b"{}", now=1000)
    assert verify("secret", b"{}", header, now=1200)
    assert not verify("secret", b"{ }", header, now=1200)
    assert not verify("other", b"{}", header, now=1200)
    assert not verify("secret", b"{}", header, now=1301)
    assert not any(verify("secret", b"{}", broken, now=1000) for broken in ("", "t=,v1=", "t=x,v1=y", "v1=1"))

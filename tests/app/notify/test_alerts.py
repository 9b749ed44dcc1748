"""Do rules fire once, keep quiet while they fire, and tell when all is well again?"""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from sqlalchemy import select

from app.database import SessionFactory, unit_of_work
from app.models import Alert, LeaseBlock, Revision, WebhookDelivery, Worker
from app.models.base import utc_now
from app.notify import alerts, mail, outbox, rules, webhooks
from app.schemas.alerts import AlertRuleIn
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.schemas.webhooks import WebhookIn
from app.services import pools, subnets
from app.services.actors import COMMAND_LINE

BLOCK = int(ip_address("10.0.0.0")) // 64


def watch(factory: SessionFactory, kind: str, **fields: object) -> None:
    with unit_of_work(factory) as session:
        data = AlertRuleIn.model_validate({"name": kind, "kind": kind, **fields})
        rules.create_rule(session, COMMAND_LINE, data)


def look(factory: SessionFactory) -> list[tuple[str, str]]:
    """Evaluate; return (object, state) of what changed."""
    with unit_of_work(factory) as session:
        looked = alerts.look(session)
        news = alerts.is_news(session, looked)
        changed = alerts.evaluate(session, looked)
        assert news or not changed
        assert not alerts.is_news(session, looked)
        outbox.announce(session, "alert", [transition.event() for transition in changed])
        return [(t.alert.object, t.alert.state) for t in changed]


def set_block(factory: SessionFactory, *, leased: int = 0, declined: int = 0) -> None:
    """Let so many of the addresses 10.0.0.0-63 be leased, from 10.0.0.10 on."""
    active = ((1 << leased) - 1) << 10
    with unit_of_work(factory) as session:
        session.merge(LeaseBlock(block=BLOCK, active=active, declined=declined))


def plan_pool(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        subnet = subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.0.0.0/24"))
        pools.create_pool(
            session, COMMAND_LINE, PoolIn(subnet_id=subnet.id, start="10.0.0.10", end="10.0.0.29", kind="dynamic")
        )


def add_worker(factory: SessionFactory, **fields: object) -> None:
    now = utc_now()
    row = {"id": "host", "pid": 1, "started_at": now, "last_seen": now, "revision_applied": 0, **fields}
    with unit_of_work(factory) as session:
        session.merge(Worker(**row))


def test_pool_fires_at_its_threshold_and_is_resolved_well_below(factory: SessionFactory) -> None:
    plan_pool(factory)
    watch(factory, "pool_usage", threshold=80, clear=70)
    set_block(factory, leased=15)
    assert look(factory) == []
    set_block(factory, leased=16)
    assert look(factory) == [("pools/1", "firing")]
    set_block(factory, leased=15)
    assert look(factory) == []  # 75 %: it goes on firing
    set_block(factory, leased=13)
    assert look(factory) == [("pools/1", "resolved")]
    set_block(factory, leased=15)
    assert look(factory) == []  # 75 %, and not firing: it does not begin


def test_quarantined_address_fires_until_it_is_released(factory: SessionFactory) -> None:
    watch(factory, "address_conflict")
    set_block(factory, declined=1 << 9)
    assert look(factory) == [("leases/10.0.0.9", "firing")]
    assert look(factory) == []
    set_block(factory)
    assert look(factory) == [("leases/10.0.0.9", "resolved")]


def test_refused_client_fires_until_it_has_been_quiet(factory: SessionFactory) -> None:
    watch(factory, "client_refused", threshold=60)
    now = int(utc_now().timestamp())
    quiet = {"mac": "02:00:00:00:00:02", "reason": "drop-other-server", "interface": "", "at": now}
    row = {"mac": "02:00:00:00:00:01", "reason": "drop-pool-exhausted", "interface": "", "at": now}
    add_worker(factory, counters={"refused": [row, quiet]})
    assert look(factory) == [("clients/02:00:00:00:00:01", "firing")]
    add_worker(factory, counters={"refused": [{**row, "at": now - 61}]})
    assert look(factory) == [("clients/02:00:00:00:00:01", "resolved")]


def test_silent_worker_and_worker_behind(factory: SessionFactory) -> None:
    watch(factory, "worker_silent")
    watch(factory, "worker_behind", threshold=5)
    with unit_of_work(factory) as session:
        revision = session.get_one(Revision, 1)
        newest = revision.number
        revision.changed_at = utc_now() - timedelta(seconds=6)
    add_worker(factory, revision_applied=newest)
    assert look(factory) == []
    add_worker(factory, revision_applied=newest - 1)
    assert look(factory) == [("workers/host", "firing")]
    add_worker(factory, revision_applied=newest, last_seen=utc_now() - timedelta(seconds=30))
    assert sorted(look(factory)) == [("workers/host", "firing"), ("workers/host", "resolved")]
    add_worker(factory, last_seen=utc_now() - timedelta(days=2), revision_applied=newest)
    assert look(factory) == [("workers/host", "resolved")]


def test_alerts_reach_webhooks_and_mail(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        hook = WebhookIn(name="hook", url="http://192.0.2.1/", topics=["alert"])
        webhooks.create_webhook(session, COMMAND_LINE, hook)
    watch(factory, "address_conflict", emails=["noc@example.org"])
    set_block(factory, declined=3)
    with unit_of_work(factory) as session:
        changed = alerts.evaluate(session, alerts.look(session))
        outbox.announce(session, "alert", [transition.event() for transition in changed])
        (message,) = mail.compose(changed, "leaseboard@example.org")
        assert message["Subject"] == "Leaseboard: 2 firing, 0 resolved"
        assert "Another device answers on 10.0.0.1" in message.get_content()
        assert session.scalars(select(WebhookDelivery.events)).one() == 2
        assert {row.state for row in session.scalars(select(Alert))} == {"firing"}


def test_rule_without_sense_is_refused() -> None:
    for fields in ({"threshold": 0}, {"threshold": 101}, {"threshold": 80, "clear": 90}):
        with pytest.raises(ValueError, match=r"threshold|clear"):
            AlertRuleIn.model_validate({"name": "x", "kind": "pool_usage", **fields})
    assert AlertRuleIn(name="x", kind="pool_usage", threshold=80).clear == 75

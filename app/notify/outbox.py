"""How do events become messages? In the transaction that moves the reader on, so that none is lost or doubled."""

import json
import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, LeaseEvent, Webhook, WebhookDelivery
from app.models.base import utc_now
from app.schemas.leases import event_out
from app.services.rows import picture

BATCH: Final = 100
"""Events in one message."""
READ: Final = 1000
"""Events that one look takes in for each webhook."""
MAX_PENDING: Final = 5000
"""Messages that wait for one webhook; beyond that, events stay where they are until some have gone."""
MAX_BODY_EVENT_CHARS: Final = 20_000
"""An audit line longer than this goes without its before and after."""
TOPICS: Final = ("lease", "audit", "alert")


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def start_now(session: Session, webhook: Webhook) -> None:
    """Let the webhook begin with what happens from now on."""
    webhook.last_event = session.scalar(select(func.max(LeaseEvent.id))) or 0
    webhook.last_audit = session.scalar(select(func.max(AuditEntry.id))) or 0


def has_news(session: Session) -> bool:
    """Tell whether a webhook is behind, at the cost of two looks at the ends of two keys."""
    newest_event = session.scalar(select(func.max(LeaseEvent.id))) or 0
    newest_audit = session.scalar(select(func.max(AuditEntry.id))) or 0
    query = select(Webhook.topics, Webhook.last_event, Webhook.last_audit).where(Webhook.enabled)
    return any(
        ("lease" in topics and event < newest_event) or ("audit" in topics and audit < newest_audit)
        for topics, event, audit in session.execute(query)
    )


def collect(session: Session) -> int:
    """Put new lease events and changes into messages; return how many messages were made."""
    made = 0
    for webhook in session.scalars(select(Webhook).where(Webhook.enabled)):
        waiting = select(func.count()).where(
            WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.state == "pending"
        )
        if (session.scalar(waiting) or 0) >= MAX_PENDING:
            continue
        if "lease" in webhook.topics:
            made += _collect_leases(session, webhook)
        if "audit" in webhook.topics:
            made += _collect_audit(session, webhook)
    return made


def _collect_leases(session: Session, webhook: Webhook) -> int:
    query = select(LeaseEvent).where(LeaseEvent.id > webhook.last_event).order_by(LeaseEvent.id).limit(READ)
    rows = list(session.scalars(query))
    if rows:
        webhook.last_event = rows[-1].id
    return _enqueue(session, [webhook], "lease", [event_out(row).model_dump(mode="json") for row in rows])


def _collect_audit(session: Session, webhook: Webhook) -> int:
    query = select(AuditEntry).where(AuditEntry.id > webhook.last_audit).order_by(AuditEntry.id).limit(READ)
    rows = list(session.scalars(query))
    if rows:
        webhook.last_audit = rows[-1].id
    return _enqueue(session, [webhook], "audit", [_audit_event(row) for row in rows])


def _audit_event(row: AuditEntry) -> dict[str, Any]:
    event = picture(row)
    if len(json.dumps(event)) > MAX_BODY_EVENT_CHARS:
        event |= {"before": None, "after": None, "shortened": True}
    return event


def announce(session: Session, topic: str, events: Sequence[dict[str, Any]]) -> int:
    """Put events that are told at once (alerts) into messages for every webhook that wants them."""
    wanting = [row for row in session.scalars(select(Webhook).where(Webhook.enabled)) if topic in row.topics]
    return _enqueue(session, wanting, topic, events)


def _enqueue(session: Session, webhooks: Iterable[Webhook], topic: str, events: Sequence[dict[str, Any]]) -> int:
    made = 0
    for webhook in webhooks:
        for start in range(0, len(events), BATCH):
            enqueue_one(session, webhook, topic, events[start : start + BATCH])
            made += 1
    return made


def enqueue_one(
    session: Session, webhook: Webhook, topic: str, events: Sequence[dict[str, Any]]
) -> WebhookDelivery:
    """Make one message."""
    key = str(uuid.uuid4())
    body = {"id": key, "topic": topic, "created_at": utc_now().isoformat(), "events": list(events)}
    row = WebhookDelivery(
        webhook_id=webhook.id, key=key, topic=topic, events=len(events), body=json.dumps(body, ensure_ascii=False)
    )
    session.add(row)
    session.flush()
    return row

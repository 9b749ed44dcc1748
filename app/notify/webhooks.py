"""Which webhooks are there, and which messages?"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Webhook, WebhookDelivery
from app.models.base import utc_now
from app.notify import outbox
from app.schemas.webhooks import WebhookIn, WebhookOut, webhook_out
from app.services.actors import Actor, require_everywhere
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.rows import picture

MAX_WEBHOOKS: Final = 50
LISTING: Final = Listing(Webhook, fields(Webhook, "id", "name", "url", "enabled", "created_at"), sort="name")
DELIVERIES: Final = Listing(
    WebhookDelivery,
    fields(WebhookDelivery, "id", "webhook_id", "key", "topic", "state", "attempts", "created_at", "next_at"),
    sort="-id",
)


def get_webhook(session: Session, webhook_id: int) -> Webhook:
    """Return a webhook; raises NotFound."""
    found = session.get(Webhook, webhook_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no webhook {webhook_id}."))
    return found


def create_webhook(session: Session, actor: Actor, data: WebhookIn) -> Webhook:
    """Make a webhook that begins with what happens from now on; raises Conflict."""
    require_everywhere(actor)
    if (session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MAX_WEBHOOKS:
        raise Conflict(Problem("", "too_many", f"There are {MAX_WEBHOOKS} webhooks already."))
    _check_name(session, data.name, None)
    row = Webhook(**data.model_dump(), secret=outbox.new_secret())
    session.add(row)
    session.flush()
    record(session, actor, "create", f"webhooks/{row.id}", None, _picture(row), role="admin")
    outbox.start_now(session, row)
    session.flush()
    return row


def update_webhook(session: Session, actor: Actor, row: Webhook, data: WebhookIn) -> Webhook:
    """Change a webhook; switched on again it goes on where it was, within the retention. Raises Conflict."""
    require_everywhere(actor)
    before = _picture(row)
    _check_name(session, data.name, row)
    for name, value in data.model_dump().items():
        setattr(row, name, value)
    if row.enabled and not before["enabled"]:
        row.disabled_reason, row.failing_since = "", None
    session.flush()
    record(session, actor, "update", f"webhooks/{row.id}", before, _picture(row), role="admin")
    return row


def rotate_secret(session: Session, actor: Actor, row: Webhook) -> Webhook:
    """Give the webhook another secret; messages are signed with it from the next attempt on."""
    require_everywhere(actor)
    row.secret = outbox.new_secret()
    session.flush()
    record(session, actor, "rotate", f"webhooks/{row.id}", None, None, role="admin")
    return row


def delete_webhook(session: Session, actor: Actor, row: Webhook) -> None:
    """Remove a webhook with its messages."""
    require_everywhere(actor)
    before = _picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"webhooks/{before['id']}", before, None, role="admin")


def shown(session: Session, rows: Sequence[Webhook]) -> list[WebhookOut]:
    """Return the shapes of webhooks."""
    query = select(WebhookDelivery.webhook_id, func.count()).where(
        WebhookDelivery.webhook_id.in_([row.id for row in rows]), WebhookDelivery.state == "pending"
    )
    waiting = dict(session.execute(query.group_by(WebhookDelivery.webhook_id)).all())
    return [webhook_out(row, waiting.get(row.id, 0)) for row in rows]


def get_delivery(session: Session, delivery_id: int) -> WebhookDelivery:
    """Return a message; raises NotFound."""
    found = session.get(WebhookDelivery, delivery_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no delivery {delivery_id}."))
    return found


def redeliver(session: Session, actor: Actor, delivery_id: int) -> WebhookDelivery:
    """Send a message once more, under its old key; raises NotFound or Conflict."""
    row = get_delivery(session, delivery_id)
    if not get_webhook(session, row.webhook_id).enabled:
        raise Conflict(Problem("", "disabled", "The webhook is switched off."))
    row.state, row.next_at, row.ended_at, row.attempts = "pending", utc_now(), None, 0
    session.flush()
    record(session, actor, "redeliver", f"webhooks/{row.webhook_id}", None, {"delivery": row.key}, role="admin")
    return row


def test_webhook(session: Session, actor: Actor, row: Webhook) -> WebhookDelivery:
    """Send a message with no events, to see that it arrives; raises Conflict."""
    if not row.enabled:
        raise Conflict(Problem("", "disabled", "The webhook is switched off."))
    record(session, actor, "test", f"webhooks/{row.id}", None, None, role="admin")
    return outbox.enqueue_one(session, row, "alert", [])


def _check_name(session: Session, name: str, own: Webhook | None) -> None:
    with session.no_autoflush:
        other = session.scalar(select(Webhook).where(Webhook.name == name))
    if other is not None and other is not own:
        raise Conflict(Problem("name", "duplicate", f"There is a webhook {name!r}.", "webhooks", str(other.id)))


def _picture(row: Webhook) -> dict[str, Any]:
    hidden = ("secret", "last_event", "last_audit")
    return {name: value for name, value in picture(row).items() if name not in hidden}

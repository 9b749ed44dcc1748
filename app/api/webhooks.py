"""JSON routes of webhooks and their deliveries. How a message is signed: docs/webhooks.md."""

from fastapi import Response

from app.api.etags import tag
from app.api.paging import Id
from app.api.resource import Resource
from app.auth.deps import Admin, Db
from app.models import Webhook
from app.notify import webhooks
from app.schemas.webhooks import DeliveryOut, WebhookIn, WebhookMade, WebhookOut, delivery_out

RESOURCE = Resource(
    path="webhooks",
    noun="webhook",
    plural="webhooks",
    listing=webhooks.LISTING,
    shape=WebhookOut,
    show=webhooks.shown,
    get=webhooks.get_webhook,
    accepts=WebhookIn,
    update=webhooks.update_webhook,
    delete=webhooks.delete_webhook,
    reads="admin",
    writes="admin",
)
DELIVERIES = Resource(
    path="webhook-deliveries",
    noun="webhook delivery",
    plural="webhook deliveries",
    listing=webhooks.DELIVERIES,
    shape=DeliveryOut,
    show=lambda session, rows: [delivery_out(row) for row in rows],
    get=webhooks.get_delivery,
    reads="admin",
    writes="admin",
)
router = RESOURCE.router()
deliveries = DELIVERIES.router()


def _made(session: Db, row: Webhook) -> WebhookMade:
    return WebhookMade(**webhooks.shown(session, [row])[0].model_dump(), secret=row.secret)


@router.post("", operation_id="create_webhook", status_code=201)
def create_webhook(session: Db, actor: Admin, data: WebhookIn, response: Response) -> WebhookMade:
    """Make a webhook; its secret is in this answer and nowhere else."""
    row = webhooks.create_webhook(session, actor, data)
    response.headers["Location"] = f"/api/v1/webhooks/{row.id}"
    made = _made(session, row)
    tag(response, webhooks.shown(session, [row])[0])
    return made


@router.post("/{webhook_id:int}/rotate", operation_id="rotate_webhook_secret")
def rotate(session: Db, actor: Admin, webhook_id: Id) -> WebhookMade:
    """Give the webhook another secret, which is in this answer and nowhere else."""
    row = webhooks.rotate_secret(session, actor, webhooks.get_webhook(session, webhook_id))
    return _made(session, row)


@router.post("/{webhook_id:int}/test", operation_id="test_webhook", status_code=202)
def test(session: Db, actor: Admin, webhook_id: Id) -> DeliveryOut:
    """Send a message without events, to see that it arrives."""
    return delivery_out(webhooks.test_webhook(session, actor, webhooks.get_webhook(session, webhook_id)))


@deliveries.post("/{delivery_id:int}/redeliver", operation_id="redeliver", status_code=202)
def redeliver(session: Db, actor: Admin, delivery_id: Id) -> DeliveryOut:
    """Send a message once more, under the same key."""
    return delivery_out(webhooks.redeliver(session, actor, delivery_id))

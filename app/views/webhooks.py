"""Pages of webhooks: who is told of what, and what became of each message."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Admin, Db, Form
from app.models import Webhook
from app.notify import webhooks
from app.notify.outbox import TOPICS
from app.schemas.webhooks import WebhookIn
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.services.rows import Stale, check_version
from app.views.forms import filled, problems_of, saved, ticked, version_of
from app.views.preferences import gettext as _
from app.views.render import Id, done, page

router = APIRouter(include_in_schema=False)
SHOWN: Final = 100
STATES: Final = ("pending", "delivered", "failed")
TEXTS: Final = ("name", "url")
FIELDS: Final = (*TEXTS, "topics")


@router.get("/webhooks")
def list_webhooks(request: Request, session: Db, actor: Admin) -> Response:
    """Show who is told."""
    rows = cut(session, webhooks.LISTING, Wish(limit=webhooks.MAX_WEBHOOKS)).rows
    return page(request, session, "webhooks/list.html", webhooks=webhooks.shown(session, rows))


@router.get("/webhooks/new")
def show_new(request: Request, session: Db, actor: Admin) -> Response:
    """Show the form of a new webhook."""
    return _page(request, session, None, {"enabled": True, "topics": ["alert"]})


@router.post("/webhooks/new")
def create(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Make a webhook and show its secret, this once."""
    try:
        row = webhooks.create_webhook(session, actor, _shape(form))
    except DomainError as error:
        session.rollback()
        return _page(request, session, None, _typed(form), error)
    return _page(request, session, row, _values(row), secret=row.secret)


@router.get("/webhooks/{webhook_id}")
def show(request: Request, session: Db, actor: Admin, webhook_id: Id, state: str = "", after: str = "") -> Response:
    """Show the form of a webhook, with the messages that it got and did not get."""
    row = webhooks.get_webhook(session, webhook_id)
    return _page(request, session, row, _values(row), state=state if state in STATES else "", after=after)


@router.post("/webhooks/{webhook_id}")
def update(request: Request, session: Db, actor: Admin, webhook_id: Id, form: Form) -> Response:
    """Change a webhook."""
    row = webhooks.get_webhook(session, webhook_id)
    try:
        check_version(row.version, version_of(form))
        webhooks.update_webhook(session, actor, row, _shape(form))
    except DomainError as error:
        session.rollback()
        return _page(request, session, webhooks.get_webhook(session, webhook_id), _typed(form), error)
    return saved(session, f"/webhooks/{webhook_id}")


@router.post("/webhooks/{webhook_id}/rotate")
def rotate(request: Request, session: Db, actor: Admin, webhook_id: Id) -> Response:
    """Give the webhook another secret and show it, this once."""
    row = webhooks.rotate_secret(session, actor, webhooks.get_webhook(session, webhook_id))
    return _page(request, session, row, _values(row), secret=row.secret)


@router.post("/webhooks/{webhook_id}/test")
def test(request: Request, session: Db, actor: Admin, webhook_id: Id) -> Response:
    """Send a message without events."""
    row = webhooks.get_webhook(session, webhook_id)
    try:
        webhooks.test_webhook(session, actor, row)
    except DomainError as error:
        return _page(request, session, row, _values(row), error)
    return done(
        f"/webhooks/{webhook_id}", _("A test message is on its way; the list of messages tells how it went.")
    )


@router.post("/webhooks/{webhook_id}/delete")
def delete(session: Db, actor: Admin, webhook_id: Id) -> Response:
    """Remove a webhook with its messages."""
    webhooks.delete_webhook(session, actor, webhooks.get_webhook(session, webhook_id))
    return done("/webhooks", _("The webhook is removed; it is told nothing more."))


@router.post("/webhook-deliveries/{delivery_id}/redeliver")
def redeliver(request: Request, session: Db, actor: Admin, delivery_id: Id) -> Response:
    """Send a message once more."""
    row = webhooks.get_webhook(session, webhooks.get_delivery(session, delivery_id).webhook_id)
    try:
        webhooks.redeliver(session, actor, delivery_id)
    except DomainError as error:
        return _page(request, session, row, _values(row), error)
    return done(f"/webhooks/{row.id}", _("The message is on its way again."))


def _shape(form: Any) -> WebhookIn:
    topics = [str(topic) for topic in form.getlist("topics")]
    return parsed(WebhookIn, {**filled(form, *TEXTS), **ticked(form, "enabled"), "topics": topics})


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *TEXTS, "version"), **ticked(form, "enabled"), "topics": form.getlist("topics")}


def _values(row: Webhook) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*FIELDS, "enabled", "version")}


def _page(
    request: Request,
    session: Session,
    row: Webhook | None,
    values: dict[str, Any],
    error: DomainError | None = None,
    state: str = "",
    after: str = "",
    secret: str = "",
) -> Response:
    stale = isinstance(error, Stale)
    shown: dict[str, Any] = {
        "row": webhooks.shown(session, [row])[0] if row is not None else None,
        "values": {**values, "version": row.version} if stale and row is not None else values,
        "current": _values(row) if stale and row is not None else None,
        "problems": problems_of(error, FIELDS) if error else {},
        "topics": TOPICS,
        "states": STATES,
        "state": state,
        "secret": secret,
    }
    if row is not None:
        filters = (("webhook_id", str(row.id)), *((("state", state),) if state else ()))
        found = cut(session, webhooks.DELIVERIES, Wish(filters, cursor=after, limit=SHOWN))
        shown |= {"deliveries": found.rows, "next": found.next_cursor, "first": not after}
    return page(request, session, "webhooks/detail.html", 422 if error else 200, part="found", **shown)

"""How does data become a page? Templates, filters, and what every page shows."""

from datetime import datetime
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.models.base import utc_now
from app.services import events, workers
from app.services.audit import current_revision
from app.settings import PROJECT
from dhcpd.engine.reasons import explain
from dhcpd.protocol.addresses import format_mac

CSP: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NAVIGATION: Final = (
    ("/", "home", "Dashboard"),
    ("/subnets", "net", "Subnets"),
    ("/leases", "clock", "Leases"),
    ("/reservations", "pin", "Reservations"),
    ("/server", "server", "Server"),
    ("/settings", "gear", "Settings"),
)


def show_moment(value: datetime | None) -> str:
    """Return a moment for people; None = without end."""
    return "never" if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def show_duration(seconds: float) -> str:
    """Return the two greatest units of a duration."""
    left, parts = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def show_left(value: datetime | None) -> str:
    """Return how long it is until a moment, or how long ago it was."""
    if value is None:
        return "never"
    seconds = (value - utc_now()).total_seconds()
    return f"in {show_duration(seconds)}" if seconds >= 0 else f"{show_duration(-seconds)} ago"


def make_templates() -> Environment:
    """Return the environment; an unknown name in a template is an error."""
    made = Environment(
        loader=FileSystemLoader(PROJECT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=show_moment, left=show_left, duration=show_duration, mac=format_mac, explain=explain)
    made.globals["navigation"] = NAVIGATION
    return made


TEMPLATES: Final = make_templates()


def page(
    request: Request, session: Session | None, template: str, *, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page with the worker banner, the CSRF field and what was just saved."""
    token = getattr(request.state, "csrf", "")
    field = Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)
    shared: dict[str, Any] = {"path": request.url.path, "csrf_field": lambda: field, "saved": None}
    shared["actor"] = getattr(request.state, "actor", None)
    if session is not None:
        shared |= {"health": workers.health(session), "last_event": events.latest_id(session)}
        shared |= revision_context(session, request.query_params.get("saved", ""))
    return HTMLResponse(TEMPLATES.get_template(template).render(**{**shared, **context}), status_code, HEADERS)


def revision_context(session: Session, text: str) -> dict[str, Any]:
    """Return how far a saved revision has got; `saved` None = nothing was saved."""
    saved = int(text) if text.isdecimal() and len(text) < 10 else None
    live = [row for row in workers.list_workers(session) if workers.is_live(row)]
    done = bool(live) and saved is not None and all(row.revision_applied >= saved for row in live)
    return {"saved": saved, "applied_all": done, "apply_ms": max((r.apply_ms for r in live), default=None)}


def redirect_saved(session: Session, path: str) -> RedirectResponse:
    """Send the browser on, with the revision that was just made."""
    return RedirectResponse(f"{path}?saved={current_revision(session)}", 303, HEADERS)

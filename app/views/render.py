"""How does a page become HTML?"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from app.services import events, workers
from app.settings import PROJECT
from app.views.options import shown
from dhcpd.engine.reasons import explain
from dhcpd.protocol.addresses import format_mac, is_locally_administered
from dhcpd.protocol.options import OPTIONS

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
Part = Annotated[int, Query(ge=0, le=2**24)]

templates = Jinja2Templates(directory=PROJECT / "templates")


def _moment(value: datetime | int | None) -> str:
    if value is None:
        return "never"
    moment = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


templates.env.filters["moment"] = _moment
templates.env.globals["catalogue"] = OPTIONS
templates.env.filters["mac"] = format_mac
templates.env.filters["explain"] = explain
templates.env.filters["option_text"] = shown
templates.env.tests["random_mac"] = is_locally_administered


def page(request: Request, session: Session, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page with what every page shows: who is signed in and how the workers are."""
    state = request.state
    shared = {
        "actor": getattr(state, "actor", None),
        "csrf": getattr(state, "csrf", ""),
        "health": workers.health(session),
        "last_event": events.latest_id(session),
        "saved": request.query_params.get("saved"),
    }
    return templates.TemplateResponse(request, name, {**shared, **values}, status_code=status)


def bare(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page for somebody who is not signed in."""
    return templates.TemplateResponse(request, name, {"actor": None, **values}, status_code=status)

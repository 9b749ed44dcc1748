"""The search palette and its page."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Viewer
from app.services import search
from app.services.actors import ROLES, Actor
from app.services.search import Hit
from app.views.preferences import gettext as _
from app.views.render import page
from app.views.words import STATES

router = APIRouter(include_in_schema=False)
PAGES: Final = (
    ("/", "Dashboard", "viewer"),
    ("/subnets", "Subnets", "viewer"),
    ("/leases", "Leases", "viewer"),
    ("/reservations", "Reservations", "viewer"),
    ("/history", "History", "viewer"),
    ("/explain", "What it receives", "viewer"),
    ("/alerts", "Alerts", "viewer"),
    ("/subnets/new", "New subnet", "operator"),
    ("/reservations/new", "New reservation", "operator"),
    ("/options", "Options", "viewer"),
    ("/option-definitions", "Option definitions", "viewer"),
    ("/client-classes", "Client classes", "viewer"),
    ("/client-classes/boot", "Network boot", "operator"),
    ("/shared-networks", "Shared networks", "viewer"),
    ("/vlans", "VLANs", "viewer"),
    ("/tags", "Tags", "viewer"),
    ("/custom-fields", "Custom fields", "viewer"),
    ("/denied-clients", "Denied clients", "viewer"),
    ("/imports", "Import and export", "viewer"),
    ("/settings", "Settings", "viewer"),
    ("/server", "Server", "viewer"),
    ("/webhooks", "Webhooks", "admin"),
    ("/audit", "Audit", "viewer"),
    ("/users", "Users", "admin"),
    ("/tokens", "My tokens", "viewer"),
    ("/sessions", "My sessions", "viewer"),
    ("/password", "Change password", "viewer"),
    ("/preferences", "Language, time zone, theme", "viewer"),
    ("/start", "Set up a subnet", "operator"),
    ("/help", "Help", "viewer"),
    ("/api/docs", "The REST API", "viewer"),
)
"""Address, name, and the least role that may open it."""
ICONS: Final = {
    "address": "grid-dots",
    "subnet": "network",
    "lease": "device-desktop",
    "reservation": "bookmark",
    "page": "arrow-right",
}


@router.get("/search")
def show(request: Request, session: Db, actor: Viewer, q: str = "") -> Response:
    """Show what a text finds: pages, then things."""
    hits = search.search(session, q[:200])
    found = [_open_to(actor, hit) for hit in hits]
    shown: dict[str, Any] = {"q": q, "hits": [*found, *_pages(actor, q.strip().lower())], "icons": ICONS}
    return page(request, session, "search/list.html", part="hits", **shown)


def _open_to(actor: Actor, hit: Hit) -> Hit:
    """Return the hit with a page that the actor may open, and its note in their language."""
    note = " · ".join(_(part) if part in STATES else part for part in hit.note.split(" · "))
    is_form = hit.kind == "reservation" and actor.role == "viewer"
    href = f"/reservations?{urlencode({'q': hit.title})}" if is_form else hit.href
    return replace(hit, note=note, href=href)


def _pages(actor: Actor, text: str) -> list[Hit]:
    mine = ROLES[: ROLES.index(actor.role) + 1]
    named = [(href, _(label)) for href, label, least in PAGES if least in mine]
    wanted = [(href, label) for href, label in named if text in label.lower()]
    return [Hit("page", label, "", "page", href) for href, label in wanted[:8]]

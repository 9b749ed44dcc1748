"""The search palette and its page."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Viewer
from app.services import search
from app.services.search import Hit
from app.views.preferences import gettext as _
from app.views.render import page

router = APIRouter(include_in_schema=False)
PAGES: Final = (
    ("/", "Dashboard"),
    ("/subnets", "Subnets"),
    ("/leases", "Leases"),
    ("/reservations", "Reservations"),
    ("/history", "History"),
    ("/options", "Options"),
    ("/option-definitions", "Option definitions"),
    ("/shared-networks", "Shared networks"),
    ("/vlans", "VLANs"),
    ("/tags", "Tags"),
    ("/custom-fields", "Custom fields"),
    ("/denied-clients", "Denied clients"),
    ("/imports", "Import and export"),
    ("/client-classes", "Client classes"),
    ("/client-classes/boot", "Network boot"),
    ("/users", "Users"),
    ("/tokens", "My tokens"),
    ("/sessions", "My sessions"),
    ("/help", "Help"),
    ("/start", "Set up a subnet"),
    ("/settings", "Settings"),
    ("/server", "Server"),
    ("/audit", "Audit"),
    ("/preferences", "Language, time zone, theme"),
    ("/subnets/new", "New subnet"),
    ("/reservations/new", "New reservation"),
)
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
    shown: dict[str, Any] = {"q": q, "hits": [*hits, *_pages(q.strip().lower())], "icons": ICONS}
    return page(request, session, "search/list.html", part="hits", **shown)


def _pages(text: str) -> list[Hit]:
    named = [(href, _(label)) for href, label in PAGES]
    wanted = [(href, label) for href, label in named if text in label.lower()]
    return [Hit("page", label, "", "page", href) for href, label in wanted[:8]]

"""The page that answers "who had 10.1.2.3 on Tuesday at 14:05?"."""

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Viewer
from app.services import history
from app.views.preferences import current
from app.views.preferences import gettext as _
from app.views.render import page
from dhcpd.protocol.addresses import format_mac, parse_mac

router = APIRouter(prefix="/history", include_in_schema=False)


@router.get("")
def show(
    request: Request, session: Db, actor: Viewer, q: str = "", ip: str = "", mac: str = "", at: str = ""
) -> Response:
    """Answer in a sentence, then show every span."""
    text = (q or ip or mac).strip()
    shown: dict[str, Any] = {"q": text, "at": at, "spans": [], "problem": "", "answer": None, "asked": None}
    if text:
        shown |= _answer(session, text, at)
    return page(request, session, "history/show.html", part="found", **shown)


def _answer(session: Any, text: str, at: str) -> dict[str, Any]:
    moment = _moment(at)
    if at and moment is None:
        return {"problem": _("That moment is not understood. Write it as 2026-11-24 14:05.")}
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is not None:
        spans = history.of_address(session, address)
        asked = moment or datetime.now(UTC)
        return {"spans": spans, "kind": "ip", "asked": asked, "past": bool(moment),
                "answer": history.holder(spans, asked)}  # fmt: skip
    try:
        octets = parse_mac(text)
    except ValueError:
        return {"problem": _("Ask with an address such as 10.1.2.3, or with a MAC in any spelling.")}
    spans = history.of_device(session, octets)
    asked = moment or datetime.now(UTC)
    return {"spans": spans, "kind": "mac", "q": format_mac(octets), "asked": asked, "past": bool(moment),
            "answer": history.holder(spans, asked)}  # fmt: skip


def _moment(text: str) -> datetime | None:
    """Return the moment typed in the viewer's time zone."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=current().zone_info) if text.strip() else None
    except ValueError:
        return None

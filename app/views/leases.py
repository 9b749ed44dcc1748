"""Pages of leases."""

from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.deps import Db, Operator, Viewer
from app.services import leases
from app.views.render import page

router = APIRouter(include_in_schema=False)
ROWS = 100


@router.get("/leases")
def list_leases(
    request: Request, session: Db, actor: Viewer, q: str = "", state: str = "", after: str = ""
) -> Response:
    """Show leases; the newest state of each address."""
    filters = leases.LeaseFilters(q, state or None)
    start = ip_address(after) if after.replace(".", "").isdecimal() and after.count(".") == 3 else None
    rows = leases.list_leases(session, filters, after=start, limit=ROWS + 1)
    following = str(rows[ROWS - 1].ip) if len(rows) > ROWS else ""
    total = leases.count_leases(session, filters)
    shown: dict[str, Any] = {"leases": rows[:ROWS], "q": q, "state": state, "following": following, "total": total}
    return page(request, session, "leases/list.html", **shown)


@router.post("/leases/{ip}/release")
def release(session: Db, actor: Operator, ip: str) -> Response:
    """Ask the worker to release an address."""
    leases.order(session, actor, ip, "release")
    return RedirectResponse("/leases", 303)

"""The dashboard and the server page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Viewer
from app.services import events, subnets, usage, workers
from app.views.render import bare, page

router = APIRouter(include_in_schema=False)


@router.get("/")
def dashboard(request: Request, session: Db, actor: Viewer) -> Response:
    """Show counts, the fullest subnets, the latest events and who got nothing."""
    rows = subnets.list_subnets(session)
    used = usage.usage(session, rows)
    fullest = sorted(rows, key=lambda row: used[row.id].free / max(1, used[row.id].pool))[:8]
    refused = [entry for row in workers.list_workers(session) for entry in row.counters.get("refused", [])]
    return page(
        request,
        session,
        "dashboard.html",
        subnets=fullest,
        usage=used,
        leased=sum(one.leased for one in used.values()),
        free=sum(one.free for one in used.values()),
        events=events.list_events(session, limit=12),
        refused=refused[:8],
        count=len(rows),
    )


@router.get("/revisions/{number}")
def revision(request: Request, session: Db, actor: Viewer, number: int) -> Response:
    """Show how far a saved revision has got; the page asks again until it is live."""
    live = [row for row in workers.list_workers(session) if workers.is_live(row)]
    done = [row.apply_ms for row in live if row.revision_applied >= number]
    shown = {"number": number, "live": len(live), "applied": len(done), "apply_ms": max(done, default=0)}
    return bare(request, "partials/revision.html", **shown)


@router.get("/server")
def server(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the workers and what became of the packets, in words."""
    rows = workers.list_workers(session)
    live = {row.id: workers.is_live(row) for row in rows}
    return page(request, session, "workers/list.html", workers=rows, live=live)

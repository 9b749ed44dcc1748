"""The dashboard and the server page."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Pool
from app.models.base import utc_now
from app.services import activity, events, samples, subnets, workers
from app.services.fullest import nearest_to_full
from app.services.totals import totals
from app.services.use_history import outlooks
from app.views import charts, use
from app.views.preferences import current
from app.views.preferences import gettext as _
from app.views.render import bare, page

router = APIRouter(include_in_schema=False)
NEAREST: Final = 8
TICKER: Final = 14
REFUSED_S: Final = 3600


@router.get("/")
def dashboard(
    request: Request,
    session: Db,
    actor: Viewer,
    range: str = "10m",
    use_range: Annotated[str, Query(alias="use")] = use.DEFAULT,
) -> Response:
    """Show counts, rates, the fullest pools, what happens now and who got nothing."""
    part = request.headers.get("x-part", "")
    leased, free = totals(session)
    shown: dict[str, Any] = {
        "leased": leased,
        "free": free,
        "count": subnets.count_subnets(session),
        "rate": samples.present(session),
    }
    if part != "tiles":
        fullest = nearest_to_full(session, NEAREST)
        known = {row.id: row for row in subnets.named(session, {pool.subnet_id for pool, _ in fullest})}
        shown |= {
            "fullest": [(pool, known[pool.subnet_id], used) for pool, used in fullest],
            "outlooks": outlooks(session, Pool, [pool.id for pool, _ in fullest]),
            "events": events.list_events(session, limit=TICKER),
            "refused": _refused(session)[:NEAREST],
            "changes": activity.changes_since(session, _midnight(), NEAREST),
            "range": _range(range),
            **use.shown(session, None, use.range_of(use_range)),
        }
    return page(request, session, "dashboard.html", part="tiles", **shown)


def _refused(session: Session) -> list[dict[str, Any]]:
    since = int(utc_now().timestamp()) - REFUSED_S
    found = [entry for row in workers.list_workers(session) for entry in row.counters.get("refused", [])]
    return sorted((entry for entry in found if entry["at"] >= since), key=lambda entry: -int(entry["at"]))


def _midnight() -> datetime:
    """Return when the viewer's day began."""
    here = datetime.now(UTC).astimezone(current().zone_info)
    return here.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


@router.get("/charts/rates")
def rates(session: Db, actor: Viewer, range: str = "10m") -> JSONResponse:
    """Return the rates over time as columns for a chart."""
    points = samples.rates(session, _range(range))
    series: list[dict[str, Any]] = [
        {"label": _("answers"), "colour": "--c-leased", "fill": True, "y": [p.answered for p in points]},
        {"label": _("refusals (NAK)"), "colour": "--c-warn", "dash": [6, 3], "y": [p.naks for p in points]},
        {"label": _("drops"), "colour": "--c-declined", "dash": [2, 2], "y": [p.drops for p in points]},
    ]
    empty = _("No packet has come in yet. The chart begins with the first.")
    return _chart(points, series, _range(range), " /s", empty)


@router.get("/charts/answer-time")
def answer_time(session: Db, actor: Viewer, range: str = "10m") -> JSONResponse:
    """Return the answer times and the commit times over time as columns for a chart."""
    points = samples.rates(session, _range(range))
    series: list[dict[str, Any]] = [
        {"label": _("answer, p99"), "colour": "--c-leased", "y": [p.p99_us / 1000 for p in points]},
        {"label": _("database commit, slowest"), "colour": "--c-reserved", "dash": [6, 3],
         "y": [p.commit_us / 1000 for p in points]},
    ]  # fmt: skip
    return _chart(points, series, _range(range), " ms", _("No packet has come in yet."))


def _range(name: str) -> str:
    """Return the name of a length of time that is kept; ten minutes for any other."""
    return name if name in samples.RANGES else "10m"


def _chart(
    points: list[samples.RatePoint], series: list[dict[str, Any]], range_: str, unit: str, empty: str
) -> JSONResponse:
    length_s, _step = samples.RANGES[range_]
    return charts.columns([p.at for p in points], series, length_s, unit=unit, empty=empty)


@router.get("/revisions/{number}")
def revision(request: Request, session: Db, actor: Viewer, number: int) -> Response:
    """Show how far a saved revision has got; the page asks again until it is live."""
    live = [row for row in workers.list_workers(session) if workers.is_live(row)]
    done = [row.apply_ms for row in live if row.revision_applied >= number]
    shown: dict[str, Any] = {
        "number": number,
        "live": len(live),
        "applied": len(done),
        "apply_ms": max(done, default=0),
    }
    return bare(request, "partials/revision.html", **shown)


@router.get("/server")
def server(request: Request, session: Db, actor: Viewer, range: str = "10m") -> Response:
    """Show the workers and what became of the packets, in words."""
    rows = sorted(workers.list_workers(session), key=lambda row: row.last_seen, reverse=True)
    live = {row.id: workers.is_live(row) for row in rows}
    gone = utc_now() - timedelta(days=1)
    shown: dict[str, Any] = {
        "workers": [row for row in rows if live[row.id] or row.last_seen > gone],
        "live": live,
        "rate": samples.present(session),
        "range": _range(range),
    }
    return page(request, session, "workers/list.html", **shown)

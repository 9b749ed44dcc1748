"""The charts of how full pools are over time, and the same as a table."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Subnet
from app.services import subnets
from app.services.use_history import RANGES, history, outlooks
from app.views import charts
from app.views.preferences import gettext as _
from app.views.render import Id

router = APIRouter(include_in_schema=False)
DEFAULT: Final = "24h"
ROWS: Final = 24
"""So many rows at most has the table beside a chart."""


def range_of(name: str) -> str:
    """Return the name of a length of time that is kept; a day for any other."""
    return name if name in RANGES else DEFAULT


@router.get("/charts/use")
def chart(session: Db, actor: Viewer, range: str = DEFAULT) -> JSONResponse:
    """Return the use of all pools over time as columns for a chart."""
    return _columns(session, None, range_of(range))


@router.get("/subnets/{subnet_id}/use")
def subnet_chart(session: Db, actor: Viewer, subnet_id: Id, range: str = DEFAULT) -> JSONResponse:
    """Return the use of a subnet's pools over time as columns for a chart."""
    return _columns(session, subnets.get_subnet(session, subnet_id), range_of(range))


def _columns(session: Session, owner: Subnet | None, range_: str) -> JSONResponse:
    points = history(session, owner, range_)
    series: list[dict[str, Any]] = [
        {"label": _("taken, at most"), "colour": "--c-reserved", "fill": True, "y": [p.peak for p in points]},
        {"label": _("leased"), "colour": "--c-leased", "dash": [6, 3], "y": [p.figures.leased for p in points]},
        {"label": _("addresses of the pools"), "colour": "--c-free-ink", "dash": [2, 3],
         "y": [p.figures.size for p in points]},
    ]  # fmt: skip
    empty = _("Nothing is recorded yet. The chart begins within a minute.")
    return charts.columns([p.at for p in points], series, RANGES[range_][0], unit="", empty=empty)


def shown(session: Session, owner: Subnet | None, range_: str) -> dict[str, Any]:
    """Return what a page with such a chart shows beside it."""
    points = history(session, owner, range_)
    step = max(-(-len(points) // ROWS), 1)
    rows = [(part[-1], max(point.peak for point in part)) for part in _parts(points, step)]
    return {"use_range": range_, "use_rows": rows[::-1]}


def _parts(points: list[Any], size: int) -> list[list[Any]]:
    return [points[start : start + size] for start in range(0, len(points), size)]


def outlook_of(session: Session, row: Subnet) -> Any:
    """Return what a subnet's history says; None when nothing is recorded."""
    return outlooks(session, Subnet, [row.id]).get(row.id)

"""The catalogue of options: what each is called, what it carries, where it is set."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Select, String, cast, func, select

from app.auth.deps import Db, Viewer
from app.models import Pool, Reservation, Subnet
from app.services import options, settings
from app.views.options import shown as option_text
from app.views.preferences import gettext as _
from app.views.render import page

router = APIRouter(prefix="/options", include_in_schema=False)
USES_SHOWN = 20


@router.get("")
def list_options(request: Request, session: Db, actor: Viewer, q: str = "") -> Response:
    """Show the options that a text finds, and where each is set."""
    found = options.list_options(session, q, told=_)
    shown: dict[str, Any] = {"q": q, "options": found, "uses": _uses(session)}
    return page(request, session, "options/list.html", part="found", **shown)


@router.get("/catalogue")
def show_catalogue(session: Db, actor: Viewer) -> JSONResponse:
    """Return the options with the shape of their values, for the editor of a form."""
    names = {"space", "code", "name", "kind", "description", "settable", "example"}
    rows = [row.model_dump(include=names, mode="json") for row in options.list_options(session)]
    return JSONResponse([{**row, "told": _(row["description"])} if row["description"] else row for row in rows])


def _uses(session: Any) -> dict[str, list[tuple[str, str, str]]]:
    """Return for each option (where, link, value) of the scopes that set it."""
    found: dict[str, list[tuple[str, str, str]]] = {}

    def note(rows: list[dict[str, Any]], where: str, href: str) -> None:
        for row in rows:
            uses = found.setdefault(str(row["option"]), [])
            if len(uses) < USES_SHOWN:
                uses.append((where, href, option_text(row.get("value"))))

    note(settings.get_settings(session).options, "", "/settings")
    for row in session.execute(_setting(Subnet, Subnet.id, Subnet.first, Subnet.prefix_len)):
        note(row.options, f"{row.first}/{row.prefix_len}", f"/subnets/{row.id}/options")
    for row in session.execute(_setting(Pool, Pool.id, Pool.subnet_id, Pool.first, Pool.last)):
        note(row.options, f"{row.first}\u2013{row.last}", f"/subnets/{row.subnet_id}/pools/{row.id}")
    for row in session.execute(_setting(Reservation, Reservation.id, Reservation.ip, Reservation.hostname)):
        note(row.options, str(row.ip or row.hostname), f"/reservations/{row.id}/edit")
    return found


def _setting(model: type[Subnet | Pool | Reservation], *columns: Any) -> Select[Any]:
    """Return the query of the rows that set an option at all, by a look at the text of the column."""
    some = func.length(cast(model.options, String)) > len("[]")
    return select(*columns, model.options).where(some).order_by(model.id)

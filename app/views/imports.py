"""Pages of imports and exports: upload, look at what becomes of each line, commit, undo."""

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.services import imports
from app.services.actors import require_everywhere
from app.services.errors import DomainError, Invalid, Problem
from app.services.listing import Wish, cut
from app.transfer import exports
from app.transfer.formats import FORMATS, guess
from app.views import tables
from app.views.forms import filled, problems_of
from app.views.preferences import gettext as _
from app.views.render import Id, done, page
from app.views.tables import PAGE_ROWS, Column

router = APIRouter(prefix="/imports", include_in_schema=False)
FIELDS: Final = ("format", "text")
SHOWN: Final = 50
WORKING: Final = ("uploaded", "committing", "undoing")
COLUMNS: Final = (
    Column("line", "Line", number=True),
    Column("action", "What becomes of it"),
    Column("kind", "Kind"),
    Column("key", "Object"),
    Column("reason", "Why"),
    Column("values", "Values"),
)


@router.get("")
def list_imports(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the imports, a place to drop a file, and what can be exported."""
    return _list(request, session)


@router.get("/losses")
def show_losses(
    request: Request, session: Db, actor: Viewer, format: Literal["csv", "json", "kea", "dnsmasq"], table: str = ""
) -> Response:
    """Show what a file in the format would not say."""
    require_everywhere(actor)
    made = exports.export(session, format, table or None)
    losses = sorted(made.losses.values(), key=lambda loss: loss.count, reverse=True)
    title = exports.FORMATS[format][0]
    return page(request, session, "imports/losses.html", part="losses", losses=losses, title=title)


@router.post("")
def upload(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Take in what was pasted; a file comes by the REST API."""
    values = filled(form, *FIELDS)
    source = values["text"].encode()
    try:
        found = values["format"] or guess("pasted", source)
        if found not in FORMATS:
            raise Invalid(Problem("format", "unknown", _("The format cannot be told from the text; choose it.")))
        row = imports.upload(session, actor, _("pasted text"), found, None, source)
    except DomainError as error:
        session.rollback()
        return _list(request, session, 422, values=values, problems=problems_of(error, FIELDS))
    return RedirectResponse(f"/imports/{row.id}", 303)


def _list(request: Request, session: Session, status: int = 200, **more: Any) -> Response:
    found = cut(session, imports.LISTING, Wish((), limit=SHOWN))
    rows = imports.shown(session, found.rows)
    shown: dict[str, Any] = {"imports": rows, "formats": FORMATS.values(), "values": {}, "problems": {}, **more}
    shown |= {"exports": exports.FORMATS, "tables": exports.CSV_TABLES, "most": imports.MAX_SOURCE_BYTES}
    return page(request, session, "imports/list.html", status, **shown)


@router.get("/{import_id}")
def show(request: Request, session: Db, actor: Viewer, import_id: Id) -> Response:
    """Show how far an import is, and its plan line by line."""
    row = imports.shown(session, [imports.get_import(session, import_id)])[0]
    table = tables.read(request, COLUMNS, "action", csv=False)
    asked = [("import_id", str(import_id))]
    asked += [(name, table.params[name]) for name in ("action", "q") if table.params[name]]
    after = request.query_params.get("after", "")
    found = cut(session, imports.ROWS, Wish(tuple(asked), sort="id", cursor=after, limit=PAGE_ROWS))
    table.paged(after, found.next_cursor)
    shown: dict[str, Any] = {"row": row, "t": table, "lines": found.rows, "actions": imports.ACTIONS}
    part = "progress" if request.headers.get("x-part") == "progress" else "found"
    return page(request, session, "imports/detail.html", part=part, **shown, working=row.state in WORKING)


@router.post("/{import_id}/commit")
def commit(session: Db, actor: Operator, import_id: Id, form: Form) -> Response:
    """Write the planned lines."""
    imports.order_commit(session, actor, import_id, skip_conflicts=bool(form.get("skip_conflicts")))
    return RedirectResponse(f"/imports/{import_id}", 303)


@router.post("/{import_id}/undo")
def undo(session: Db, actor: Operator, import_id: Id) -> Response:
    """Take an import back; what others changed since is kept."""
    imports.order_undo(session, actor, import_id)
    return RedirectResponse(f"/imports/{import_id}", 303)


@router.post("/{import_id}/delete")
def delete(session: Db, actor: Operator, import_id: Id) -> Response:
    """Forget an import; what it wrote stays."""
    imports.delete_import(session, actor, imports.get_import(session, import_id))
    return done("/imports", _("The import is forgotten; what it wrote stays."))

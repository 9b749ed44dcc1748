"""Pages of the audit: who changed what, and how it was before."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Operator, Viewer
from app.models import AuditEntry
from app.services import audit, preview
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.views import tables
from app.views.forms import problems_of, saved
from app.views.options import shown
from app.views.render import Id, page
from app.views.tables import PAGE_ROWS

router = APIRouter(prefix="/audit", include_in_schema=False)


@router.get("")
def list_audit(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the changes, the newest first."""
    table = tables.read(request, (), "who", csv=False)
    asked = [("actor", table.params["who"])] if table.params["who"] else []
    if table.params["q"]:
        asked.append(("object__contains", table.params["q"]))
    after = request.query_params.get("after", "")
    found = cut(session, audit.LISTING, Wish(tuple(asked), cursor=after, limit=PAGE_ROWS))
    table.paged(after, found.next_cursor)
    return page(request, session, "audit/list.html", part="found", entries=found.rows, t=table)


@router.get("/{entry_id}")
def show(request: Request, session: Db, actor: Viewer, entry_id: Id) -> Response:
    """Show one change, field by field."""
    entry = audit.get_entry(session, entry_id)
    return page(request, session, "audit/detail.html", entry=entry, lines=difference(entry))


@router.post("/{entry_id}/try")
def try_undo(request: Request, session: Db, actor: Operator, entry_id: Id) -> Response:
    """Say whether the change can be taken back, and which clients would notice; nothing is kept."""
    shown: dict[str, Any] = {"problems": {}, "effects": []}
    try:
        shown["effects"] = preview.effects(session, lambda: request.app.state.undo(session, actor, entry_id))
    except DomainError as error:
        shown["problems"] = problems_of(error, ())
    session.rollback()
    return page(request, session, "audit/undo.html", part="undo", **shown, entry_id=entry_id)


@router.post("/{entry_id}/undo")
def undo(request: Request, session: Db, actor: Operator, entry_id: Id) -> Response:
    """Take the change back, with all that its request changed."""
    request.app.state.undo(session, actor, entry_id)
    return saved(session, "/audit")


def difference(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Return (field, before, after) of each field that differs."""
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name not in ("version", "updated_at", "created_at")]
    lines = [(n, _text(before.get(n)), _text(after.get(n))) for n in names if before.get(n) != after.get(n)]
    return [line for line in lines if line[1] != line[2]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_text(part) for part in value)
    if isinstance(value, dict):
        if "option" in value:
            return f"{value['option']}: {shown(value.get('value'))}"
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    return shown(value)

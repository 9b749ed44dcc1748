"""Pages of the audit: who changed what, and how it was before."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Db, Viewer
from app.models import AuditEntry
from app.services import audit
from app.views.options import shown
from app.views.render import Id, page

router = APIRouter(prefix="/audit", include_in_schema=False)
SHOWN = 200


@router.get("")
def list_audit(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the newest changes."""
    return page(request, session, "audit/list.html", entries=audit.list_entries(session, SHOWN))


@router.get("/{entry_id}")
def show(request: Request, session: Db, actor: Viewer, entry_id: Id) -> Response:
    """Show one change, field by field."""
    entry = audit.get_entry(session, entry_id)
    return page(request, session, "audit/detail.html", entry=entry, lines=difference(entry))


def difference(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Return (field, before, after) of each field that differs."""
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name not in ("version", "updated_at", "created_at")]
    return [(n, _text(before.get(n)), _text(after.get(n))) for n in names if before.get(n) != after.get(n)]


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

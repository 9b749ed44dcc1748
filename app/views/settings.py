"""The page of the global scope."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.deps import Admin, Db, Form, Viewer
from app.schemas.settings import SettingsShape
from app.services import audit, settings
from app.services.errors import DomainError
from app.services.patch import merged
from app.services.rows import picture
from app.views.forms import filled, form_page
from app.views.options import rows_of

router = APIRouter(prefix="/settings", include_in_schema=False)
TIMES = ("lease_time", "min_lease_time", "max_lease_time", "offer_hold_s", "decline_hold_s")
TEXTS = ("next_server", "boot_file")
SHOWN = (*TIMES, *TEXTS, "options")


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in SettingsShape.model_fields.items()}


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what holds for every subnet."""
    row = settings.get_settings(session)
    return form_page(request, session, "settings/form.html", picture(row), row.options, defaults=_defaults())


@router.post("")
def save(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Change it."""
    values = filled(form, *TIMES, *TEXTS)
    before = picture(settings.get_settings(session))
    try:
        known = {name: before[name] for name in SettingsShape.model_fields}
        wish: dict[str, Any] = {name: values[name] or None for name in (*TIMES, *TEXTS)}
        data = merged(SettingsShape, known, {**wish, "options": rows_of(form)})
        settings.update_settings(session, actor, data.model_dump())
    except DomainError as error:
        session.rollback()
        more = {"defaults": _defaults()}
        return form_page(request, session, "settings/form.html", values, rows_of(form), error, SHOWN, **more)
    return RedirectResponse(f"/settings?saved={audit.current_revision(session)}", 303)

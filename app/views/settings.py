"""The page of the global scope."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.deps import Admin, Db, Form, Viewer
from app.schemas.settings import SettingsShape
from app.services import audit, settings
from app.services.errors import DomainError
from app.services.patch import merged
from app.services.rows import picture
from app.views.forms import filled, problems_of
from app.views.render import page

router = APIRouter(prefix="/settings", include_in_schema=False)
FIELDS = ("lease_time", "min_lease_time", "max_lease_time", "offer_hold_s", "decline_hold_s")


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what holds for every subnet."""
    values = picture(settings.get_settings(session))
    return page(request, session, "settings/form.html", values=values, problems={})


@router.post("")
def save(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Change it."""
    values = filled(form, *FIELDS)
    before = picture(settings.get_settings(session))
    try:
        known = {name: before[name] for name in SettingsShape.model_fields}
        data = merged(SettingsShape, known, {name: value for name, value in values.items() if value})
        settings.update_settings(session, actor, data.model_dump())
    except DomainError as error:
        session.rollback()
        problems = problems_of(error, FIELDS)
        return page(request, session, "settings/form.html", 422, values=values, problems=problems)
    return RedirectResponse(f"/settings?saved={audit.current_revision(session)}", 303)

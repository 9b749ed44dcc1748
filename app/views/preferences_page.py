"""The page on which a browser's language, time zone and theme are chosen."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.deps import Db, Form, Viewer
from app.views import preferences
from app.views.render import page

router = APIRouter(prefix="/preferences", include_in_schema=False)
YEAR_S = 365 * 86400


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what is chosen."""
    return page(request, session, "preferences/form.html", zones=preferences.zones(), themes=preferences.THEMES)


@router.post("")
def save(request: Request, actor: Viewer, form: Form) -> Response:
    """Keep the choice in cookies of this browser."""
    response = RedirectResponse("/preferences", 303)
    known = {"language": preferences.LANGUAGES, "zone": preferences.zones(), "theme": preferences.THEMES}
    for name, values in known.items():
        value = str(form.get(name, ""))
        if value in values:
            response.set_cookie(name, value, max_age=YEAR_S, samesite="lax")
    return response

"""JSON routes of the settings: the global scope, one object."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from sqlalchemy.orm import Session

from app.api.etags import check_match, etag_of, tag
from app.api.resource import partial
from app.api.route import ApiRoute
from app.auth.deps import Admin, Db, Viewer
from app.schemas.settings import SettingsShape
from app.services import settings
from app.services.patch import merged
from app.services.rows import picture

router = APIRouter(prefix="/settings", tags=["settings"], route_class=ApiRoute)
Patch: Any = partial(SettingsShape, "SettingsPatch")


@router.get("", operation_id="get_settings")
def get_settings(session: Db, actor: Viewer, response: Response) -> SettingsShape:
    """Return what holds for every subnet unless it says otherwise."""
    return tag(response, _shown(session))


def update_settings(request: Request, session: Db, actor: Admin, data: Any, response: Response) -> SettingsShape:
    """Change the global scope by merge patch (RFC 7396); null restores a field's default."""
    now = _shown(session)
    check_match(request, etag_of(now), lambda: now.model_dump(mode="json"))
    wanted = merged(SettingsShape, now.model_dump(mode="json"), data.model_dump(exclude_unset=True))
    settings.update_settings(session, actor, wanted.model_dump())
    return tag(response, _shown(session))


def _shown(session: Session) -> SettingsShape:
    row = picture(settings.get_settings(session))
    return SettingsShape.model_validate({name: row[name] for name in SettingsShape.model_fields})


update_settings.__annotations__["data"] = Annotated[Patch, Body(media_type="application/merge-patch+json")]
router.patch("", operation_id="update_settings")(update_settings)

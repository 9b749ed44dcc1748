"""JSON routes of settings, workers, audit, tokens and the caller."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from app.api.route import ApiRoute
from app.auth.deps import Admin, Db, Viewer
from app.schemas.settings import SettingsShape
from app.services import audit, settings, workers
from app.services.patch import merged
from app.services.rows import picture
from dhcpd.engine.reasons import explain

router = APIRouter(route_class=ApiRoute)


@router.get("/settings", operation_id="get_settings", tags=["settings"])
def get_settings(session: Db, actor: Viewer) -> SettingsShape:
    """Return the global scope."""
    row = picture(settings.get_settings(session))
    return SettingsShape.model_validate({name: row[name] for name in SettingsShape.model_fields})


@router.patch("/settings", operation_id="update_settings", tags=["settings"])
def update_settings(session: Db, actor: Admin, patch: Annotated[dict[str, object], Body()]) -> SettingsShape:
    """Change the global scope by merge patch."""
    data = merged(SettingsShape, get_settings(session, actor).model_dump(), patch)
    settings.update_settings(session, actor, data.model_dump())
    return data


@router.get("/workers", operation_id="list_workers", tags=["workers"])
def list_workers(session: Db, actor: Viewer) -> dict[str, Any]:
    """Return the workers, the newest revision and what each outcome means."""
    latest = audit.current_revision(session)
    items = []
    for row in workers.list_workers(session):
        reasons = {name: explain(name) for name in row.counters.get("reasons", {})}
        items.append(
            {**picture(row), "live": workers.is_live(row), "revision_latest": latest, "explained": reasons}
        )
    return {"items": items, "next_cursor": None}

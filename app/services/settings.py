"""What holds for every subnet?"""

from typing import Any

from sqlalchemy.orm import Session

from app.models import GlobalSettings
from app.schemas.settings import SettingsShape
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Invalid, Problem
from app.services.options import checked_options
from app.services.rows import picture


def get_settings(session: Session) -> GlobalSettings:
    """Return the one row; its defaults while nobody has changed anything."""
    found = session.get(GlobalSettings, 1)
    if found is not None:
        return found
    return GlobalSettings(id=1, **SettingsShape().model_dump())


def changed(session: Session, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pictures before and after a change of the given fields, which is not made; raises as it would."""
    before = picture(get_settings(session))
    after = {**before, **changes}
    after["options"] = checked_options(session, after["options"])
    if not after["min_lease_time"] <= after["lease_time"] <= after["max_lease_time"]:
        raise Invalid(Problem("lease_time", "order", "lease_time is not between min_lease_time and max_lease_time"))
    if after["renew_time"] and after["rebind_time"] and after["renew_time"] >= after["rebind_time"]:
        raise Invalid(Problem("rebind_time", "order", "rebind_time is not after renew_time"))
    return before, after


def update_settings(session: Session, actor: Actor, changes: dict[str, Any]) -> GlobalSettings:
    """Change the given fields; raises Invalid when times are out of order."""
    before, after = changed(session, changes)
    row = get_settings(session)
    session.add(row)
    for name in {*changes, "options"}:
        setattr(row, name, after[name])
    session.flush()
    record(session, actor, "update", "settings", before, picture(row), role="admin")
    return row

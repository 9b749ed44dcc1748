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


def update_settings(session: Session, actor: Actor, changes: dict[str, Any]) -> GlobalSettings:
    """Change the given fields; raises Invalid when times are out of order."""
    row = get_settings(session)
    session.add(row)
    before = picture(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.options = checked_options(session, row.options)
    if not row.min_lease_time <= row.lease_time <= row.max_lease_time:
        raise Invalid(Problem("lease_time", "order", "lease_time is not between min_lease_time and max_lease_time"))
    if row.renew_time and row.rebind_time and row.renew_time >= row.rebind_time:
        raise Invalid(Problem("rebind_time", "order", "rebind_time is not after renew_time"))
    session.flush()
    record(session, actor, "update", "settings", before, picture(row), role="admin")
    return row

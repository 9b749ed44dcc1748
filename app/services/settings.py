"""What holds for every subnet?"""

from typing import Any

from sqlalchemy.orm import Session

from app.models import GlobalSettings
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Invalid, Problem
from app.services.rows import picture


def get_settings(session: Session) -> GlobalSettings:
    """Return the one row; its defaults while nobody has changed anything."""
    found = session.get(GlobalSettings, 1)
    if found is not None:
        return found
    return GlobalSettings(
        id=1,
        options=[],
        lease_time=43200,
        min_lease_time=60,
        max_lease_time=604800,
        offer_hold_s=60,
        decline_hold_s=86400,
    )


def update_settings(session: Session, actor: Actor, changes: dict[str, Any]) -> GlobalSettings:
    """Change the given fields; raises Invalid when the lease times are out of order."""
    row = get_settings(session)
    session.add(row)
    before = picture(row)
    for name, value in changes.items():
        setattr(row, name, value)
    if not row.min_lease_time <= row.lease_time <= row.max_lease_time:
        raise Invalid(Problem("lease_time", "order", "lease_time is not between min_lease_time and max_lease_time"))
    session.flush()
    record(session, actor, "update", "settings", before, picture(row), role="admin")
    return row

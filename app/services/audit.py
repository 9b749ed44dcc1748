"""How is each change of the plan recorded and made known to the workers?"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Revision
from app.models.base import utc_now
from app.services.actors import Actor, require


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    role: str = "operator",
) -> int:
    """Check the permission, bump the revision and write the audit line; return the new revision."""
    require(actor, role)
    revision = session.get(Revision, 1, with_for_update=True)
    if revision is None:
        revision = Revision(id=1, number=0)
        session.add(revision)
    revision.number += 1
    revision.changed_at = utc_now()
    session.add(
        AuditEntry(
            actor=actor.name,
            action=action,
            object=object_,
            before=before,
            after=after,
            revision=revision.number,
        )
    )
    session.flush()
    return revision.number


def current_revision(session: Session) -> int:
    """Return the newest revision; 0 before the first change."""
    return session.scalar(select(Revision.number).where(Revision.id == 1)) or 0


def list_entries(session: Session, limit: int = 100) -> list[AuditEntry]:
    """Return the newest changes first."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))

"""What would a change do? It is made, looked at, and taken back."""

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AuditEntry
from app.services.impact import Effect, of_changes


def effects(session: Session, work: Callable[[], object]) -> list[Effect]:
    """Return what clients would notice of the work; raises what it raises. Nothing of it stays.

    What a change does is told from the audit lines that it writes, so every service can be asked this way; it is
    told while it stands, as what one object loses another may have taken over.
    """
    newest = session.scalar(select(func.max(AuditEntry.id))) or 0
    nested = session.begin_nested()
    try:
        work()
        lines = session.scalars(select(AuditEntry).where(AuditEntry.id > newest).order_by(AuditEntry.id))
        return of_changes(session, [(line.object, line.before, line.after) for line in lines])
    finally:
        nested.rollback()
        session.expire_all()

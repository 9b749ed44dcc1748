"""How is each change of the plan recorded and made known to the workers?"""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Revision
from app.models.base import utc_now
from app.services import grants
from app.services.actors import Actor, require
from app.services.errors import Forbidden, NotFound, Problem
from app.services.listing import Listing, fields, period
from app.services.locks import refuse_during_import

CHANGES: Final = "changes"
"""Key in Session.info: the audit lines of the transaction."""
REVISION: Final = "revision"
"""Key in Session.info: the revision that the transaction made."""

NOT_PLANNED: Final = frozenset({"alert_rules", "imports", "sessions", "tokens", "users", "webhooks"})
"""What may change while an import is written."""

LISTING: Final = Listing(
    AuditEntry,
    fields(AuditEntry, "id", "at", "actor", "token", "action", "object", "message", "request_id", "revision"),
    sort="-id",
    span=(AuditEntry.first, AuditEntry.last),
    extra=period(AuditEntry.at),
)


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
    places = [p for p in (grants.place(session, object_, picture) for picture in (after, before)) if p is not None]
    if not grants.may_change(actor.ranges, object_, places):
        detail = f"{actor.name} is limited to some subnets, and {object_} lies outside them."
        raise Forbidden(Problem("", "grant", detail))
    if object_.split("/")[0] not in NOT_PLANNED:
        refuse_during_import(session)
    revision = session.get(Revision, 1, with_for_update=True)
    if revision is None:
        revision = Revision(id=1, number=0)
        session.add(revision)
    revision.number += 1
    revision.changed_at = utc_now()
    entry = AuditEntry(
        actor=actor.name,
        token=actor.token,
        action=action,
        object=object_,
        before=before,
        after=after,
        first=places[0][0] if places else None,
        last=places[0][1] if places else None,
        message=actor.message,
        request_id=actor.request_id,
        revision=revision.number,
    )
    session.add(entry)
    session.flush()
    session.info.setdefault(CHANGES, []).append(entry)
    session.info[REVISION] = revision.number
    return revision.number


def current_revision(session: Session) -> int:
    """Return the newest revision; 0 before the first change."""
    return session.scalar(select(Revision.number).where(Revision.id == 1)) or 0


def list_entries(session: Session, limit: int = 100) -> list[AuditEntry]:
    """Return the newest changes first."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))


def get_entry(session: Session, entry_id: int) -> AuditEntry:
    """Return a change; raises NotFound."""
    found = session.get(AuditEntry, entry_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no audit entry {entry_id}."))
    return found

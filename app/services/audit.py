"""How is each change of the plan recorded and made known to the workers?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session, defer

from app.models import AuditEntry, Revision
from app.models.base import utc_now
from app.services import grants
from app.services.actors import Actor, require
from app.services.errors import Forbidden, NotFound, Problem
from app.services.listing import Filters, Listing, fields, narrowing, period
from app.services.locks import refuse_during_import

CHANGES: Final = "changes"
"""Key in Session.info: the audit lines of the transaction."""
REVISION: Final = "revision"
"""Key in Session.info: the revision that the transaction made."""

NOT_PLANNED: Final = frozenset({"alert_rules", "imports", "sessions", "tokens", "users", "webhooks"})
"""What may change while an import is written."""

_MOMENTS: Final = frozenset({"from", "to", "at__gt", "at__lt"})


def _hint(session: Session, filters: Filters, first: str) -> ColumnElement[bool] | None:
    """Tell between which ids a period lies: the newest of it are then read without putting all of it in order."""
    told = [narrowing(session, LISTING, name, text) for name, text in filters if name in _MOMENTS]
    if first != "id" or not told:
        return None
    low, high = session.execute(select(func.min(AuditEntry.id), func.max(AuditEntry.id)).where(*told)).one()
    return false() if low is None else AuditEntry.id.between(low, high)


LISTING: Final = Listing(
    AuditEntry,
    fields(AuditEntry, "id", "at", "actor", "token", "action", "object", "message", "request_id", "revision"),
    sort="-id",
    span=(AuditEntry.first, AuditEntry.last),
    extra=period(AuditEntry.at),
    hint=_hint,
    indexed=frozenset(
        {"id", "id__in", "object", "object__in", "actor", "request_id", "from", "to", "at__gt", "at__lt"}
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the audit tells it: the object, and its pictures before and after."""

    action: str
    object: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


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
    return record_all(session, actor, [Told(action, object_, before, after)], role=role)


def record_all(session: Session, actor: Actor, changes: Sequence[Told], *, role: str = "operator") -> int:
    """Do the same for many changes: a revision and a line for each, written together."""
    require(actor, role)
    places = [check_place(session, actor, told) for told in changes]
    if any(told.object.split("/")[0] not in NOT_PLANNED for told in changes):
        refuse_during_import(session)
    revision = session.get(Revision, 1, with_for_update=True)
    if revision is None:
        revision = Revision(id=1, number=0)
        session.add(revision)
    first = revision.number + 1
    revision.number += len(changes)
    revision.changed_at = utc_now()
    entries = [
        _entry(actor, told, place, number)
        for number, (told, place) in enumerate(zip(changes, places, strict=True), first)
    ]
    session.add_all(entries)
    session.flush()
    session.info.setdefault(CHANGES, []).extend(entries)
    session.info[REVISION] = revision.number
    return revision.number


def check_place(session: Session, actor: Actor, told: Told) -> grants.Range | None:
    """Return where a change lies; None = nowhere. Raises Forbidden when the actor may not change things there."""
    places = [p for p in (grants.place(session, told.object, seen) for seen in (told.after, told.before)) if p]
    if not grants.may_change(actor.ranges, told.object, places):
        detail = f"{actor.name} is limited to some subnets, and {told.object} lies outside them."
        raise Forbidden(Problem("", "grant", detail))
    return places[0] if places else None


def _entry(actor: Actor, told: Told, place: grants.Range | None, revision: int) -> AuditEntry:
    return AuditEntry(
        actor=actor.name,
        token=actor.token,
        action=told.action,
        object=told.object,
        before=told.before,
        after=told.after,
        first=place[0] if place else None,
        last=place[1] if place else None,
        message=actor.message,
        request_id=actor.request_id,
        revision=revision,
    )


def current_revision(session: Session) -> int:
    """Return the newest revision; 0 before the first change."""
    return session.scalar(select(Revision.number).where(Revision.id == 1)) or 0


def latest_id(session: Session) -> int:
    """Return the id of the newest change; 0 before the first."""
    return session.scalar(select(func.max(AuditEntry.id))) or 0


def entries_after(session: Session, after_id: int, limit: int) -> list[AuditEntry]:
    """Return the changes after an id, in order, without pictures.

    Ids become visible in order: whoever records holds the row of the revision.
    """
    query = select(AuditEntry).where(AuditEntry.id > after_id).order_by(AuditEntry.id).limit(limit)
    return list(session.scalars(query.options(defer(AuditEntry.before), defer(AuditEntry.after))))


def list_entries(session: Session, limit: int = 100) -> list[AuditEntry]:
    """Return the newest changes first."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))


def get_entry(session: Session, entry_id: int) -> AuditEntry:
    """Return a change; raises NotFound."""
    found = session.get(AuditEntry, entry_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no audit entry {entry_id}."))
    return found

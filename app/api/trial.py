"""What would a write do? The diff of its objects, and what clients would notice."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models import AuditEntry
from app.schemas.changes import AffectedClient, Change, DryRun, EffectOut, FieldChange
from app.services import impact


def diff(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, FieldChange]:
    """Return the fields that differ."""
    old, new = before or {}, after or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {name: FieldChange(before=old.get(name), after=new.get(name)) for name in names}


def dry_run(session: Session, entries: Sequence[AuditEntry]) -> DryRun:
    """Return what the audit lines of a write tell, and what clients would notice."""
    return DryRun(changes=changes_of(entries), impact=effects_of(session, entries))


def changes_of(entries: Sequence[AuditEntry]) -> list[Change]:
    """Return recorded changes with the fields that differ."""
    return [
        Change(object=e.object, action=e.action, before=e.before, after=e.after, diff=diff(e.before, e.after))
        for e in entries
    ]


def effects_of(session: Session, entries: Iterable[AuditEntry]) -> list[EffectOut]:
    """Return what clients notice of recorded changes."""
    pictures = [(entry.object, entry.before, entry.after) for entry in entries]
    return [_effect(effect) for effect in impact.of_changes(session, pictures)]


def _effect(effect: impact.Effect) -> EffectOut:
    sample = [AffectedClient.model_validate(client, from_attributes=True) for client in effect.sample]
    return EffectOut(
        kind=effect.kind, clients=effect.clients, until=effect.until, unlimited=effect.unlimited,
        sentence=effect.sentence, sample=sample,
    )  # fmt: skip

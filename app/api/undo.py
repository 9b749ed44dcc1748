"""How is a recorded change taken back? By the same services, with the same rules, as the opposite change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.api.resource import Resource
from app.models import AuditEntry
from app.schemas.fields import Shape
from app.services import audit, restoring, settings
from app.services.actors import Actor
from app.services.errors import Conflict, NotFound, Problem
from app.services.patch import merged, parsed
from app.services.rows import picture, put_back

Picture = Mapping[str, Any]
MAX_ENTRIES: Final = 50_000
"""So many changes of one request can be taken back together."""
_IGNORED: Final = frozenset(("version", "created_at", "updated_at", "last_used_at"))
"""What every write changes."""
_RESTORED: Final = "restored"
"""Key in Session.info: (model, id) that the next new row of the model gets again."""
_WHY: Final = {
    "leases": "The client was told already.",
    "tokens": "A token's secret is kept nowhere.",
    "sessions": "A session's secret is kept nowhere.",
    "passwords": "A former password is kept nowhere.",
    "webhooks": "A webhook's secret is not kept when it is gone.",
    "imports": "Take an import back on its own page or by POST /imports/{id}/undo.",
}
"""Why changes of some kinds of object are not undone."""


@dataclass(frozen=True, slots=True)
class Undo:
    """How a kind of object is removed, brought back and changed; None = it can't be."""

    find: Callable[[Session, Picture], Any]
    remove: Callable[[Session, Actor, Any], Any] | None
    bring_back: Callable[[Session, Actor, Picture], Any] | None
    change: Callable[[Session, Actor, Any, Picture, set[str]], Any] | None


def undo(session: Session, actor: Actor, entry: AuditEntry, kinds: Mapping[str, Undo]) -> list[AuditEntry]:
    """Take back the request that an entry belongs to, the last change first; return the entries that this makes.

    Raises NotFound or Conflict when the objects are not as the request left them, or can't be taken back.
    """
    lines = _request_of(session, entry)
    for line in lines:
        kind = kinds.get(line.object.split("/")[0])
        if kind is None:
            raise _not_undoable(line)
        _undo_one(session, _because(actor, line), line, kind)
    placed = [(line.object.split("/")[0], told) for line in lines for told in (line.before, line.after) if told]
    restoring.settle(session, _because(actor, entry), [p for p in placed if p[0] in restoring.MODELS])
    return list(session.info.get(audit.CHANGES, []))


def _because(actor: Actor, line: AuditEntry) -> Actor:
    reason = f"undo of {line.id}" + (f": {actor.message}" if actor.message else "")
    return replace(actor, message=reason[:500])


def _request_of(session: Session, entry: AuditEntry) -> Sequence[AuditEntry]:
    """Return the changes of the request that an entry belongs to, the last first."""
    if not entry.request_id:
        return [entry]
    same = select(AuditEntry).where(AuditEntry.request_id == entry.request_id, AuditEntry.actor == entry.actor)
    lines = list(session.scalars(same.order_by(AuditEntry.id.desc()).limit(MAX_ENTRIES + 1)))
    if len(lines) > MAX_ENTRIES:
        raise _refused(entry, "too_many", f"The request made more than {MAX_ENTRIES} changes.")
    return lines


def _undo_one(session: Session, actor: Actor, line: AuditEntry, kind: Undo) -> None:
    if line.after is None and line.before is not None:
        _require(kind.bring_back, line)(session, actor, line.before)
        return
    if line.after is None:
        raise _not_undoable(line)
    try:
        row = kind.find(session, line.after)
    except NotFound:
        raise _refused(line, "gone", f"{line.object} is not there any more.") from None
    names = {n for n in {**line.after, **(line.before or {})} if n not in _IGNORED}
    if line.object.startswith("addresses/"):
        names.discard("subnet_id")  # where its range says, see services.contents
    if line.before is not None:
        names = {name for name in names if line.before.get(name) != line.after.get(name)}
    now = picture(row)
    if line.before is not None and _is_back(session, line, now, names):
        return
    for name in sorted(names & now.keys()):
        if now[name] != line.after.get(name):
            raise _refused(line, "changed", f"{name} of {line.object} was changed later; undo that first.")
    if line.before is None:
        _require(kind.remove, line)(session, actor, row)
    else:
        _require(kind.change, line)(session, actor, row, line.before, names)


def _is_back(session: Session, line: AuditEntry, now: Picture, names: set[str]) -> bool:
    """Tell whether an object followed what was taken back before it, as a subnet follows the number of its VLAN."""
    before = line.before or {}
    followed = any(made.object == line.object for made in session.info.get(audit.CHANGES, ()))
    return followed and all(now[name] == before.get(name) for name in names & now.keys())


def _require(how: Callable[..., Any] | None, line: AuditEntry) -> Callable[..., Any]:
    if how is None:
        raise _not_undoable(line)
    return how


def _not_undoable(line: AuditEntry) -> Conflict:
    why = _WHY.get(line.object.split("/")[0], "")
    return _refused(line, "not_undoable", f"A {line.action} of {line.object} can't be taken back. {why}".strip())


def _refused(line: AuditEntry, code: str, detail: str) -> Conflict:
    return Conflict(Problem("", code, detail, "audit", str(line.id)))


def of_resource(resource: Resource, give_back: Callable[[Session, Any, Picture], None] | None = None) -> Undo:
    """Return how objects of a resource are undone, from its description.

    `give_back` returns to other objects what they lost with the one that is brought back.
    """
    columns = {name: field.column.key for name, field in resource.listing.fields.items()}
    accepts, patches = resource.accepts or Shape, resource.patches or resource.accepts or Shape

    def values(shape: Any, told: Picture) -> dict[str, Any]:
        renamed = {name: told[column] for name, column in columns.items() if column in told}
        named = {**told, **renamed}
        return {name: named[name] for name in shape.model_fields if name in named}

    def find(session: Session, told: Picture) -> Any:
        return resource.get(session, told[columns[resource.listing.key]])

    def bring_back(session: Session, actor: Actor, told: Picture) -> Any:
        data = parsed(accepts, {name: value for name, value in values(accepts, told).items() if value is not None})
        if session.get(resource.listing.model, told["id"]) is None:
            session.info[_RESTORED] = (resource.listing.model, told["id"])
        try:
            if resource.create is not None:
                row = resource.create(session, actor, data)
            else:
                row = resource.put(session, actor, told[columns[resource.listing.key]], data)  # type: ignore[misc]
        finally:
            session.info.pop(_RESTORED, None)
        put_back(row, told, {"created_at"})
        if give_back is not None:
            give_back(session, row, told)
        return row

    def change(session: Session, actor: Actor, row: Any, told: Picture, names: set[str]) -> Any:
        shown = resource.one(session, row).model_dump(mode="json")
        before = values(patches, told)
        back = {name: before[name] for name in before if columns.get(name, name) in names}
        data = merged(patches, {name: shown[name] for name in patches.model_fields}, back)
        return resource.update(session, actor, row, data)  # type: ignore[misc]  # of_resource() looked

    able = resource.accepts is not None
    return Undo(
        find,
        resource.delete,
        bring_back if able and (resource.create or resource.put) else None,
        change if able and resource.update else None,
    )


def of_placed(model: type[restoring.Placed]) -> Undo:
    """Return how what lies in the address space is undone: as it was, the rules held for the whole at the end."""
    return Undo(
        lambda session, told: restoring.find(session, model, told),
        restoring.remove,
        lambda session, actor, told: restoring.bring_back(session, actor, model, told),
        restoring.change,
    )


def of_settings() -> Undo:
    """Return how the settings are undone: they are only ever changed."""

    def change(session: Session, actor: Actor, row: Any, told: Picture, names: set[str]) -> Any:
        return settings.update_settings(session, actor, {name: told[name] for name in names if name in told})

    return Undo(lambda session, told: settings.get_settings(session), None, None, change)


@event.listens_for(Session, "before_flush")
def _restore_id(session: Session, context: object, instances: object) -> None:
    wanted: tuple[type[Any], int | None] | None = session.info.get(_RESTORED)
    if wanted is None or wanted[1] is None:
        return
    for row in session.new:
        if type(row) is wanted[0] and row.id is None:
            row.id = wanted[1]
            session.info.pop(_RESTORED)
            return

"""Which files are being taken into the plan, and what may be asked of each?"""

import zlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import Import, ImportRow, StagedLease
from app.schemas.imports import ImportOut, import_out
from app.services.actors import Actor, require
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.listing import Listing, fields

MAX_SOURCE_BYTES: Final = 64 * 1024 * 1024
MAX_OPEN: Final = 20
"""Imports that may wait or be planned at once, so that uploads cannot fill the disk."""
ACTIONS: Final = ("create", "update", "skip", "conflict", "lost", "error")

LISTING: Final = Listing(
    Import,
    fields(Import, "id", "name", "format", "table", "state", "actor", "created_at", "finished_at"),
    sort="-id",
)


ROWS: Final = Listing(
    ImportRow,
    fields(ImportRow, "id", "import_id", "line", "kind", "key", "action", "reason", "kept"),
    search=lambda text: or_(*(c.icontains(text, autoescape=True) for c in (ImportRow.key, ImportRow.reason))),
)


def upload(session: Session, actor: Actor, name: str, format_: str, table: str | None, source: bytes) -> Import:
    """Take a file in; the plan is made next, without changing anything. Raises Invalid or Conflict."""
    require(actor, "operator")
    if not source.strip():
        raise Invalid(Problem("", "empty", "The file is empty."))
    if len(source) > MAX_SOURCE_BYTES:
        raise Invalid(Problem("", "too_long", f"A file has at most {MAX_SOURCE_BYTES:,} bytes."))
    waiting = select(func.count()).where(Import.state.in_(("uploaded", "planned")))
    if (session.scalar(waiting) or 0) >= MAX_OPEN:
        raise Conflict(Problem("", "too_many", f"{MAX_OPEN} imports wait already; commit or delete some."))
    row = Import(
        name=name.strip()[:255] or "import",
        format=format_,
        table=table,
        state="uploaded",
        actor=actor.name,
        role=actor.role,
        user_id=actor.user_id,
        ranges=_ranges(actor),
        source=zlib.compress(source, 1),
    )
    session.add(row)
    session.flush()
    return row


def get_import(session: Session, import_id: int) -> Import:
    """Return an import; raises NotFound."""
    found = session.get(Import, import_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no import {import_id}."))
    return found


def order_commit(session: Session, actor: Actor, import_id: int, *, skip_conflicts: bool = False) -> Import:
    """Let the planned rows be written; raises Conflict while some are in conflict and not to be skipped."""
    require(actor, "operator")
    row = get_import(session, import_id)
    if row.state != "planned":
        raise Conflict(Problem("state", "not_planned", f"Import {import_id} is {row.state}, not planned."))
    conflicts = row.counts.get("conflict", 0)
    if conflicts and not skip_conflicts:
        detail = f"{conflicts} rows are in conflict; mend them, or leave them out (skip_conflicts)."
        raise Conflict(Problem("skip_conflicts", "conflicts", detail))
    _order(row, actor, "committing")
    session.flush()
    return row


def order_undo(session: Session, actor: Actor, import_id: int) -> Import:
    """Let an import be taken back; what others changed since is kept."""
    require(actor, "operator")
    row = get_import(session, import_id)
    if row.state != "committed":
        raise Conflict(Problem("state", "not_committed", f"Import {import_id} is {row.state}, not committed."))
    _order(row, actor, "undoing")
    session.flush()
    return row


def _order(row: Import, actor: Actor, state: str) -> None:
    row.state, row.beat_at, row.done, row.error = state, None, 0, ""
    row.actor, row.role, row.user_id, row.ranges = actor.name, actor.role, actor.user_id, _ranges(actor)


def _ranges(actor: Actor) -> list[str] | None:
    return None if actor.ranges is None else [f"{first} {last}" for first, last in actor.ranges]


def delete_import(session: Session, actor: Actor, row: Import) -> None:
    """Forget an import that is not under work; what it wrote stays."""
    require(actor, "operator")
    if row.state in ("committing", "undoing"):
        raise Conflict(Problem("state", "working", f"Import {row.id} is {row.state}; wait until that has ended."))
    waiting = leases_waiting(session, [row])[row.id]
    if waiting and row.state in ("committed", "undone"):
        raise Conflict(Problem("", "leases_waiting", f"{waiting} leases wait for the worker still."))
    session.delete(row)
    session.flush()


def leases_waiting(session: Session, rows: Sequence[Import]) -> dict[int, int]:
    """Return for each import how many leases the worker has not judged yet."""
    ids = [row.id for row in rows]
    query = select(StagedLease.import_id, func.count()).where(
        StagedLease.import_id.in_(ids), StagedLease.result == ""
    )
    counted = session.execute(query.group_by(StagedLease.import_id))
    return dict.fromkeys(ids, 0) | {row[0]: row[1] for row in counted}


def shown(session: Session, rows: Sequence[Import]) -> list[ImportOut]:
    """Return the shapes of imports."""
    waiting = leases_waiting(session, rows)
    return [import_out(row, waiting[row.id]) for row in rows]

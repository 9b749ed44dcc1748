"""How does an import go from its file into the plan, and back? plan -> commit -> undo, each resumable."""

import time
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, Command, Import, ImportChunk, ImportRow, Revision, StagedLease
from app.models.base import utc_now
from app.services.actors import Actor
from app.services.audit import current_revision
from app.services.locks import lock_plan
from app.transfer.document import KINDS, Document, Row
from app.transfer.formats import read
from app.transfer.planning import LEASES_AT_ONCE, Planner, Verdict, plan_leases, staged_row, take_back
from app.transfer.rehearsal import Rehearsal, Writes, write

CHUNK_ROWS: Final = 500
"""Source rows written in one transaction: some 15 ms of SQLite's write lock."""
PAUSE_RATIO: Final = 1.0
"""After a transaction the writer waits as long as it took, so that the worker always gets its turn."""
BEAT_S: Final = 0.5
SILENT_S: Final = 15
"""An import whose worker gave no sign of life for so long is taken over by another."""
WORKING: Final = ("uploaded", "committing", "undoing")
Progress = Callable[[str, int, int], None]


def nobody(stage: str, done: int, total: int) -> None:
    """Take progress and do nothing with it."""


def waiting(factory: SessionFactory, import_id: int | None = None) -> int | None:
    """Return an import that waits for work and that no living process has."""
    query = select(Import.id).where(*_free()).order_by(Import.id).limit(1)
    if import_id is not None:
        query = query.where(Import.id == import_id)
    with unit_of_work(factory, writing=False) as session:
        return session.scalar(query)


def claim(factory: SessionFactory, import_id: int) -> int | None:
    """Take an import for this process; None = it does not wait, or another process was quicker."""
    taken = update(Import).where(Import.id == import_id, *_free()).values(beat_at=utc_now())
    with unit_of_work(factory) as session:
        return import_id if session.execute(taken.returning(Import.id)).scalar() is not None else None


def _free() -> tuple[Any, Any]:
    stale = utc_now() - timedelta(seconds=SILENT_S)
    return Import.state.in_(WORKING), or_(Import.beat_at.is_(None), Import.beat_at < stale)


def work(factory: SessionFactory, import_id: int, progress: Progress = nobody) -> None:
    """Bring a claimed import to its next resting state; an error of ours is told in it."""
    job = Job(factory, import_id, progress)
    try:
        job.run()
    except Exception as error:
        job.fail(f"{type(error).__name__}: {error}"[:2000])
        raise


def actor_of(row: Import) -> Actor:
    """Return who ordered the work, with the rights that they had."""
    pairs = None if row.ranges is None else [text.split(" ") for text in row.ranges]
    ranges = None if pairs is None else tuple((ip_address(first), ip_address(last)) for first, last in pairs)
    message = f"import {row.id}: {row.name}"[:500]
    return Actor(row.actor, row.role, row.user_id, message=message, request_id=f"import-{row.id}", ranges=ranges)


class Job:
    """One import under work."""

    def __init__(self, factory: SessionFactory, import_id: int, progress: Progress) -> None:
        self._factory = factory
        self._id = import_id
        self._progress = progress
        self._beaten = 0.0

    def run(self) -> None:
        """Do what the state asks for."""
        with self._reading() as session:
            row = session.get_one(Import, self._id)
            state, actor = row.state, actor_of(row)
        if state == "uploaded":
            self._plan(actor)
            self.rest("planned")
        elif state == "committing":
            self._commit(actor)
        elif state == "undoing":
            self._undo(actor)

    def rest(self, state: str, **values: Any) -> None:
        """Set the state; nobody works on the import any more."""
        with unit_of_work(self._factory) as session:
            session.execute(update(Import).where(Import.id == self._id).values(state=state, beat_at=None, **values))

    def fail(self, reason: str) -> None:
        """Take back what was written, and say why."""
        with self._reading() as session:
            row = session.get_one(Import, self._id)
            writing, undoing, actor = row.writing, row.state == "undoing", actor_of(row)
        if writing and not undoing:
            self._undo(actor)
            reason += " What had been written was taken back."
        self.rest("failed", error=reason, writing=writing and undoing)

    def _reading(self) -> Any:
        return unit_of_work(self._factory, writing=False)

    def _tell(self, stage: str, done: int, total: int, *, last: bool = False) -> None:
        """Tell the progress; into the database at most every BEAT_S."""
        self._progress(stage, done, total)
        if not last and time.monotonic() - self._beaten < BEAT_S:
            return
        self._beaten = time.monotonic()
        with unit_of_work(self._factory) as session:
            row = update(Import).where(Import.id == self._id)
            session.execute(row.values(beat_at=utc_now(), done=done, total=total))

    def _pausing(self, work: Callable[[Session], None]) -> None:
        """Write in a transaction of its own, then leave the database to others as long as that took."""
        began = time.monotonic()
        with unit_of_work(self._factory) as session:
            work(session)
        time.sleep((time.monotonic() - began) * PAUSE_RATIO)

    # --- plan ---

    def _plan(self, actor: Actor) -> None:
        self._forget_plan()
        document = self._read_source()
        rows = sorted(document.rows, key=_wide_first)
        with self._reading() as session:
            revision = current_revision(session)
            rehearsal = Rehearsal(session)
        try:
            counts = self._rehearse(rehearsal, actor, rows)
        finally:
            rehearsal.close()
        self._write_notes(document, counts)
        values = {"revision": revision, "counts": counts, "done": len(rows), "total": len(rows), "error": ""}
        with unit_of_work(self._factory) as session:
            session.execute(update(Import).where(Import.id == self._id).values(**values))

    def _forget_plan(self) -> None:
        """Remove an older plan, in parts."""
        part = select(ImportRow.id).where(ImportRow.import_id == self._id).limit(CHUNK_ROWS * 4)
        left = True
        while left:
            with unit_of_work(self._factory) as session:
                gone = delete(ImportRow).where(ImportRow.id.in_(part.scalar_subquery())).returning(ImportRow.id)
                left = bool(session.scalars(gone).all())
        with unit_of_work(self._factory) as session:
            session.execute(delete(ImportChunk).where(ImportChunk.import_id == self._id))

    def _read_source(self) -> Document:
        with self._reading() as session:
            row = session.get_one(Import, self._id)
            return read(row.format, zlib.decompress(row.source), row.table)

    def _rehearse(self, rehearsal: Rehearsal, actor: Actor, rows: list[Row]) -> dict[str, Any]:
        planner = Planner(rehearsal, actor)
        counts: dict[str, Any] = {}
        leases = [row for row in rows if row.kind == "leases"]
        plain = [row for row in rows if row.kind != "leases"]
        number = 0
        for start in range(0, len(plain), CHUNK_ROWS):
            self._tell("plan", start, len(rows))
            verdicts = planner.rows(plain[start : start + CHUNK_ROWS])
            number += 1
            self._keep(verdicts, rehearsal.harvest(), number, counts)
        for start in range(0, len(leases), LEASES_AT_ONCE):
            self._tell("plan", len(plain) + start, len(rows))
            number += 1
            with self._reading() as session:
                judged = plan_leases(session, leases[start : start + LEASES_AT_ONCE], rehearsal.session)
            staged = [staged_row(self._id, row) for _, row in judged if row is not None]
            self._keep(
                [v for v, _ in judged], Writes(made={"staged_leases": staged} if staged else {}), number, counts
            )
        return counts

    def _keep(self, verdicts: list[Verdict], writes: Writes, number: int, counts: dict[str, Any]) -> None:
        """Write a part of the plan: its rows for people, and what a commit is to write."""
        rows = []
        for verdict in verdicts:
            kinds = counts.setdefault(verdict.kind, {})
            kinds[verdict.action] = kinds.get(verdict.action, 0) + 1
            counts[verdict.action] = counts.get(verdict.action, 0) + 1
            rows.append({"import_id": self._id, "line": verdict.line, "column": 0, "kind": verdict.kind,
                         "key": verdict.key, "action": verdict.action, "reason": verdict.reason, "kept": "",
                         "object_id": verdict.object_id, "values": verdict.values})  # fmt: skip
        applied = sum(verdict.action in ("create", "update") for verdict in verdicts)

        def keep(session: Session) -> None:
            if rows:
                session.execute(insert(ImportRow), rows)
            if writes:
                chunk = {"import_id": self._id, "undo": False, "number": number, "rows": applied}
                session.execute(insert(ImportChunk).values(**chunk, applied=False, data=writes.pack()))

        self._pausing(keep)

    def _write_notes(self, document: Document, counts: dict[str, Any]) -> None:
        notes = sorted(document.notes, key=lambda note: (note.line, note.column))
        for start in range(0, len(notes), CHUNK_ROWS):
            part = notes[start : start + CHUNK_ROWS]
            rows = [{"import_id": self._id, "line": n.line, "column": n.column, "kind": "", "key": "",
                     "action": n.action, "reason": n.text, "object_id": "", "values": {}, "kept": ""}
                    for n in part]  # fmt: skip
            self._pausing(lambda session, rows=rows: session.execute(insert(ImportRow), rows))  # type: ignore[misc]  # bound now
        for note in notes:
            counts[note.action] = counts.get(note.action, 0) + 1
        if document.dropped:
            counts["dropped_notes"] = document.dropped

    # --- commit ---

    def _commit(self, actor: Actor) -> None:
        if not self._begin_writing():
            before = self._counts()
            self._plan(actor)
            if self._counts() != before or not self._begin_writing():
                self.rest("planned", error="The plan changed meanwhile: look at the rows again, then commit.")
                return
        self._write_chunks(self._chunks(undo=False), undo=False, stage="commit")
        self._pausing(lambda session: self._finish_commit(session, actor))

    def _counts(self) -> dict[str, Any]:
        with self._reading() as session:
            row: Import = session.get_one(Import, self._id)
            return row.counts

    def _begin_writing(self) -> bool:
        """Keep others from changing the plan; False = it is not what this was planned against."""
        with unit_of_work(self._factory) as session:
            lock_plan(session)
            row = session.get_one(Import, self._id)
            if not row.writing and current_revision(session) != row.revision:
                return False
            row.writing = True
            return True

    def _chunks(self, *, undo: bool) -> list[tuple[int, int, bool]]:
        columns = (ImportChunk.number, ImportChunk.rows, ImportChunk.applied)
        query = select(*columns).where(ImportChunk.import_id == self._id, ImportChunk.undo == undo)
        with self._reading() as session:
            return [(n, rows, applied) for n, rows, applied in session.execute(query.order_by(ImportChunk.number))]

    def _write_chunks(self, chunks: list[tuple[int, int, bool]], *, undo: bool, stage: str) -> None:
        total, done = sum(rows for _, rows, _ in chunks), 0
        for number, rows, applied in chunks:
            if not applied:
                self._pausing(lambda session, number=number: self._write_chunk(session, number, undo))  # type: ignore[misc]  # bound now
            done += rows
            self._tell(stage, done, total)

    def _write_chunk(self, session: Session, number: int, undo: bool) -> None:
        chunk = session.get_one(ImportChunk, (self._id, undo, number))
        lock_plan(session)
        session.get(Revision, 1, with_for_update=True)  # audit lines become visible in the order of their ids
        write(session.connection(), Writes.unpack(chunk.data))
        chunk.applied = True

    def _finish_commit(self, session: Session, actor: Actor) -> None:
        """Make the change known to the workers, at once for all of it."""
        row = session.get_one(Import, self._id)
        first = session.scalar(select(func.min(StagedLease.ip)).where(StagedLease.import_id == self._id))
        if first is not None:
            session.add(Command(action="import", ip=first, actor=actor.name))
        self._finish(session, row, actor, "import", "committed")

    def _finish(self, session: Session, row: Import, actor: Actor, action: str, state: str) -> None:
        revision = session.get(Revision, 1, with_for_update=True) or Revision(id=1, number=0)
        session.add(revision)
        newest = session.scalar(select(func.max(AuditEntry.revision))) or 0
        revision.number, revision.changed_at = max(revision.number, newest) + 1, utc_now()
        after = {"name": row.name, "format": row.format, "counts": row.counts}
        session.add(
            AuditEntry(
                actor=actor.name,
                action=action,
                object=f"imports/{row.id}",
                before=None,
                after=after,
                revision=revision.number,
                request_id=actor.request_id,
            )
        )
        row.state, row.beat_at, row.finished_at, row.writing = state, None, utc_now(), False
        row.done = row.total
        session.execute(delete(ImportChunk).where(ImportChunk.import_id == self._id))

    # --- undo ---

    def _undo(self, actor: Actor) -> None:
        chunks = self._chunks(undo=True)
        if not any(applied for _, _, applied in chunks):
            self._rehearse_undo(actor)
            if not self._begin_writing():
                self._rehearse_undo(actor)
                if not self._begin_writing():
                    self.rest("committed", error="Others keep changing the plan: try the undo again.")
                    return
            chunks = self._chunks(undo=True)
        self._write_chunks(chunks, undo=True, stage="undo")
        self._pausing(lambda session: self._finish_undo(session, actor))

    def _rehearse_undo(self, actor: Actor) -> None:
        applied = [ImportRow.import_id == self._id, ImportRow.action.in_(("create", "update")),
                   ImportRow.kind != "leases"]  # fmt: skip
        with self._reading() as session:
            total = session.scalar(select(func.count()).where(*applied)) or 0
            revision = current_revision(session)
            rehearsal = Rehearsal(session)
        with unit_of_work(self._factory) as session:
            old = (ImportChunk.import_id == self._id, ImportChunk.undo)
            session.execute(delete(ImportChunk).where(*old))
            session.execute(update(Import).where(Import.id == self._id).values(revision=revision))
        try:
            for number, part in enumerate(self._backwards(applied)):
                reasons = take_back(rehearsal, actor, part)
                self._tell("check", min(total, (number + 1) * CHUNK_ROWS), total)
                self._keep_undo(number, part, reasons, rehearsal.harvest())
        finally:
            rehearsal.close()

    def _backwards(self, conditions: list[Any]) -> Iterator[list[ImportRow]]:
        last = None
        while True:
            query = select(ImportRow).where(*conditions).order_by(ImportRow.id.desc()).limit(CHUNK_ROWS)
            with self._reading() as session:
                part = list(session.scalars(query if last is None else query.where(ImportRow.id < last)))
            if not part:
                return
            last = part[-1].id
            yield part

    def _keep_undo(self, number: int, rows: list[ImportRow], reasons: list[str], writes: Writes) -> None:
        kept = [{"id": row.id, "kept": why} for row, why in zip(rows, reasons, strict=True) if why]

        def keep(session: Session) -> None:
            if kept:
                session.execute(update(ImportRow), kept)
            chunk = {"import_id": self._id, "undo": True, "number": number, "rows": len(rows)}
            session.execute(insert(ImportChunk).values(**chunk, applied=False, data=writes.pack()))

        self._pausing(keep)

    def _finish_undo(self, session: Session, actor: Actor) -> None:
        row = session.get_one(Import, self._id)
        staged = StagedLease.import_id == self._id
        first = session.scalar(select(func.min(StagedLease.ip)).where(staged))
        if first is not None:
            session.execute(update(StagedLease).where(staged).values(undo=True, result=""))
            session.add(Command(action="import", ip=first, actor=actor.name))
        kept = select(func.count()).where(ImportRow.import_id == self._id, ImportRow.kept != "")
        row.counts = {**row.counts, "kept": session.scalar(kept) or 0}
        self._finish(session, row, actor, "undo", "undone")


def _wide_first(row: Row) -> tuple[int, int]:
    """Order by kind, what others refer to first; subnets from wide to narrow, all else as it came."""
    rank = KINDS.index(row.kind)
    if row.kind != "subnets":
        return rank, 0
    try:
        return rank, ip_network(str(row.values.get("cidr")), strict=False).prefixlen
    except ValueError:
        return rank, 999

"""What is being taken in from elsewhere, row by row, and how far is it?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.models.base import Base, utc_now
from app.models.types import Address, IpAddress


class Import(Base):
    """One file on its way into the plan.

    state: uploaded -> planned -> committing -> committed -> undoing -> undone; failed says why in `error`.
    `beat_at` is the sign of life of the process that works on it; `revision` is what the plan was made against.
    role, ranges: what the actor may do, as in Actor; a range is `FIRST LAST`.
    `writing`: parts of it are in the plan and parts are not, so nobody else may change the plan now.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    format: Mapped[str] = mapped_column(String(20))
    table: Mapped[str | None] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(12), index=True)
    actor: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int | None]
    ranges: Mapped[list[str] | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)
    writing: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(default="")
    source: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class ImportRow(Base):
    """One row of the plan: what becomes of a line of the source, and why.

    action: create, update, skip, conflict; lost = the line says what cannot be carried over; error = malformed.
    `values`: of a create the object as it becomes; of an update {field: [before, after]}. `kept` says why an undo
    left the object as it is.
    """

    __tablename__ = "import_rows"
    __table_args__ = (Index(None, "import_id", "action", "id"), Index(None, "import_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    column: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(30), default="")
    key: Mapped[str] = mapped_column(String(300), default="")
    action: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(default="")
    object_id: Mapped[str] = mapped_column(String(80), default="")
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kept: Mapped[str] = mapped_column(default="")


class ImportChunk(Base):
    """A part of what a commit (or, undo = true, an undo) writes, made by a rehearsal: compressed JSON."""

    __tablename__ = "import_chunks"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    undo: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int]
    applied: Mapped[bool] = mapped_column(default=False)
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class StagedLease(Base):
    """A lease of another server, waiting for the worker, who alone writes leases; result empty = waiting.

    `undo` asks the worker to take it back; started_at None = unknown, expires_at None = infinite.
    """

    __tablename__ = "staged_leases"
    __table_args__ = (Index(None, "result", "import_id"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    ip: Mapped[Address] = mapped_column(IpAddress, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    htype: Mapped[int] = mapped_column(default=1)
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[bytes] = mapped_column(LargeBinary)
    hostname: Mapped[str]
    vendor_class: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    relay_info: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    undo: Mapped[bool] = mapped_column(default=False)
    result: Mapped[str] = mapped_column(String(80), default="")

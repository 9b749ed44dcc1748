"""Which workers live, what do they serve, and what are they asked to do?"""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, utc_now
from app.models.types import Address, IpAddress


class Worker(Base):
    """A worker's own row: heartbeat, applied revision, counters by reason, notes on what it can't do."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    pid: Mapped[int]
    started_at: Mapped[datetime]
    last_seen: Mapped[datetime]
    revision_applied: Mapped[int] = mapped_column(default=0)
    apply_ms: Mapped[int] = mapped_column(default=0)
    interfaces: Mapped[list[str]] = mapped_column(default=list)
    warnings: Mapped[list[str]] = mapped_column(default=list)
    counters: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Command(Base):
    """An administrator's order to the worker: release or quarantine one address."""

    __tablename__ = "commands"

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(12))
    ip: Mapped[Address] = mapped_column(IpAddress)
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    done_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")


class Revision(Base):
    """The single row that a configuration change bumps, in its own transaction."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

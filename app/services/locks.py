"""How do the rules of the plan hold when two people change it at once?"""

from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models import Import
from app.services.errors import Conflict, Problem

PLAN_LOCK: Final = 0x1EA5F


def lock_plan(session: Session) -> None:
    """Let nobody else change the plan until this transaction ends; call it before the first look at what is there.

    A SQLite writer is alone from BEGIN IMMEDIATE on; PostgreSQL takes an advisory lock. What the transaction reads
    afterwards includes every earlier change, so a rule that was checked still holds when its row is written.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PLAN_LOCK})


def refuse_during_import(session: Session) -> None:
    """Raise Conflict while an import is written in parts: for these seconds nobody else changes the plan."""
    running = session.scalar(select(Import.id).where(Import.writing).limit(1))
    if running is not None:
        detail = f"Import {running} is being written; try again in some seconds."
        raise Conflict(Problem("", "import_running", detail, "imports", str(running)))

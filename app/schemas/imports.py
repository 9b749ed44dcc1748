"""How do an import and the rows of its plan look from outside?"""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from app.models import Import, ImportRow
from app.models.base import values_of
from app.schemas.fields import Shape

ImportState = Literal["uploaded", "planned", "committing", "committed", "undoing", "undone", "failed"]


class ImportOut(Shape):
    """A file on its way into the plan; `counts` are rows by action, and by kind and action.

    `done` of `total` rows are worked on in the present state. `leases_waiting` are for the worker to take over.
    """

    id: int
    name: str
    format: str
    table: str | None
    state: ImportState
    actor: str
    created_at: datetime
    finished_at: datetime | None
    revision: int
    done: int
    total: int
    counts: dict[str, Any]
    leases_waiting: int
    error: str


class ImportRowOut(Shape):
    """What becomes of a line; values: of a create the object, of an update {field: [before, after]}."""

    id: int
    line: int
    column: int
    kind: str
    key: str
    action: Literal["create", "update", "skip", "conflict", "lost", "error"]
    reason: str
    object_id: str
    values: dict[str, Any]
    kept: str


class CommitIn(Shape):
    """How to commit; rows in conflict stop it unless they are to be left out."""

    skip_conflicts: bool = Field(False, description="write the other rows although some are in conflict")


def import_out(row: Import, leases_waiting: int) -> ImportOut:
    """Return the shape of a row."""
    names = [name for name in ImportOut.model_fields if name != "leases_waiting"]
    return ImportOut.of(leases_waiting=leases_waiting, **values_of(row, names))


def import_row_out(row: ImportRow) -> ImportRowOut:
    """Return the shape of a row."""
    return ImportRowOut.of(**values_of(row, ImportRowOut.model_fields))

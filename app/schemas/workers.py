"""How does a worker look from outside?"""

from datetime import datetime
from typing import Any

from app.models import Worker
from app.schemas.fields import Shape


class WorkerOut(Shape):
    """A worker as it last reported; `explained` has a sentence for each outcome that it counted."""

    id: str
    pid: int
    live: bool
    started_at: datetime
    last_seen: datetime
    revision_applied: int
    revision_latest: int
    apply_ms: int
    interfaces: list[str]
    warnings: list[str]
    counters: dict[str, Any]
    explained: dict[str, str]


def worker_out(row: Worker, *, live: bool, latest: int, explained: dict[str, str]) -> WorkerOut:
    """Return the shape of a row."""
    known = {"live", "revision_latest", "explained"}
    same = {name: getattr(row, name) for name in WorkerOut.model_fields if name not in known}
    return WorkerOut.of(**same, live=live, revision_latest=latest, explained=explained)

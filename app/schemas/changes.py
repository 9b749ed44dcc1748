"""How does a change look from outside: its objects before and after, and what clients notice of it?"""

from datetime import datetime
from typing import Any, Literal

from app.schemas.fields import Shape


class FieldChange(Shape):
    """One field of an object before and after."""

    before: Any = None
    after: Any = None


class Change(Shape):
    """What happens to one object; diff names the fields that differ."""

    object: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    diff: dict[str, FieldChange]


class AffectedClient(Shape):
    """A client with an active lease; expires_at null = infinite."""

    ip: str
    mac: str
    hostname: str
    expires_at: datetime | None


class EffectOut(Shape):
    """What some clients notice: it ends, moves, returns or gets new settings.

    `until` = when the last of their leases ends; `unlimited` of them never do. `sample` names the first of them.
    """

    kind: str
    clients: int
    until: datetime | None
    unlimited: int
    sentence: str
    sample: list[AffectedClient]


class DryRun(Shape):
    """What a write would change, and which clients would notice; nothing has changed."""

    dry_run: Literal[True] = True
    changes: list[Change]
    impact: list[EffectOut]


class Undone(Shape):
    """What taking a change back has changed, and which clients notice."""

    changes: list[Change]
    impact: list[EffectOut]


class Lag(Shape):
    """The write is saved, but not every live worker serves it yet; `behind` tells each one's revision."""

    revision: int
    live: int
    applied: int
    behind: dict[str, int]
    result: Any = None

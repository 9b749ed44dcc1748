"""How does a line of the audit look from outside?"""

from datetime import datetime
from typing import Any

from app.models import AuditEntry
from app.models.base import values_of
from app.schemas.fields import Shape


class AuditTold(Shape):
    """A change as the stream tells it; the object's pictures are at `/audit/{id}`."""

    id: int
    at: datetime
    actor: str
    token: str | None
    action: str
    object: str
    message: str
    request_id: str
    revision: int


class AuditOut(AuditTold):
    """One change: who, with which token, in which request, why; the object before and after it."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None


def audit_told(row: AuditEntry) -> AuditTold:
    """Return the shape of a row, without its pictures."""
    return AuditTold.of(**values_of(row, AuditTold.model_fields))


def audit_out(row: AuditEntry) -> AuditOut:
    """Return the shape of a row."""
    return AuditOut.of(**values_of(row, AuditOut.model_fields))

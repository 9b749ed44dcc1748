"""JSON routes of the audit. To follow it: `sort=id&id__gt=LAST`."""

from app.api.resource import Resource
from app.schemas.audit import AuditOut, audit_out
from app.services import audit

RESOURCE = Resource(
    path="audit",
    noun="audit entry",
    plural="audit entries",
    listing=audit.LISTING,
    shape=AuditOut,
    show=lambda session, rows: [audit_out(row) for row in rows],
    get=audit.get_entry,
)
router = RESOURCE.router()

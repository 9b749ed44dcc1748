"""JSON routes of the audit. To follow it: `sort=id&id__gt=LAST`."""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.api import (
    alerts,
    client_classes,
    custom_fields,
    denied_clients,
    option_definitions,
    shared_networks,
    tags,
    users,
    vlans,
    webhooks,
)
from app.api.paging import Id
from app.api.resource import Resource
from app.api.trial import changes_of, effects_of
from app.api.undo import of_placed, of_resource, of_settings, undo
from app.auth.deps import Db, Operator
from app.models import AuditEntry
from app.schemas.audit import AuditOut, audit_out
from app.schemas.changes import Undone
from app.services import audit
from app.services import custom_fields as of_custom_fields
from app.services import tags as of_tags
from app.services.actors import Actor
from app.services.grants import limited
from app.services.restoring import MODELS
from app.services.users import bring_back_user

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
PLAIN = (shared_networks, vlans, client_classes, option_definitions, denied_clients)
UNDOABLE = {
    **{concept.RESOURCE.path.replace("-", "_"): of_resource(concept.RESOURCE) for concept in PLAIN},
    **{name: of_placed(model) for name, model in MODELS.items()},
    "tags": of_resource(tags.RESOURCE, of_tags.give_back),
    "custom_fields": of_resource(custom_fields.RESOURCE, of_custom_fields.give_back),
    "alert_rules": of_resource(alerts.RULES),
    "webhooks": of_resource(webhooks.RESOURCE),
    "users": replace(of_resource(users.RESOURCE), bring_back=bring_back_user),
    "settings": of_settings(),
}


def take_back(session: Session, actor: Actor, audit_entry_id: int) -> list[AuditEntry]:
    """Undo a change with all that its request changed; return the entries that this makes."""
    with limited(session, actor.ranges):
        entry = audit.get_entry(session, audit_entry_id)
    return undo(session, actor, entry, UNDOABLE)


@router.post("/{audit_entry_id:int}/undo", operation_id="undo_change")
def undo_change(session: Db, actor: Operator, audit_entry_id: Id) -> Undone:
    """Take back a change with all that its request changed, by the rules that hold for any change.

    Refused (409) when an object was changed since, or for what can't be taken back: a release, a token, a password,
    a webhook that was deleted. A user that is brought back has no password and no tokens; who signs in at the
    OpenID provider still does.
    """
    made = take_back(session, actor, audit_entry_id)
    return Undone(changes=changes_of(made), impact=effects_of(session, made))

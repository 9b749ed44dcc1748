"""Which alert rules are there, and which alerts?"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Alert, AlertRule
from app.schemas.alerts import AlertRuleIn, AlertRuleOut, rule_out
from app.services.actors import Actor, require_everywhere
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.rows import picture
from app.services.subnets import get_subnet

LISTING: Final = Listing(
    AlertRule, fields(AlertRule, "id", "name", "kind", "threshold", "subnet_id", "enabled"), sort="name"
)
ALERTS: Final = Listing(
    Alert,
    fields(Alert, "id", "rule_id", "object", "state", "message", "value", "started_at", "resolved_at"),
    sort="-id",
)
MAX_RULES: Final = 200


def get_rule(session: Session, rule_id: int) -> AlertRule:
    """Return a rule; raises NotFound."""
    found = session.get(AlertRule, rule_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no alert rule {rule_id}."))
    return found


def create_rule(session: Session, actor: Actor, data: AlertRuleIn) -> AlertRule:
    """Watch one more thing; raises NotFound or Conflict."""
    require_everywhere(actor)
    if (session.scalar(select(func.count()).select_from(AlertRule)) or 0) >= MAX_RULES:
        raise Conflict(Problem("", "too_many", f"There are {MAX_RULES} rules already."))
    _check(session, data, None)
    row = AlertRule(**data.model_dump())
    session.add(row)
    session.flush()
    record(session, actor, "create", f"alert_rules/{row.id}", None, picture(row))
    return row


def update_rule(session: Session, actor: Actor, row: AlertRule, data: AlertRuleIn) -> AlertRule:
    """Change a rule; raises NotFound or Conflict."""
    require_everywhere(actor)
    before = picture(row)
    _check(session, data, row)
    for name, value in data.model_dump().items():
        setattr(row, name, value)
    session.flush()
    record(session, actor, "update", f"alert_rules/{row.id}", before, picture(row))
    return row


def delete_rule(session: Session, actor: Actor, row: AlertRule) -> None:
    """Watch it no longer; its alerts are forgotten."""
    require_everywhere(actor)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"alert_rules/{before['id']}", before, None)


def shown(session: Session, rows: Sequence[AlertRule]) -> list[AlertRuleOut]:
    """Return the shapes of rules."""
    firing = (Alert.rule_id.in_([row.id for row in rows]), Alert.state == "firing")
    query = select(Alert.rule_id, func.count()).where(*firing).group_by(Alert.rule_id)
    counts = dict(session.execute(query).all())
    return [rule_out(row, counts.get(row.id, 0)) for row in rows]


def get_alert(session: Session, alert_id: int) -> Alert:
    """Return an alert; raises NotFound."""
    found = session.get(Alert, alert_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no alert {alert_id}."))
    return found


def count_firing(session: Session) -> int:
    """Return how many alerts fire at present."""
    return session.scalar(select(func.count()).select_from(Alert).where(Alert.state == "firing")) or 0


def _check(session: Session, data: AlertRuleIn, own: AlertRule | None) -> None:
    if data.subnet_id is not None:
        get_subnet(session, data.subnet_id)
    other = session.scalar(select(AlertRule).where(AlertRule.name == data.name))
    if other is not None and other is not own:
        raise Conflict(
            Problem("name", "duplicate", f"There is a rule {data.name!r}.", "alert-rules", str(other.id))
        )

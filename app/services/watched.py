"""What becomes of the alert rules of a subnet that goes?"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AlertRule, Subnet
from app.services.actors import Actor
from app.services.audit import record
from app.services.rows import picture


def forget(session: Session, actor: Actor, subnet: Subnet) -> None:
    """Remove the rules that watch a subnet alone, told in the audit before the subnet goes."""
    for rule in _rules(session, subnet):
        before = picture(rule)
        session.delete(rule)
        session.flush()
        record(session, actor, "delete", f"alert_rules/{before['id']}", before, None)


def hand_over(session: Session, actor: Actor, subnet: Subnet, to: Subnet) -> None:
    """Let the rules that watch a subnet watch another one."""
    for rule in _rules(session, subnet):
        before = picture(rule)
        rule.subnet_id = to.id
        session.flush()
        record(session, actor, "update", f"alert_rules/{rule.id}", before, picture(rule))


def _rules(session: Session, subnet: Subnet) -> Sequence[AlertRule]:
    query = select(AlertRule).where(AlertRule.subnet_id == subnet.id).order_by(AlertRule.id)
    return list(session.scalars(query))

"""What is wrong at this moment, and what has become right again?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Alert, AlertRule, LeaseBlock, Revision, Worker
from app.models.base import utc_now
from app.services.audit import current_revision
from app.services.rows import picture
from app.services.spans import address_of
from app.services.usage import pools_over
from app.services.workers import SILENT_S, is_live
from dhcpd.engine.reasons import explain

REFUSED_FOR_S: Final = 300
"""A client that got nothing is in trouble until it has been quiet for so long."""
FORGOTTEN: Final = timedelta(days=1)
"""A worker that has been silent for longer was taken out of service."""
MAX_FIRING: Final = 1000
"""Alerts of one rule at once; more say no more."""
QUIET_REASONS: Final = frozenset({"drop-other-server", "drop-other-host", "drop-denied", "drop-not-a-request"})
"""No answer, as it should be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule watches. level: 2 = fires, 1 = keeps on firing if it did, and else does not."""

    object: str
    message: str
    value: int
    level: int = 2


Looked: TypeAlias = dict[int, dict[str, Finding]]
"""What was found: id of the rule -> object -> finding."""


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert that began or ended."""

    alert: Alert
    rule: AlertRule

    def event(self) -> dict[str, Any]:
        """Return what receivers are told."""
        return {**picture(self.alert), "rule": self.rule.name, "kind": self.rule.kind}


def look(session: Session) -> Looked:
    """Return what each rule finds; the long part, and it only reads."""
    rules = session.scalars(select(AlertRule).where(AlertRule.enabled).order_by(AlertRule.id)).all()
    return {rule.id: {found.object: found for found in CHECKS[rule.kind](session, rule)} for rule in rules}


def is_news(session: Session, looked: Looked) -> bool:
    """Tell whether what was found differs from what is firing."""
    firing: dict[int, dict[str, int]] = {id_: {} for id_ in looked}
    rows = session.execute(select(Alert.rule_id, Alert.object, Alert.value).where(Alert.state == "firing"))
    for rule_id, object_, value in rows:
        if rule_id in firing:
            firing[rule_id][object_] = value
    return any(_differs(found, firing[id_]) for id_, found in looked.items())


def _differs(found: dict[str, Finding], firing: dict[str, int]) -> bool:
    if any(object_ not in found or found[object_].value != value for object_, value in firing.items()):
        return True
    return len(firing) < MAX_FIRING and any(f.level == 2 and f.object not in firing for f in found.values())


def evaluate(session: Session, looked: Looked) -> list[Transition]:
    """Write what was found where it differs from what was firing; return what changed."""
    changed: list[Transition] = []
    rules = select(AlertRule).where(AlertRule.enabled, AlertRule.id.in_(looked)).order_by(AlertRule.id)
    for rule in session.scalars(rules):
        found = looked[rule.id]
        firing = {row.object: row for row in session.scalars(
            select(Alert).where(Alert.rule_id == rule.id, Alert.state == "firing"))}  # fmt: skip
        changed += [Transition(row, rule) for row in _begin(session, rule, found, firing)]
        changed += [Transition(row, rule) for row in _end(found, firing)]
    session.flush()
    return changed


def _begin(
    session: Session, rule: AlertRule, found: dict[str, Finding], firing: dict[str, Alert]
) -> Iterable[Alert]:
    fresh = [f for f in found.values() if f.level == 2 and f.object not in firing]
    for finding in fresh[: max(0, MAX_FIRING - len(firing))]:
        row = Alert(rule_id=rule.id, object=finding.object, message=finding.message[:500], value=finding.value)
        session.add(row)
        session.flush()
        yield row


def _end(found: dict[str, Finding], firing: dict[str, Alert]) -> Iterable[Alert]:
    for row in firing.values():
        finding = found.get(row.object)
        if finding is None:
            row.state, row.resolved_at = "resolved", utc_now()
            yield row
        elif finding.value != row.value:
            row.value, row.message, row.seen_at = finding.value, finding.message[:500], utc_now()


# --- what each kind of rule looks at ---


def _pools(session: Session, rule: AlertRule) -> list[Finding]:
    """Pools at or over the threshold; those between `clear` and it go on firing, so that none flutters."""
    found = []
    for pool, used in pools_over(session, min(rule.clear, rule.threshold), rule.subnet_id):
        first, last = map(address_of, pool.span)
        percent = used.percent
        message = f"The pool {first}-{last} is {percent} % full: {used.free} addresses are free."
        found.append(Finding(f"pools/{pool.id}", message, percent, 2 if percent >= rule.threshold else 1))
    return found


def _refused(session: Session, rule: AlertRule) -> list[Finding]:
    """Clients that lately got nothing, or a NAK, by what the live workers say."""
    found: dict[str, Finding] = {}
    since = utc_now() - timedelta(seconds=rule.threshold or REFUSED_FOR_S)
    for worker in filter(is_live, session.scalars(select(Worker))):
        for row in worker.counters.get("refused", []):
            if datetime.fromtimestamp(row["at"], UTC) >= since and row["reason"] not in QUIET_REASONS:
                name = f"clients/{row['mac']}"
                found.setdefault(name, Finding(name, f"{row['mac']}: {explain(row['reason'])}", row["at"]))
    return list(found.values())


def _conflicts(session: Session, rule: AlertRule) -> list[Finding]:
    """Addresses in quarantine, because a client found another device on them."""
    query = select(LeaseBlock.block, LeaseBlock.declined).where(LeaseBlock.declined != 0).limit(MAX_FIRING)
    found = []
    for block, bits in session.execute(query):
        for bit in range(64):
            if bits >> bit & 1:
                ip = IPv4Address(block * 64 + bit)
                message = f"Another device answers on {ip}; it is in quarantine."
                found.append(Finding(f"leases/{ip}", message, 0))
    return found[:MAX_FIRING]


def _behind(session: Session, rule: AlertRule) -> list[Finding]:
    """Live workers that do not serve the newest revision although they had time to."""
    newest = current_revision(session)
    changed = session.scalar(select(Revision.changed_at).where(Revision.id == 1))
    if changed is None or utc_now() - changed < timedelta(seconds=rule.threshold or 10):
        return []
    return [
        Finding(
            f"workers/{w.id}", f"{w.id} serves revision {w.revision_applied}, not {newest}.", w.revision_applied
        )
        for w in session.scalars(select(Worker))
        if is_live(w) and w.revision_applied < newest
    ]


def _silent(session: Session, rule: AlertRule) -> list[Finding]:
    """Workers that reported within the last day, and not lately."""
    patience = timedelta(seconds=max(SILENT_S, rule.threshold))
    now = utc_now()
    return [
        Finding(f"workers/{w.id}", f"{w.id} has been silent since {w.last_seen:%Y-%m-%d %H:%M:%S} UTC.", 0)
        for w in session.scalars(select(Worker))
        if patience < now - w.last_seen < FORGOTTEN
    ]


CHECKS: Final[dict[str, Callable[[Session, AlertRule], list[Finding]]]] = {
    "pool_usage": _pools,
    "client_refused": _refused,
    "address_conflict": _conflicts,
    "worker_behind": _behind,
    "worker_silent": _silent,
}

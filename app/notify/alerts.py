"""What is wrong at this moment, and what has become right again?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Alert, AlertRule, LeaseBlock, Pool, Revision, Worker
from app.models.base import utc_now
from app.services.audit import current_revision
from app.services.rows import picture
from app.services.usage import pool_usage
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


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert that began or ended."""

    alert: Alert
    rule: AlertRule

    def event(self) -> dict[str, Any]:
        """Return what receivers are told."""
        return {**picture(self.alert), "rule": self.rule.name, "kind": self.rule.kind}


def evaluate(session: Session) -> list[Transition]:
    """Compare what is with what was firing; return what changed."""
    changed: list[Transition] = []
    for rule in session.scalars(select(AlertRule).where(AlertRule.enabled).order_by(AlertRule.id)):
        found = {finding.object: finding for finding in CHECKS[rule.kind](session, rule)}
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
    query = select(Pool).where(Pool.kind == "dynamic")
    pools = list(
        session.scalars(query if rule.subnet_id is None else query.where(Pool.subnet_id == rule.subnet_id))
    )
    found = []
    usage = pool_usage(session, pools) if pools else {}
    for row in pools:
        used = usage[row.id]
        room = used.size - used.excluded
        percent = 100 * (room - used.free) // room if room else 100
        if percent >= min(rule.clear, rule.threshold):
            message = f"The pool {row.first}-{row.last} is {percent} % full: {used.free} addresses are free."
            level = 2 if percent >= rule.threshold else 1
            found.append(Finding(f"pools/{row.id}", message, percent, level))
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


def is_watching(session: Session) -> bool:
    """Tell whether there is a rule to look at."""
    return session.scalar(select(AlertRule.id).where(AlertRule.enabled).limit(1)) is not None

"""How does a message reach its receiver, once at least, with patience and an end to it?"""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, Webhook, WebhookDelivery
from app.models.base import utc_now
from app.notify.signing import HEADER, sign
from app.schemas.targets import Network, Refused, resolve
from app.services.audit import current_revision

TIMEOUT_S: Final = 10.0
CLAIM_S: Final = 60
"""A message under way is nobody else's for so long; after a crash it is sent again then."""
AT_ONCE: Final = 20
THREADS: Final = 4
FIRST_WAIT_S: Final = 5
LONGEST_WAIT_S: Final = 6 * 3600
MAX_ATTEMPTS: Final = 15
"""Some 30 hours of trying."""
PATIENCE: Final = timedelta(days=3)
"""A webhook to which nothing arrived for so long is switched off."""
KEPT: Final = timedelta(days=7)
PURGED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    id: int
    webhook_id: int
    key: str
    topic: str
    attempts: int
    url: str
    secret: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt; error empty = it arrived."""

    status: int | None
    error: str
    took_ms: int


class Sender:
    """Sends what is due, a few at a time."""

    def __init__(self, factory: SessionFactory, allowed: Sequence[Network]) -> None:
        self._factory = factory
        self._allowed = allowed
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks")
        self._client = httpx.Client(
            timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, headers={"User-Agent": "Leaseboard"}
        )

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)
        self._client.close()

    def send_due(self) -> int:
        """Send what is due now, at most AT_ONCE; return how many attempts were made."""
        messages = self._claim()
        for message, outcome in zip(messages, self._pool.map(self.attempt, messages), strict=True):
            with unit_of_work(self._factory) as session:
                note(session, message, outcome)
        return len(messages)

    def _claim(self) -> list[Message]:
        now = utc_now()
        due = (WebhookDelivery.state == "pending", WebhookDelivery.next_at <= now, Webhook.enabled)
        query = (
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(*due)
            .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
            .limit(AT_ONCE)
            .options(undefer(WebhookDelivery.body))
        )
        with unit_of_work(self._factory, writing=False) as session:
            found = [
                Message(d.id, d.webhook_id, d.key, d.topic, d.attempts, w.url, w.secret, d.body.encode())
                for d, w in session.execute(query)
            ]
        if not found:
            return []
        with unit_of_work(self._factory) as session:
            taken = update(WebhookDelivery).where(WebhookDelivery.id.in_([m.id for m in found]))
            session.execute(taken.values(next_at=now + timedelta(seconds=CLAIM_S)))
        return found

    def attempt(self, message: Message) -> Outcome:
        """Post a message; no redirect is followed, and no more of the answer is read than its status."""
        began = time.monotonic()
        status: int | None = None
        try:
            target = resolve(message.url, self._allowed)
            headers = {
                "Host": target.authority,
                "Content-Type": "application/json",
                "Leaseboard-Delivery": message.key,
                "Leaseboard-Topic": message.topic,
                "Leaseboard-Attempt": str(message.attempts + 1),
                HEADER: sign(message.secret, message.body, now=int(time.time())),
            }
            extensions = {"sni_hostname": target.host}
            with self._client.stream(
                "POST", target.url, content=message.body, headers=headers, extensions=extensions
            ) as answer:
                status = answer.status_code
            error = "" if 200 <= status < 300 else f"The receiver answered {status}."
        except (httpx.HTTPError, httpx.InvalidURL, OSError, Refused, UnicodeError) as problem:
            error = _sentence(problem)
        return Outcome(status, error[:300], int((time.monotonic() - began) * 1000))


def _sentence(problem: Exception) -> str:
    """Return why a message did not arrive."""
    text = str(problem)
    if isinstance(problem, httpx.TimeoutException):
        text = f"The receiver did not answer within {TIMEOUT_S:g} s."
    elif "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition(": ")[2].partition(" (_ssl")[0]
        text = f"The receiver's certificate is not trusted: {reason}."
    elif "Connection refused" in text:
        text = "Nothing listens at this address: the connection was refused."
    elif "unreachable" in text or "No route to host" in text:
        text = "There is no way to this address."
    elif isinstance(problem, httpx.RemoteProtocolError):
        text = "The receiver closed the connection without an answer."
    return text or type(problem).__name__


def wait_s(attempts: int) -> float:
    """Return the seconds before the next attempt: doubled each time, with a quarter of chance."""
    doubled = FIRST_WAIT_S * 2.0 ** (attempts - 1)
    return min(LONGEST_WAIT_S, doubled) * random.uniform(0.875, 1.125)


def note(session: Session, message: Message, outcome: Outcome) -> None:
    """Write down what came of an attempt."""
    row = session.get(WebhookDelivery, message.id)
    webhook = session.get(Webhook, message.webhook_id)
    if row is None or webhook is None:
        return  # deleted meanwhile
    now = utc_now()
    row.attempts += 1
    row.status, row.error, row.took_ms = outcome.status, outcome.error, outcome.took_ms
    if not outcome.error:
        row.state, row.ended_at = "delivered", now
        if webhook.failing_since is not None:
            webhook.failing_since = None
        return
    if webhook.failing_since is None:
        webhook.failing_since = now
    row.next_at = now + timedelta(seconds=wait_s(row.attempts))
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.ended_at = "failed", now
    if now - webhook.failing_since >= PATIENCE:
        switch_off(session, webhook, outcome.error)


def switch_off(session: Session, webhook: Webhook, error: str) -> None:
    """Stop a webhook that has failed for too long; its waiting messages stay for when it is switched on again."""
    webhook.enabled = False
    webhook.disabled_reason = f"Nothing arrived since {webhook.failing_since:%Y-%m-%d %H:%M} UTC: {error}"
    after = {"name": webhook.name, "enabled": False, "disabled_reason": webhook.disabled_reason}
    session.add(
        AuditEntry(
            actor="webhooks",
            action="update",
            object=f"webhooks/{webhook.id}",
            before={"enabled": True},
            after=after,
            revision=current_revision(session),
        )
    )


def purge(session: Session) -> int:
    """Forget messages that ended long ago, at most PURGED_AT_ONCE."""
    old = (WebhookDelivery.created_at < utc_now() - KEPT, WebhookDelivery.state != "pending")
    ids = list(session.scalars(select(WebhookDelivery.id).where(*old).limit(PURGED_AT_ONCE)))
    if ids:
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)

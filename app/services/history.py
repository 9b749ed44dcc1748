"""Who had an address at a moment, and which addresses did a device have?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Lease, LeaseEvent
from app.models.types import Address

READ: Final = 5000
"""So many events, the newest, are put together to spans."""
LOOKED_AT: Final = 200_000
"""So many events, the newest, are looked at for the addresses of a device."""
ADDRESSES: Final = 50
"""Of no more addresses, those that it has and those that it had last, spans are told."""
ENDS: Final = ("released", "expired", "declined")


@dataclass(frozen=True, slots=True)
class Span:
    """One client's time on one address. `until` None = it may still hold it, `expires_at` says how long."""

    ip: Address
    mac: bytes
    client_id: bytes
    hostname: str
    since: datetime
    until: datetime | None
    expires_at: datetime | None
    ended: str
    renewals: int


def of_address(session: Session, ip: Address) -> list[Span]:
    """Return the spans of an address, newest first."""
    query = select(LeaseEvent).where(LeaseEvent.ip == ip).order_by(LeaseEvent.id.desc()).limit(READ)
    return _spans(list(session.scalars(query))[::-1])


def of_device(session: Session, mac: bytes) -> list[Span]:
    """Return the spans of a device over all addresses, newest first.

    The events hold no index by MAC: the addresses that it ever had are those of its events among the newest.
    """
    held = list(session.scalars(select(Lease.ip).where(Lease.mac == mac)))
    since = (session.scalar(select(LeaseEvent.id).order_by(LeaseEvent.id.desc()).limit(1)) or 0) - LOOKED_AT
    # In the order of ids, and not DISTINCT: that would walk over every event in the order of addresses.
    query = select(LeaseEvent.ip).where(LeaseEvent.id > since, LeaseEvent.mac == mac).order_by(LeaseEvent.id.desc())
    addresses = dict.fromkeys((*held, *session.scalars(query.limit(READ))))
    spans = [span for ip in islice(addresses, ADDRESSES) for span in of_address(session, ip) if span.mac == mac]
    return sorted(spans, key=lambda span: span.since, reverse=True)


def holder(spans: Sequence[Span], moment: datetime) -> Span | None:
    """Return the span that a moment lies in."""
    for span in spans:
        ended = span.until or span.expires_at
        if span.since <= moment and (ended is None or moment < ended):
            return span
    return None


def _spans(events: Sequence[LeaseEvent]) -> list[Span]:
    """Put the events of one address, oldest first, together; a span ends where the next client's begins."""
    spans: list[Span] = []
    start: LeaseEvent | None = None
    last: LeaseEvent | None = None
    renewals = 0
    for event in events:
        same = start is not None and (event.mac, event.client_id) == (start.mac, start.client_id)
        if event.type == "active" and same:
            last, renewals = event, renewals + 1
            continue
        if start is not None and last is not None and (event.type in ENDS or event.type == "active"):
            ended = event.type if event.type in ENDS else "replaced"
            spans.append(_span(start, last, event.at, ended, renewals))
            start = last = None
        if event.type == "active":
            start, last, renewals = event, event, 0
    if start is not None and last is not None:
        spans.append(_span(start, last, None, "", renewals))
    return spans[::-1]


def _span(start: LeaseEvent, last: LeaseEvent, until: datetime | None, ended: str, renewals: int) -> Span:
    return Span(
        start.ip,
        start.mac,
        start.client_id,
        last.hostname or start.hostname,
        start.at,
        until,
        last.expires_at,
        ended,
        renewals,
    )

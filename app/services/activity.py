"""What happened last: to leases, in a subnet, to an address, to the plan?"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Lease, LeaseEvent, Subnet
from app.models.types import Address
from app.services import events
from app.services.leases import LeaseFilters, filtered
from app.services.listing import MATCHES_LIMIT, count_up_to

EVENTS_A_LEASE: Final = 8
"""`recent_leases` reads so many events for each lease wanted: a lease is told once however often it changed."""
COUNT_LIMIT: Final = 10_001
AT_ONCE: Final = 250
TAIL_EVENTS: Final = 5_000
"""A table that was not brought up to date for longer shows what happened last."""
SCANNED: Final = 20_000


def recent_leases(session: Session, *, before: int | None, limit: int) -> tuple[list[Lease], int | None]:
    """Return the leases that something happened to last, newest first, and the event id where the next begin.

    `before` is such an id; None = from the newest event on. An address is told once, at its newest event here.
    """
    query = select(LeaseEvent.id, LeaseEvent.ip).order_by(LeaseEvent.id.desc()).limit(limit * EVENTS_A_LEASE)
    if before is not None:
        query = query.where(LeaseEvent.id < before)
    found = session.execute(query).all()
    newest: dict[Address, int] = {}
    for number, ip in found:
        if len(newest) == limit:
            break
        newest.setdefault(ip, number)
    rows = {row.ip: row for row in session.scalars(select(Lease).where(Lease.ip.in_(list(newest))))}
    more = len(newest) == limit or len(found) == limit * EVENTS_A_LEASE
    return [rows[ip] for ip in newest if ip in rows], min(newest.values()) if newest and more else None


def changed_leases(session: Session, filters: LeaseFilters, after: int, upto: int, limit: int) -> list[Lease]:
    """Return those of the leases that some events are about which the filters let through, newest first.

    The events are those after one id, up to another, and no more than the last `TAIL_EVENTS` of them.
    """
    told = LeaseEvent.id > max(after, upto - TAIL_EVENTS), LeaseEvent.id <= upto
    newest = func.max(LeaseEvent.id).desc()
    addresses = list(session.scalars(select(LeaseEvent.ip).where(*told).group_by(LeaseEvent.ip).order_by(newest)))
    found: list[Lease] = []
    for start in range(0, len(addresses), AT_ONCE):
        part = addresses[start : start + AT_ONCE]
        query = filtered(session, select(Lease).where(Lease.ip.in_(part)), filters)
        rows = {row.ip: row for row in session.scalars(query)}
        found += [rows[ip] for ip in part if ip in rows]
        if len(found) >= limit:
            break
    return found[:limit]


def count_leases(session: Session, filters: LeaseFilters) -> tuple[int, bool]:
    """Return how many leases match, and whether counting ended before them."""
    limit = MATCHES_LIMIT if filters.q else COUNT_LIMIT
    return count_up_to(session, filtered(session, select(Lease.ip), filters), limit)


def events_in(session: Session, subnet: Subnet, limit: int) -> list[LeaseEvent]:
    """Return what happened in a subnet, newest first, among the last `SCANNED` events of the whole server."""
    since = events.latest_id(session) - SCANNED
    inside = LeaseEvent.ip.between(subnet.first, subnet.last)
    query = select(LeaseEvent).where(LeaseEvent.id > since, inside).order_by(LeaseEvent.id.desc()).limit(limit)
    return list(session.scalars(query))


def events_of(session: Session, ip: Address, limit: int) -> list[LeaseEvent]:
    """Return what happened to an address, newest first."""
    query = select(LeaseEvent).where(LeaseEvent.ip == ip).order_by(LeaseEvent.id.desc()).limit(limit)
    return list(session.scalars(query))


def changes_of(session: Session, name: str, limit: int) -> list[AuditEntry]:
    """Return the changes of one object, newest first."""
    query = select(AuditEntry).where(AuditEntry.object == name).order_by(AuditEntry.id.desc()).limit(limit)
    return list(session.scalars(query))


def changes_since(session: Session, moment: datetime, limit: int) -> list[AuditEntry]:
    """Return those of the newest changes that were made since a moment, newest first.

    The moment is not asked of the database: where fewer came since, it would look at each that ever was.
    """
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit))
    return [entry for entry in newest if entry.at >= moment]

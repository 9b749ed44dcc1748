"""What happened, and in which order?"""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.models import LeaseEvent, Subnet
from app.services.errors import NotFound, Problem
from app.services.listing import Listing, fields, period
from app.services.settings import get_settings

PURGE_ROWS: Final = 1000
"""Events removed in one transaction, so that the worker never waits for the database for long."""
_FIELDS: Final = (
    "id", "at", "type", "ip", "subnet_id", "mac", "client_id", "hostname", "expires_at", "reason", "worker",
)  # fmt: skip
SMALL: Final = 4096
"""Addresses of a subnet whose events are sought by address; those of a larger one soon appear among the newest."""


def _known(session: Session, parameter: str, text: str) -> Any:
    """Answer what happened in a small subnet by its addresses as they are now: a split takes its history along."""
    if parameter != "subnet_id" or not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    subnet = session.get(Subnet, int(text))
    if subnet is None or int(subnet.last) - int(subnet.first) >= SMALL:
        return None
    return LeaseEvent.ip.between(subnet.first, subnet.last)


LISTING: Final = Listing(
    LeaseEvent, fields(LeaseEvent, *_FIELDS), sort="-id", span=(LeaseEvent.ip, LeaseEvent.ip),
    extra=period(LeaseEvent.at), known=_known, indexed=frozenset({"ip", "ip__in", "within"}),
)  # fmt: skip


def list_events(
    session: Session,
    *,
    after_id: int | None = None,
    ip: str | None = None,
    mac: bytes | None = None,
    limit: int = 100,
) -> list[LeaseEvent]:
    """Return events: the ones after an id in order, else the newest first."""
    query = select(LeaseEvent).limit(limit)
    if ip is not None:
        query = query.where(LeaseEvent.ip == ip_address(ip))
    if mac is not None:
        query = query.where(LeaseEvent.mac == mac)
    if after_id is None:
        return list(session.scalars(query.order_by(LeaseEvent.id.desc())))
    return list(session.scalars(query.where(LeaseEvent.id > after_id).order_by(LeaseEvent.id)))


def latest_id(session: Session) -> int:
    """Return the id of the newest event; 0 when nothing has happened yet."""
    return session.scalar(select(func.max(LeaseEvent.id))) or 0


def was_purged(session: Session, after_id: int) -> bool:
    """Tell whether events after an id are gone, so that whoever resumes there must begin anew."""
    oldest = session.scalar(select(func.min(LeaseEvent.id)))
    return oldest is not None and after_id < oldest - 1 and after_id > 0


def purge(session: Session, now: datetime) -> int:
    """Remove at most PURGE_ROWS events older than the retention, the oldest first; return how many.

    Ids grow with time, so the oldest are found without an index on the moment.
    """
    oldest = select(LeaseEvent.id, LeaseEvent.at).order_by(LeaseEvent.id).limit(PURGE_ROWS)
    before = now - timedelta(days=get_settings(session).event_retention_days)
    old = [row.id for row in session.execute(oldest) if row.at < before]
    if old:
        session.execute(delete(LeaseEvent).where(LeaseEvent.id <= old[-1], LeaseEvent.at < before))
    return len(old)


def get_event(session: Session, event_id: int) -> LeaseEvent:
    """Return an event; raises NotFound."""
    found = session.get(LeaseEvent, event_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no event {event_id}."))
    return found

"""What happened, and in which order?"""

from ipaddress import ip_address

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import LeaseEvent


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

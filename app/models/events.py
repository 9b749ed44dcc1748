"""What happened to leases, and in which order?"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId
from app.models.types import Address, IpAddress


class LeaseEvent(Base):
    """One append-only line of history, written in the lease's own transaction."""

    __tablename__ = "lease_events"
    __table_args__ = (Index(None, "ip", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(10))
    ip: Mapped[Address] = mapped_column(IpAddress)
    subnet_id: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[bytes] = mapped_column(LargeBinary)
    hostname: Mapped[str]
    expires_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(40))
    worker: Mapped[str]

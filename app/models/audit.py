"""Who changed what?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, utc_now
from app.models.types import Address, IpAddress


class AuditEntry(Base):
    """One change of the plan or the configuration, with the object before and after it.

    first and last are the addresses that it lies in; None = it lies nowhere (a user, the settings).
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "object", "id"), Index(None, "actor", "id"), Index(None, "at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor: Mapped[str] = mapped_column(String(80))
    token: Mapped[str | None] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(10))
    object: Mapped[str] = mapped_column(String(80))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    first: Mapped[Address | None] = mapped_column(IpAddress)
    last: Mapped[Address | None] = mapped_column(IpAddress)
    message: Mapped[str] = mapped_column(String(500), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="", index=True)
    revision: Mapped[int]

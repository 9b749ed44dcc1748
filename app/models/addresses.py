"""What does the plan know about a single address that DHCP must never offer?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, utc_now
from app.models.types import Address, IpAddress


class KnownAddress(Base):
    """One address in use outside DHCP: static, gateway or discovered."""

    __tablename__ = "addresses"

    ip: Mapped[Address] = mapped_column(IpAddress, primary_key=True)
    subnet_id: Mapped[int] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="static")
    hostname: Mapped[str] = mapped_column(String(253), default="")
    owner: Mapped[str] = mapped_column(String(120), default="")
    notes: Mapped[str] = mapped_column(default="")
    mac: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    last_seen: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(default=list)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

"""Who holds which address until when?"""

from datetime import datetime
from typing import Final

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.types import Address, IpAddress

LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: where a lease without an end stands in the order of ends."""

OTHER_THAN_MAC = "length(client_id) > 0 AND substr(client_id, 2) <> mac"
"""Client identifiers that are more than a type and the MAC; the others are found by that (RFC 2132 §9.14)."""

IDLE: Final = "state <> 'active'"
"""Leases that stand in the index on states: most are active, and those are found without it."""


class Lease(Base):
    """The last binding of an address; written only by the worker. expires_at None = infinite."""

    __tablename__ = "leases"
    __table_args__ = (
        Index(
            "ix_leases_client_id",
            "client_id",
            sqlite_where=text(OTHER_THAN_MAC),
            postgresql_where=text(OTHER_THAN_MAC),
        ),
        Index("ix_leases_state", "state", "ip", sqlite_where=text(IDLE), postgresql_where=text(IDLE)),
        Index("ix_leases_end", text(f"coalesce(expires_at, {LAST_SECOND}) DESC"), "ip"),
    )

    ip: Mapped[Address] = mapped_column(IpAddress, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    subnet_id: Mapped[int]
    client_key: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    client_id: Mapped[bytes] = mapped_column(LargeBinary)
    hostname: Mapped[str]
    vendor_class: Mapped[str]
    started_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    renewals: Mapped[int]
    relay: Mapped[Address | None] = mapped_column(IpAddress)
    relay_info: Mapped[bytes] = mapped_column(LargeBinary)
    worker: Mapped[str]

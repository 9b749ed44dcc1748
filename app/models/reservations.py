"""Which device is promised which address and settings?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, OptionRow
from app.models.types import Address, IpAddress


class Reservation(Base):
    """An address and/or options pinned to a device, found by any of its identifiers."""

    __tablename__ = "reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    subnet_id: Mapped[int] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), index=True)
    ip: Mapped[Address | None] = mapped_column(IpAddress, unique=True)
    hostname: Mapped[str] = mapped_column(String(253), default="")
    description: Mapped[str] = mapped_column(default="")
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    options: Mapped[list[OptionRow]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    tags: Mapped[list[str]] = mapped_column(default=list)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    identifiers: Mapped[list["ReservationIdentifier"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="ReservationIdentifier.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class


def _octets(context: Any) -> bytes:
    return bytes.fromhex(context.get_current_parameters()["value"])


class ReservationIdentifier(Base):
    """One way to recognise the device: mac, client_id, duid, or what a relay says.

    value: in lower-case hex; octets: the same, as leases have it. Neither changes once the row is there.
    """

    __tablename__ = "reservation_identifiers"
    __table_args__ = (Index(None, "subnet_id", "type", "value", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id", ondelete="CASCADE"), index=True)
    subnet_id: Mapped[int]
    type: Mapped[str] = mapped_column(String(13))
    value: Mapped[str] = mapped_column(String(510), index=True)
    octets: Mapped[bytes] = mapped_column(LargeBinary, default=_octets)

"""Which networks are planned, and how does DHCP serve them?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OptionRow, Seconds, utc_now
from app.models.types import Address, IpAddress


class Subnet(Base):
    """A prefix of the plan; its parent is computed from its range. Times in seconds, None = inherited.

    client_class: only clients of this class are served here.
    """

    __tablename__ = "subnets"
    __table_args__ = (Index(None, "first", "prefix_len", unique=True), Index(None, "vlan_group", "vlan"))

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[Address] = mapped_column(IpAddress)
    last: Mapped[Address] = mapped_column(IpAddress)
    prefix_len: Mapped[int]
    name: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(default="")
    vlan: Mapped[int | None]
    vlan_group: Mapped[str] = mapped_column(String(80), default="")
    gateway: Mapped[Address | None] = mapped_column(IpAddress)
    interface: Mapped[str | None] = mapped_column(String(15))
    relays: Mapped[list[str]] = mapped_column(default=list)
    shared_network: Mapped[str | None] = mapped_column(String(120))
    dhcp_enabled: Mapped[bool] = mapped_column(default=True)
    authoritative: Mapped[bool] = mapped_column(default=True)
    ping_check: Mapped[bool] = mapped_column(default=False)
    ignore_client_id: Mapped[bool] = mapped_column(default=False)
    client_class: Mapped[str | None] = mapped_column(
        ForeignKey("client_classes.name", onupdate="CASCADE"), index=True
    )
    rapid_commit: Mapped[bool | None]
    bootp: Mapped[bool | None]
    known_clients_only: Mapped[bool] = mapped_column(default=False)
    random_macs: Mapped[str | None] = mapped_column(String(5))
    min_secs: Mapped[int] = mapped_column(default=0)
    offer_delay_ms: Mapped[int] = mapped_column(default=0)
    lease_time: Mapped[Seconds | None]
    min_lease_time: Mapped[Seconds | None]
    max_lease_time: Mapped[Seconds | None]
    renew_time: Mapped[Seconds | None]
    rebind_time: Mapped[Seconds | None]
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    options: Mapped[list[OptionRow]] = mapped_column(default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

    @property
    def cidr(self) -> str:
        """The prefix in CIDR notation."""
        return f"{self.first}/{self.prefix_len}"


class SharedNetwork(Base):
    """Several subnets on one link, with the options and boot fields that they share."""

    __tablename__ = "shared_networks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    options: Mapped[list[OptionRow]] = mapped_column(default=list)

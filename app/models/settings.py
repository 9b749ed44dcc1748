"""What holds for every subnet unless it says otherwise?"""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OptionRow, Seconds


class GlobalSettings(Base):
    """The global scope: one row, id 1. All times in seconds.

    renew_time and rebind_time None = half and seven eighths of the lease time.
    Rates are messages a second, 0 = no limit; clients_per_port 0 = no limit.
    """

    __tablename__ = "settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    options: Mapped[list[OptionRow]] = mapped_column(default=list)
    lease_time: Mapped[Seconds] = mapped_column(default=43200)
    min_lease_time: Mapped[Seconds] = mapped_column(default=60)
    max_lease_time: Mapped[Seconds] = mapped_column(default=604800)
    renew_time: Mapped[Seconds | None]
    rebind_time: Mapped[Seconds | None]
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    rapid_commit: Mapped[bool] = mapped_column(default=False)
    bootp: Mapped[bool] = mapped_column(default=False)
    random_macs: Mapped[str] = mapped_column(String(5), default="allow")
    leasequery_requesters: Mapped[list[str]] = mapped_column(default=list)
    client_rate_limit: Mapped[int] = mapped_column(default=50)
    interface_rate_limit: Mapped[int] = mapped_column(default=0)
    limit_relayed: Mapped[bool] = mapped_column(default=False)
    starvation_defence: Mapped[str] = mapped_column(String(10), default="links")
    known_reserve_percent: Mapped[int] = mapped_column(default=10)
    clients_per_port: Mapped[int] = mapped_column(default=0)
    offer_hold_s: Mapped[int] = mapped_column(default=60)
    decline_hold_s: Mapped[int] = mapped_column(default=86400)
    event_retention_days: Mapped[int] = mapped_column(default=400)

"""What is watched, and what is wrong at present?"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, utc_now


class AlertRule(Base):
    """One thing that is watched. kind: pool_usage, client_refused, address_conflict, worker_behind, worker_silent.

    threshold: percent of a pool at which it fires, resolved under `clear`; for other kinds seconds or 0.
    """

    __tablename__ = "alert_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    threshold: Mapped[int] = mapped_column(default=0)
    clear: Mapped[int] = mapped_column(default=0)
    subnet_id: Mapped[int | None] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"))
    emails: Mapped[list[str]] = mapped_column(default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class


class Alert(Base):
    """Something that went wrong, firing until resolved_at. object: pools/3, leases/IP, workers/ID, clients/MAC."""

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "state", "rule_id"), Index(None, "started_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("alert_rules.id", ondelete="CASCADE"), index=True)
    object: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10), default="firing")
    message: Mapped[str] = mapped_column(String(500))
    value: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    resolved_at: Mapped[datetime | None]

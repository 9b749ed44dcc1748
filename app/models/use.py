"""How full was each pool and each subnet with pools, minute by minute, and later hour by hour?"""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

EVERYTHING: Final = "subnet_id IS NULL AND pool_id IS NULL"
"""The series of all pools together."""


class UseSeries(Base):
    """The use of one pool or subnet (of all pools together when both are null), and its figures since `at`.

    size: addresses of the pools; free: what they can still give; leased, reserved, declined: as `usage` counts.
    """

    __tablename__ = "use_series"
    __table_args__ = (
        Index(
            "ix_use_series_everything",
            "subnet_id",
            "pool_id",
            sqlite_where=text(EVERYTHING),
            postgresql_where=text(EVERYTHING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subnet_id: Mapped[int | None] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), unique=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pools.id", ondelete="CASCADE"), unique=True)
    at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    free: Mapped[int] = mapped_column(BigInteger)
    leased: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    declined: Mapped[int] = mapped_column(BigInteger)


class UseSample(Base):
    """Figures of a series from `at` on, until its next sample: only changes are written.

    step_s 60: as counted in that minute. step_s 3600: as last counted in the hours from `at` on, and `peak`, the
    most that were not free at any minute of them. The rows lie in the order of their key: no table beside it.
    """

    __tablename__ = "use_samples"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # SQLAlchemy reads it from the class

    series_id: Mapped[int] = mapped_column(ForeignKey("use_series.id", ondelete="CASCADE"), primary_key=True)
    step_s: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    free: Mapped[int] = mapped_column(BigInteger)
    leased: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    declined: Mapped[int] = mapped_column(BigInteger)
    peak: Mapped[int] = mapped_column(BigInteger)

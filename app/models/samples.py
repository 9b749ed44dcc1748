"""How much did each worker do, second by second, and later minute by minute?"""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class RateSample(Base):
    """What one worker did in `step_s` seconds from `at` on: packets, and how long answers took at worst.

    Written by the worker with step_s 1, rolled up by the web process to 60 and 3600. p99_us: 99 of 100 answers left
    within so many microseconds after their batch was read from the socket; of a longer step the worst second's.
    """

    __tablename__ = "rate_samples"

    step_s: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(String(80), primary_key=True)
    received: Mapped[int]
    answered: Mapped[int]
    naks: Mapped[int]
    drops: Mapped[int]
    p99_us: Mapped[int]
    commit_us: Mapped[int]

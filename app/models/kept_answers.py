"""Which answers are kept, so that a repeated request is answered as it was the first time?"""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, utc_now


class KeptAnswer(Base):
    """The answer to a POST with an Idempotency-Key; digest tells whether the request is the same."""

    __tablename__ = "kept_answers"
    __table_args__ = (Index(None, "caller", "key", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    caller: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    status: Mapped[int] = mapped_column(default=0)
    headers: Mapped[dict[str, str]] = mapped_column(default=dict)
    body: Mapped[str] = mapped_column(default="")

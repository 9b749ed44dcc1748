"""Which fields of their own do people keep on what they plan?"""

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class CustomField(Base):
    """The definition of a field of one resource; the values stand in the objects' own `custom_fields`."""

    __tablename__ = "custom_fields"
    __table_args__ = (Index(None, "resource", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(80), default="")
    type: Mapped[str] = mapped_column(String(10))
    required: Mapped[bool] = mapped_column(default=False)
    default: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    choices: Mapped[list[str]] = mapped_column(default=list)
    description: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

"""Which VLANs are there, and in which group (a site, a switch domain) does each number count?"""

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Vlan(Base):
    """A VLAN (IEEE 802.1Q); the number is unique in its group. Subnets name it by group and number."""

    __tablename__ = "vlans"
    __table_args__ = (Index(None, "group", "vid", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    vid: Mapped[int]
    group: Mapped[str] = mapped_column(String(80), default="")
    name: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

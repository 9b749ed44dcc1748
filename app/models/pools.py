"""Which ranges may be handed out, and which never?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OptionRow
from app.models.types import Address, IpAddress


class Pool(Base):
    """A range of one subnet; kind `dynamic` is offered to clients, `excluded` never is.

    client_class: only clients of this class get an address of it.
    """

    __tablename__ = "pools"
    __table_args__ = (Index(None, "first"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subnet_id: Mapped[int] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), index=True)
    first: Mapped[Address] = mapped_column(IpAddress)
    last: Mapped[Address] = mapped_column(IpAddress)
    kind: Mapped[str] = mapped_column(String(10), default="dynamic")
    clients: Mapped[str] = mapped_column(String(7), default="all")
    client_class: Mapped[str | None] = mapped_column(
        ForeignKey("client_classes.name", onupdate="CASCADE"), index=True
    )
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    description: Mapped[str] = mapped_column(default="")
    options: Mapped[list[OptionRow]] = mapped_column(default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

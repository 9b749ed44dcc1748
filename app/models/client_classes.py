"""Into which classes are clients sorted, and what does each class get?"""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OptionRow


class ClientClass(Base):
    """Clients for which the expression is true; pools and subnets refer to it by name.

    Where two classes of a client set the same option, the one with the lower `position` wins, then the older one.
    """

    __tablename__ = "client_classes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=100)
    expression: Mapped[str]
    drop: Mapped[bool] = mapped_column(default=False)
    next_server: Mapped[str | None] = mapped_column(String(15))
    server_name: Mapped[str | None] = mapped_column(String(63))
    boot_file: Mapped[str | None] = mapped_column(String(127))
    options: Mapped[list[OptionRow]] = mapped_column(default=list)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

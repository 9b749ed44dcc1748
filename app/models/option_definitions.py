"""Which options did the user define?"""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OptionRow


class OptionDefinition(Base):
    """An option beside the catalogue's, or a sub-option of a vendor space.

    space: "dhcp4" = an option of the message; "vendor-4491" = a sub-option of enterprise 4491 in option 125; any
    other name = a vendor's sub-options, for option 43 and others of the kind `suboptions`. fields: the members of
    kind `record`, as {"name", "kind"}.
    """

    __tablename__ = "option_definitions"
    __table_args__ = (Index(None, "space", "code", unique=True), Index(None, "space", "name", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    space: Mapped[str] = mapped_column(String(40), default="dhcp4")
    code: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    array: Mapped[bool] = mapped_column(default=False)
    fields: Mapped[list[OptionRow]] = mapped_column(default=list)
    description: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class

"""What do all tables share?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, mapped_column

from app.models.types import UtcSeconds

BigId = BigInteger().with_variant(Integer, "sqlite")
OptionRow = dict[str, Any]
Seconds = Annotated[int, mapped_column(BigId)]
"""A time as a lease tells it: 32 bits, all of them set for an infinite one."""


def utc_now() -> datetime:
    """Return this moment, aware, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def values_of(row: "Base", names: Iterable[str]) -> dict[str, Any]:
    """Return columns of a row by name: of one that is loaded, past SQLAlchemy's look at each."""
    loaded = row.__dict__
    return {name: loaded[name] if name in loaded else getattr(row, name) for name in names}


class Base(DeclarativeBase):
    """The declarative base: named constraints, JSON lists and UTC moments."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        list[OptionRow]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        datetime: UtcSeconds,
    }

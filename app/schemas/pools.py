"""How does a pool look from outside?"""

from typing import Literal

from pydantic import Field

from app.models import Pool
from app.schemas.fields import AddressText, OptionRows, Shape


class PoolIn(Shape):
    """A range of addresses, both ends included."""

    subnet_id: int = Field(ge=1, le=2**31 - 1)
    start: AddressText
    end: AddressText
    kind: Literal["dynamic", "excluded"] = "dynamic"
    clients: Literal["all", "known", "unknown", "bootp"] = Field(
        "all", description="whom a dynamic pool serves; known clients have a reservation on the link"
    )
    options: OptionRows = Field(default_factory=list)


class PoolOut(PoolIn):
    """A pool as it is stored."""

    id: int
    version: int


def pool_out(row: Pool) -> PoolOut:
    """Return the shape of a row."""
    return PoolOut.model_construct(
        id=row.id,
        subnet_id=row.subnet_id,
        start=str(row.first),
        end=str(row.last),
        kind=row.kind,  # type: ignore[arg-type]  # the column holds what PoolIn let in
        clients=row.clients,  # type: ignore[arg-type]  # as above
        options=row.options,
        version=row.version,
    )

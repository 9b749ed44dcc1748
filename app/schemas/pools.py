"""How does a pool look from outside?"""

from typing import Literal

from pydantic import Field

from app.models import Pool
from app.schemas.fields import AddressText, OptionalAddress, OptionRows, Shape, Text60, Text63, Text127


class PoolIn(Shape):
    """A range of addresses, both ends included."""

    subnet_id: int = Field(ge=1, le=2**31 - 1)
    start: AddressText
    end: AddressText
    kind: Literal["dynamic", "excluded"] = "dynamic"
    clients: Literal["all", "known", "unknown", "bootp"] = Field(
        "all", description="whom a dynamic pool serves; known clients have a reservation on the link"
    )
    client_class: Text60 = Field(None, description="only clients of this class get an address of it")
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
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
        client_class=row.client_class,
        next_server=row.next_server,
        server_name=row.server_name,
        boot_file=row.boot_file,
        version=row.version,
    )

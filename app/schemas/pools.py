"""How does a pool look from outside?"""

from typing import Literal

from pydantic import Field

from app.models import Pool
from app.schemas.fields import AnyAddressText, OptionalAddress, OptionRows, Shape, Text60, Text63, Text127
from app.schemas.labels import Labelled


class PoolIn(Labelled):
    """A range of addresses, both ends included."""

    subnet_id: int = Field(ge=1, le=2**31 - 1)
    start: AnyAddressText
    end: AnyAddressText
    kind: Literal["dynamic", "excluded"] = "dynamic"
    clients: Literal["all", "known", "unknown", "bootp"] = Field(
        "all", description="whom a dynamic pool serves; known clients have a reservation on the link"
    )
    client_class: Text60 = Field(None, description="only clients of this class get an address of it")
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    description: str = Field("", max_length=2000)
    options: OptionRows = Field(default_factory=list)


class PoolUsageOut(Shape):
    """Addresses of a pool by state; `free` is what it can still give. `reserved` are those not leased now."""

    size: int
    leased: int
    reserved: int
    static: int
    declined: int
    excluded: int
    free: int


class PoolOut(PoolIn):
    """A pool as it is stored."""

    id: int
    version: int
    usage: PoolUsageOut | None = None


def pool_out(row: Pool, usage: PoolUsageOut | None = None) -> PoolOut:
    """Return the shape of a row."""
    return PoolOut.of(
        id=row.id,
        subnet_id=row.subnet_id,
        start=str(row.first),
        end=str(row.last),
        kind=row.kind,
        clients=row.clients,
        description=row.description,
        options=row.options,
        client_class=row.client_class,
        next_server=row.next_server,
        server_name=row.server_name,
        boot_file=row.boot_file,
        tags=row.tags,
        custom_fields=row.custom_fields,
        version=row.version,
        usage=usage,
    )

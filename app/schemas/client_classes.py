"""How does a client class look from outside?"""

from typing import Any

from pydantic import Field

from app.models import ClientClass
from app.models.base import values_of
from app.schemas.fields import OptionalAddress, OptionRows, Shape, Text63, Text127
from dhcpd.engine.expressions import MAX_LENGTH

EXAMPLE = 'vendor_class startswith "PXEClient" and architecture in (7, 9)'


class ClientClassIn(Shape):
    """Clients for which the expression is true, and what they get; `drop`: no answer at all.

    Where two classes of a client set the same option, the one with the lower position wins, then the older one.
    """

    name: str = Field(min_length=1, max_length=60)
    description: str = Field("", max_length=2000)
    position: int = Field(100, ge=0, le=100_000)
    expression: str = Field(min_length=1, max_length=MAX_LENGTH, examples=[EXAMPLE])
    drop: bool = False
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    options: OptionRows = Field(default_factory=list)


class ClientClassOut(ClientClassIn):
    """A class as it is stored; `used_by`: the pools, subnets and classes that refer to it."""

    id: int
    version: int
    used_by: list[str] = Field(default_factory=list)


class FindingOut(Shape):
    """One comparison of an expression; result null = the packet could not be judged."""

    condition: str
    result: bool | None
    actual: str


class ClassResult(Shape):
    """Whether a client is in a class, and how each comparison came out; id null = the expression under test."""

    id: int | None
    name: str
    matches: bool | None
    findings: list[FindingOut]


class ClassTest(Shape):
    """The classes of a client, in the order in which their settings win; dropped_by: the class that drops it."""

    matched: list[str]
    dropped_by: str | None
    results: list[ClassResult]


def client_class_out(row: ClientClass, used_by: list[str]) -> ClientClassOut:
    """Return the shape of a row."""
    fields: dict[str, Any] = values_of(row, ClientClassIn.model_fields)
    return ClientClassOut.of(**fields, id=row.id, version=row.version, used_by=used_by)

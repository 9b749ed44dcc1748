"""What does a client get, and where does each setting come from?"""

from typing import Annotated, Any

from pydantic import Field

from app.schemas.clients import ClientFacts
from app.schemas.fields import Shape


class EffectiveQuery(ClientFacts):
    """Whose settings are asked for: any address of the subnet, a client, or certain classes.

    With the address of an active lease and nothing else, its client is meant.
    """

    ip: str | None = Field(None, max_length=15)
    classes: str | None = Field(None, max_length=2000, description="names with commas between, instead of matching")
    requested: str | None = Field(
        None, max_length=2000, description="parameter request list: codes with commas between; none = everything"
    )


class SourceOut(Shape):
    """A scope; href null = it follows from the subnet itself, or is a default."""

    type: str
    id: str
    title: str
    href: str | None


class OverriddenOut(Shape):
    """What a less specific scope says."""

    source: SourceOut
    value: Any
    wire: str | None = None


class EffectiveOption(Shape):
    """An option with its octets in hexadecimal digits; sent: whether this client gets it."""

    code: int
    name: str
    value: Any
    wire: str
    always: bool
    sent: bool
    source: SourceOut
    overrides: list[OverriddenOut]


class EffectiveField(Shape):
    """A boot field or a time in seconds, and where it comes from."""

    field: str
    value: Annotated[str | int | None, Field()]
    source: SourceOut
    overrides: list[OverriddenOut]


class EffectiveOut(Shape):
    """All that is in force; classes, pool and reservation are those of the client."""

    subnet_id: int
    ip: str | None
    classes: list[str]
    dropped_by: str | None
    pool_id: int | None
    reservation_id: int | None
    options: list[EffectiveOption]
    boot: list[EffectiveField]
    times: list[EffectiveField]

"""How does a reservation look from outside?"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.models import Reservation
from app.schemas.fields import (
    OptionalAddress,
    OptionRows,
    Shape,
    Text63,
    Text127,
    canonical_identifier,
    show_identifier,
)

IdentifierType = Literal["mac", "client_id", "duid", "circuit_id", "remote_id", "subscriber_id", "relay_id"]


class Identifier(Shape):
    """One way to recognise a device; value: a MAC in any spelling, else hexadecimal octets.

    The last four are what a relay says of the device (option 82) and may be text, in double quotes if it looks like
    hexadecimal. A duid matches the client identifiers that contain it (RFC 4361), whatever their IAID.
    """

    type: IdentifierType
    value: str = Field(min_length=1, max_length=600)

    @model_validator(mode="after")
    def _canonical(self) -> "Identifier":
        self.value = show_identifier(self.type, canonical_identifier(self.type, self.value))
        return self

    @property
    def key(self) -> str:
        """The value as it is stored."""
        return canonical_identifier(self.type, self.value)


class ReservationIn(Shape):
    """What a device is promised; subnet_id may be left out when ip tells it."""

    subnet_id: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    identifiers: list[Identifier] = Field(min_length=1, max_length=16)
    ip: OptionalAddress = None
    hostname: str = Field("", max_length=253, pattern=r"^[A-Za-z0-9._-]*$")
    description: str = Field("", max_length=2000)
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    options: OptionRows = Field(default_factory=list)


class ReservationOut(ReservationIn):
    """A reservation as it is stored, with what it does at present."""

    id: int
    version: int
    state: str


def reservation_out(row: Reservation, state: str) -> ReservationOut:
    """Return the shape of a row."""
    identifiers = [
        Identifier.model_construct(type=i.type, value=show_identifier(i.type, i.value))  # type: ignore[arg-type]  # as let in
        for i in row.identifiers
    ]
    same = {
        name: getattr(row, name)
        for name in ("hostname", "description", "next_server", "server_name", "boot_file", "options")
    }
    return ReservationOut.model_construct(
        id=row.id,
        subnet_id=row.subnet_id,
        identifiers=identifiers,
        ip=str(row.ip) if row.ip else None,
        version=row.version,
        state=state,
        **same,
    )

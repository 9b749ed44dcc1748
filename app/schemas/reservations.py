"""How does a reservation look from outside?"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, model_validator

from app.models import Lease, Reservation
from app.models.base import values_of
from app.schemas.fields import (
    OptionalAddress,
    OptionalAnyAddress,
    OptionRows,
    Shape,
    Text63,
    Text127,
    canonical_identifier,
    show_identifier,
)
from app.schemas.labels import Labelled
from dhcpd.protocol.addresses import format_mac

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


class ReservationIn(Labelled):
    """What a device is promised; subnet_id may be left out when ip tells it."""

    subnet_id: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    identifiers: list[Identifier] = Field(min_length=1, max_length=16)
    ip: OptionalAnyAddress = None
    hostname: str = Field("", max_length=253, pattern=r"^[A-Za-z0-9._-]*$")
    description: str = Field("", max_length=2000)
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    options: OptionRows = Field(default_factory=list)
    expires_at: AwareDatetime | None = Field(None, description="when the promise ends; null = never")


class Holding(Shape):
    """The lease that tells the state: the device's own, or that of whoever has its address."""

    ip: str
    mac: str
    hostname: str
    renewed_at: datetime
    expires_at: datetime | None


class ReservationOut(ReservationIn):
    """A reservation as it is stored, with what it does at present."""

    id: int
    version: int
    state: Literal["active", "waiting", "idle", "conflict"]
    lease: Holding | None


NAMES: Final = (
    "hostname", "description", "next_server", "server_name", "boot_file", "options", "expires_at",
    "tags", "custom_fields",
)  # fmt: skip
"""Fields that stand in the row as they stand in the shape."""


def reservation_out(row: Reservation, state: str, lease: Lease | None = None) -> ReservationOut:
    """Return the shape of a row."""
    identifiers = [Identifier.of(type=i.type, value=show_identifier(i.type, i.value)) for i in row.identifiers]
    same = values_of(row, NAMES)
    return ReservationOut.of(
        id=row.id,
        subnet_id=row.subnet_id,
        identifiers=identifiers,
        ip=str(row.ip) if row.ip else None,
        version=row.version,
        state=state,
        lease=_holding(lease) if lease is not None else None,
        **same,
    )


def _holding(lease: Lease) -> Holding:
    return Holding(
        ip=str(lease.ip),
        mac=format_mac(lease.mac),
        hostname=lease.hostname,
        renewed_at=lease.renewed_at,
        expires_at=lease.expires_at,
    )

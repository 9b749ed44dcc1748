"""How do single addresses, and a subnet's grid of them, look from outside?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from app.schemas.fields import AnyAddressText, Shape, blank_to_none
from app.schemas.labels import Labelled
from app.schemas.reservations import ReservationIn
from dhcpd.protocol.addresses import format_mac, parse_mac

State = Literal[
    "free", "leased", "offered", "reserved", "static", "discovered", "gateway", "excluded", "declined", "conflict",
    "network", "broadcast",
]  # fmt: skip


def _mac(text: str) -> str:
    return format_mac(parse_mac(text.strip()))


MacText = Annotated[Annotated[str, AfterValidator(_mac)] | None, BeforeValidator(blank_to_none)]


class AddressIn(Labelled):
    """An address in use outside DHCP; it will never be offered."""

    state: Literal["static", "discovered"] = "static"
    hostname: str = Field("", max_length=253)
    owner: str = Field("", max_length=120)
    notes: str = Field("", max_length=2000)
    mac: MacText = None
    last_seen: AwareDatetime | None = None


class AddressOut(Shape):
    """What is known of an address, from the plan and from the leases.

    `pool_id` null = in no pool. `free` in a dynamic pool can be given to a client; outside pools nobody is known to
    use it. `conflict`: a client leases what is static, or reserved for another; or a probe was answered for an
    address that nobody had been given: `mac` is then the host that answered (null when only a ping was answered)
    and `expires_at` until when it is offered to nobody. `last_seen`: the latest sign of life.
    """

    ip: str
    subnet_id: int
    state: State
    mac: str | None = None
    hostname: str = ""
    owner: str = ""
    notes: str = ""
    expires_at: datetime | None = None
    last_seen: datetime | None = None
    reservation_id: int | None = None
    pool_id: int | None = None
    lease_state: str | None = None
    tags: list[str] = Field(default_factory=list)
    custom_fields: dict[str, Any] = Field(default_factory=dict)


class NextAddress(Shape):
    """The address that would be taken next."""

    ip: str


class NextStaticIn(AddressIn):
    """Take the next free address as one in use outside DHCP."""

    kind: Literal["static"] = "static"
    pool_id: int | None = Field(None, ge=1, le=2**31 - 1, description="of this pool; null = outside all pools")


class NextReservationIn(ReservationIn):
    """Take the next free address for a device."""

    kind: Literal["reservation"]
    pool_id: int | None = Field(None, ge=1, le=2**31 - 1, description="of this pool; null = outside all pools")


class FromLeaseIn(Shape):
    """Reserve what a device has; fields of a reservation may be told otherwise."""

    model_config = ConfigDict(extra="allow")

    ip: AnyAddressText

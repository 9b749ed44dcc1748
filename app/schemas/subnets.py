"""How does a subnet look from outside?"""

from typing import Annotated, Final, Literal, Protocol

from pydantic import BeforeValidator, Field, model_validator

from app.models import Subnet
from app.models.base import values_of
from app.schemas.addresses import AddressOut
from app.schemas.fields import (
    AddressText,
    CidrText,
    OptionalAddress,
    OptionalAnyAddress,
    OptionRows,
    Shape,
    Text60,
    Text63,
    Text127,
    blank_to_none,
)
from app.schemas.labels import Labelled

Seconds = Annotated[Annotated[int, Field(ge=1, le=0xFFFFFFFF)] | None, BeforeValidator(blank_to_none)]
RandomMacs = Literal["allow", "known", "deny"]
Vlan = Annotated[Annotated[int, Field(ge=1, le=4094)] | None, BeforeValidator(blank_to_none)]
Text15 = Annotated[Annotated[str, Field(max_length=15)] | None, BeforeValidator(blank_to_none)]
Text120 = Annotated[Annotated[str, Field(max_length=120)] | None, BeforeValidator(blank_to_none)]


class SubnetSettings(Labelled):
    """What can be changed on a subnet. Times in seconds; null = inherited from the settings.

    `known` clients have a reservation on the link. `min_secs` is how long a client must have tried already.
    client_class: only clients of this class are served here; null = all.
    """

    name: str = Field("", max_length=120)
    description: str = Field("", max_length=2000)
    vlan: Vlan = None
    vlan_group: str = Field("", max_length=80)
    gateway: OptionalAnyAddress = None
    interface: Text15 = None
    relays: list[AddressText] = Field(default_factory=list, max_length=64)
    shared_network: Text120 = None
    dhcp_enabled: bool = True
    authoritative: bool = True
    ping_check: bool = False
    ignore_client_id: bool = False
    rapid_commit: Annotated[bool | None, BeforeValidator(blank_to_none)] = None
    bootp: Annotated[bool | None, BeforeValidator(blank_to_none)] = None
    known_clients_only: bool = False
    random_macs: Annotated[RandomMacs | None, BeforeValidator(blank_to_none)] = None
    min_secs: int = Field(0, ge=0, le=300)
    offer_delay_ms: int = Field(0, ge=0, le=5000)
    client_class: Text60 = None
    lease_time: Seconds = None
    min_lease_time: Seconds = None
    max_lease_time: Seconds = None
    renew_time: Seconds = None
    rebind_time: Seconds = None
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    options: OptionRows = Field(default_factory=list)

    @model_validator(mode="after")
    def _times_in_order(self) -> "SubnetSettings":
        if self.min_lease_time and self.max_lease_time and self.min_lease_time > self.max_lease_time:
            raise ValueError("min_lease_time is above max_lease_time")
        if self.renew_time and self.rebind_time and self.renew_time >= self.rebind_time:
            raise ValueError("rebind_time is not after renew_time")
        return self


class SubnetIn(SubnetSettings):
    """A new subnet; DHCP is on unless told otherwise, and off for IPv6, which is not served yet."""

    cidr: CidrText

    @model_validator(mode="after")
    def _ipv6_is_planned_only(self) -> "SubnetIn":
        if ":" in self.cidr and "dhcp_enabled" not in self.model_fields_set:
            self.dhcp_enabled = False
        return self


class FreeSpaceOut(Shape):
    """Free space of a subnet: `gaps` as the fewest prefixes, `prefixes` of the wished length; at most 256 of each.

    `count` is how many prefixes of the length there are.
    """

    prefix_len: int
    count: int
    gaps: list[str]
    prefixes: list[str]


class NextSubnetIn(SubnetSettings):
    """The first free subnet of a length; DHCP is off unless told otherwise."""

    prefix_len: int = Field(ge=1, le=128)
    dhcp_enabled: bool = False


class SplitIn(Shape):
    """Split into prefixes of one length, or below and from an address on: tell one of the two.

    same_link: the parts stay on one link (a shared network), so that every client may keep its address.
    """

    prefix_len: int | None = Field(None, ge=1, le=128)
    at: OptionalAnyAddress = None
    same_link: bool = True


class MergeIn(Shape):
    """The other subnets, by id; together they fill one prefix."""

    subnets: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(min_length=1, max_length=256)


class ResizeIn(Shape):
    """The new prefix: around the old one, or inside it."""

    cidr: CidrText


class UsageOut(Shape):
    """Addresses by state, nested subnets included: all but `pool` add up to `total`.

    `total` leaves out network and broadcast addresses. `free` is what the pools can still give; `unused` is outside
    them and not known to be used. `pool` is the size of the pools. `reserved` are those not leased at the moment.
    """

    total: int
    pool: int
    leased: int
    reserved: int
    static: int
    gateway: int
    declined: int
    excluded: int
    free: int
    unused: int


class BucketOut(UsageOut):
    """A part of a grid, both ends included, with its addresses by state."""

    first: str
    last: str


class GridOut(Shape):
    """The addresses from one to another: `cells` when they are at most 256, else `buckets`; the other is null.

    Buckets have 256 addresses, or as many more as it takes for 256 to do; the first and the last may be cut.
    """

    first: str
    last: str
    cells: list[AddressOut] | None
    buckets: list[BucketOut] | None


class SubnetOut(SubnetSettings):
    """A subnet as it is stored."""

    id: int
    cidr: str
    family: Literal[4, 6]
    parent_id: int | None
    depth: int
    children: int
    version: int
    usage: UsageOut | None = None


class Place(Protocol):
    """Where a subnet stands in the tree."""

    @property
    def parent_id(self) -> int | None:
        """The narrowest subnet around it."""

    @property
    def depth(self) -> int:
        """How many subnets are around it."""

    @property
    def children(self) -> int:
        """How many subnets are directly in it."""


_SETTINGS: Final = tuple(name for name in SubnetSettings.model_fields if name != "gateway")


def subnet_out(row: Subnet, place: Place | None = None, usage: UsageOut | None = None) -> SubnetOut:
    """Return the shape of a row; place and usage None = not asked for."""
    fields = values_of(row, _SETTINGS)
    gateway = str(row.gateway) if row.gateway else None
    return SubnetOut.of(
        **fields,
        gateway=gateway,
        id=row.id,
        cidr=row.cidr,
        family=row.first.version,
        parent_id=place.parent_id if place else None,
        depth=place.depth if place else 0,
        children=place.children if place else 0,
        version=row.version,
        usage=usage,
    )

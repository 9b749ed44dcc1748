"""How does the global scope look from outside?"""

from typing import Literal

from pydantic import Field

from app.schemas.fields import NetworkText, OptionalAddress, OptionRows, Shape, Text63, Text127
from app.schemas.subnets import RandomMacs, Seconds


class SettingsShape(Shape):
    """The global scope; times in seconds. renew_time and rebind_time null = half and seven eighths of a lease."""

    options: OptionRows = Field(default_factory=list)
    lease_time: int = Field(43200, ge=1, le=0xFFFFFFFF)
    min_lease_time: int = Field(60, ge=1, le=0xFFFFFFFF)
    max_lease_time: int = Field(604800, ge=1, le=0xFFFFFFFF)
    renew_time: Seconds = None
    rebind_time: Seconds = None
    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    rapid_commit: bool = False
    bootp: bool = False
    random_macs: RandomMacs = "allow"
    leasequery_requesters: list[NetworkText] = Field(
        default_factory=list,
        max_length=256,
        description="relays (addresses, prefixes) that may ask who holds what",
    )
    client_rate_limit: int = Field(50, ge=0, le=100_000, description="messages a second of one client; 0 = any")
    interface_rate_limit: int = Field(
        0, ge=0, le=10_000_000, description="messages a second on one interface; 0 = any"
    )
    limit_relayed: bool = Field(False, description="both limits hold for relayed messages too")
    starvation_defence: Literal["off", "links", "everywhere"] = Field(
        "links", description="links = for clients that no relay stands before"
    )
    known_reserve_percent: int = Field(
        10, ge=0, le=90, description="part of each pool that newcomers can't take while a flood of them lasts"
    )
    clients_per_port: int = Field(
        0, ge=0, le=65_535, description="leases and offers behind one circuit-id of a relay; 0 = any"
    )
    offer_hold_s: int = Field(60, ge=1, le=3600)
    decline_hold_s: int = Field(86400, ge=1, le=31536000)
    event_retention_days: int = Field(
        400,
        ge=1,
        le=3650,
        description="days for which it can be answered who had an address; older events are removed",
    )

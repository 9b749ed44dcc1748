"""How do a lease and an event look from outside?"""

from datetime import datetime

from pydantic import Field

from app.models import Lease, LeaseEvent
from app.models.base import values_of
from app.schemas.fields import Shape
from dhcpd.protocol.addresses import format_mac
from dhcpd.protocol.relay import describe_relay_info


class LeaseOut(Shape):
    """A binding; expires_at null = infinite.

    `relay_agent` is what the relay said (option 82) by name, as text where it is text; `relay_info` its octets.
    """

    ip: str
    state: str
    mac: str
    client_id: str
    hostname: str
    vendor_class: str
    subnet_id: int
    started_at: datetime
    renewed_at: datetime
    expires_at: datetime | None
    renewals: int
    relay: str | None
    relay_info: str
    relay_agent: dict[str, str] = Field(default_factory=dict)
    worker: str


class EventOut(Shape):
    """One line of history."""

    id: int
    at: datetime
    type: str
    ip: str
    mac: str
    client_id: str
    hostname: str
    subnet_id: int
    expires_at: datetime | None
    reason: str
    worker: str


class CommandOut(Shape):
    """An order to the worker, which will carry it out within a second."""

    command_id: int


def lease_out(row: Lease) -> LeaseOut:
    """Return the shape of a row."""
    names = (
        "state", "hostname", "vendor_class", "subnet_id", "started_at", "renewed_at", "expires_at", "renewals",
        "worker",
    )  # fmt: skip
    return LeaseOut.of(
        ip=str(row.ip),
        mac=format_mac(row.mac),
        client_id=row.client_id.hex(),
        relay=str(row.relay) if row.relay else None,
        relay_info=row.relay_info.hex(),
        relay_agent=describe_relay_info(row.relay_info) if row.relay_info else {},
        **values_of(row, names),
    )


def event_out(row: LeaseEvent) -> EventOut:
    """Return the shape of a row."""
    names = ("id", "at", "type", "hostname", "subnet_id", "expires_at", "reason", "worker")
    return EventOut.of(
        ip=str(row.ip),
        mac=format_mac(row.mac),
        client_id=row.client_id.hex(),
        **values_of(row, names),
    )

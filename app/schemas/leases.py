"""How do a lease and an event look from outside?"""

from datetime import datetime

from app.models import Lease, LeaseEvent
from app.schemas.fields import Shape
from dhcpd.protocol.addresses import format_mac


class LeaseOut(Shape):
    """A binding; expires_at null = infinite."""

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
    return LeaseOut.model_construct(
        ip=str(row.ip),
        mac=format_mac(row.mac),
        client_id=row.client_id.hex(),
        relay=str(row.relay) if row.relay else None,
        relay_info=row.relay_info.hex(),
        **{name: getattr(row, name) for name in names},
    )


def event_out(row: LeaseEvent) -> EventOut:
    """Return the shape of a row."""
    names = ("id", "at", "type", "hostname", "subnet_id", "expires_at", "reason", "worker")
    return EventOut.model_construct(
        ip=str(row.ip),
        mac=format_mac(row.mac),
        client_id=row.client_id.hex(),
        **{name: getattr(row, name) for name in names},
    )

"""How does a single address of the plan look from outside?"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.schemas.fields import Shape


class AddressIn(Shape):
    """An address in use outside DHCP; it will never be offered."""

    state: Literal["static", "discovered"] = "static"
    hostname: str = Field("", max_length=253)
    owner: str = Field("", max_length=120)
    notes: str = Field("", max_length=2000)


class AddressOut(Shape):
    """What is known of an address, from the plan and from the leases.

    In a conflict, `mac` is the host that answered a probe for an address that nobody had been given (null when
    only a ping was answered), `last_seen` when, and `expires_at` until when it is offered to nobody.
    """

    ip: str
    subnet_id: int
    state: str
    mac: str | None = None
    hostname: str = ""
    owner: str = ""
    notes: str = ""
    expires_at: datetime | None = None
    last_seen: datetime | None = None
    reservation_id: int | None = None
    pool_id: int | None = None

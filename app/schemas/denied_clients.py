"""How does a denied client look from outside?"""

from datetime import datetime

from pydantic import Field

from app.models import DeniedClient
from app.schemas.fields import MacPrefix, Shape
from dhcpd.protocol.addresses import format_mac


class DeniedClientNote(Shape):
    """Why nobody answers the address."""

    description: str = Field("", max_length=2000)


class DeniedClientIn(DeniedClientNote):
    """A hardware address that gets no answer, or the first octets of many (00:1b:21 = all of one vendor's)."""

    mac: MacPrefix


class DeniedClientOut(DeniedClientIn):
    """A denied client as it is stored."""

    id: int
    created_at: datetime
    version: int


def denied_client_out(row: DeniedClient) -> DeniedClientOut:
    """Return the shape of a row."""
    return DeniedClientOut.of(
        id=row.id,
        mac=format_mac(bytes.fromhex(row.mac)),
        description=row.description,
        created_at=row.created_at,
        version=row.version,
    )

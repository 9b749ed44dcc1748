"""Which subnets are on the links that a client may mean, by where it is plugged in and what it says?"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Text, cast, or_, select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.models.types import Address
from app.services.nesting import holding


def on_links(session: Session, subnet_id: int | None, relay: Address | None, near: Iterable[Address]) -> set[int]:
    """Return the ids of the served subnets on the links of a subnet, of a relay, and around some addresses."""
    meant: list[ColumnElement[bool]] = [holding(address, address) for address in near]
    meant.append(Subnet.id == (subnet_id or 0))
    if relay is not None:
        meant += [holding(relay, relay), cast(Subnet.relays, Text).contains(f'"{relay}"')]
    found = session.execute(select(Subnet.id, Subnet.shared_network).where(Subnet.dhcp_enabled, or_(*meant))).all()
    ids, names = {row[0] for row in found}, {row[1] for row in found if row[1]}
    if names:
        ids.update(session.scalars(select(Subnet.id).where(Subnet.dhcp_enabled, Subnet.shared_network.in_(names))))
    return ids

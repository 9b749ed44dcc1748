"""How do the subnets lie in the address space: which is inside which, and what is free between them?"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.models.types import Address
from app.services import nesting

GAPS_SHOWN: Final = 4
"""So many prefixes are offered for one gap, the largest first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subnet in the order of the address space; depth 0 = inside no other."""

    id: int
    first: Address
    last: Address
    prefix_len: int
    name: str
    vlan: int | None
    parent: int | None
    depth: int

    @property
    def cidr(self) -> str:
        """The prefix in CIDR notation."""
        return f"{self.first}/{self.prefix_len}"


def outline(session: Session) -> list[Place]:
    """Return every subnet, parents before children, in one query of the few columns that it takes."""
    columns = (Subnet.id, Subnet.first, Subnet.last, Subnet.prefix_len, Subnet.name, Subnet.vlan)
    rows = session.execute(select(*columns).order_by(Subnet.first, Subnet.prefix_len))
    places: list[Place] = []
    above: list[Place] = []
    for row in rows:
        while above and not _holds(above[-1], row[1], row[2]):
            above.pop()
        places.append(Place(*row, above[-1].id if above else None, len(above)))
        above.append(places[-1])
    return places


def _holds(place: Place, first: Address, last: Address) -> bool:
    return place.first.version == first.version and int(place.first) <= int(first) and int(last) <= int(place.last)


def holds(outer: Place, inner: Place) -> bool:
    """Tell whether one subnet lies inside another (or is it)."""
    return _holds(outer, inner.first, inner.last)


def last_inside(places: Sequence[Place]) -> dict[int, int]:
    """Return, for each subnet of an outline, the id of the last one inside it; its own when there is none."""
    found: dict[int, int] = {}
    above: list[Place] = []
    for index, place in enumerate(places):
        while above and above[-1].depth >= place.depth:
            found[above.pop().id] = places[index - 1].id
        above.append(place)
    return found | {place.id: places[-1].id for place in above}


def matching(places: Sequence[Place], text: str) -> list[Place]:
    """Return the places that a text means: an address inside, a prefix, a VLAN's number, a part of a name."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        lower = text.lower()
        return [p for p in places if lower in p.name.lower() or lower in p.cidr or str(p.vlan or "") == text]
    first, last = network.network_address, network.broadcast_address
    if "/" not in text:
        return [p for p in places if _holds(p, first, last)]
    return [
        p for p in places
        if p.first.version == first.version and int(p.first) <= int(last) and int(p.last) >= int(first)
    ]  # fmt: skip


def gaps(parent: Place, children: Sequence[Place]) -> dict[int, list[str]]:
    """Return the free prefixes inside a parent, by the id of the child behind them; 0 = after the last."""
    found: dict[int, list[str]] = {}
    position = int(parent.first)
    for child in children:
        if int(child.first) > position:
            found[child.id] = _prefixes(parent.first, position, int(child.first) - 1)
        position = max(position, int(child.last) + 1)
    if children and position <= int(parent.last):
        found[0] = _prefixes(parent.first, position, int(parent.last))
    return found


def _prefixes(sample: Address, first: int, last: int) -> list[str]:
    kind = IPv4Address if isinstance(sample, IPv4Address) else IPv6Address
    networks = sorted(summarize_address_range(kind(first), kind(last)), key=lambda n: n.prefixlen)
    return [str(network) for network in networks[:GAPS_SHOWN]]


def ancestors(session: Session, ip: str) -> list[Subnet]:
    """Return the subnets that hold an address, the widest first."""
    address = ip_address(ip)
    return nesting.ancestors(session, address, address)[::-1]

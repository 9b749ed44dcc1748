"""How do the subnets lie in the address space: which is inside which, and what is free between them?"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address, ip_network
from operator import attrgetter
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.services import nesting
from app.services.kept import Kept, kept_for
from app.services.octets import driver_rows, number_of, raw, text_of
from app.services.plan_changes import Changed
from app.services.spans import IPV4_BASE, key, prefixes

OUTLINE: Final = "outline"
"""Key in Session.info."""
GAPS_SHOWN: Final = 4
"""So many prefixes are offered for one gap, the largest first."""


@dataclass(slots=True)
class Place:
    """A subnet in the order of the address space; its ends are keys; depth 0 = inside no other."""

    id: int
    first: int
    last: int
    prefix_len: int
    name: str
    vlan: int | None
    parent: int | None
    depth: int

    @property
    def cidr(self) -> str:
        """The prefix in CIDR notation."""
        return f"{text_of(self.first)}/{self.prefix_len}"


class Outline(list[Place]):
    """Subnets in the order of the address space, parents before children; it does not change once it is made."""

    @cached_property
    def known(self) -> dict[int, Place]:
        """Each by its id."""
        return {place.id: place for place in self}

    @cached_property
    def inside(self) -> dict[int, list[Place]]:
        """What lies directly in each subnet that holds others, by its id."""
        found: dict[int, list[Place]] = {}
        for place in self:
            if place.parent is not None:
                found.setdefault(place.parent, []).append(place)
        return found

    @cached_property
    def ends(self) -> dict[int, int]:
        """The id of the last subnet inside each, its own when there is none."""
        found: dict[int, int] = {}
        above: list[Place] = []
        for index, place in enumerate(self):
            while above and above[-1].depth >= place.depth:
                found[above.pop().id] = self[index - 1].id
            above.append(place)
        return found | {place.id: self[-1].id for place in above}


def whole(session: Session) -> Outline:
    """Return the outline of all that the session sees, which is kept until the plan changes."""
    kept = _kept(session)
    return outline(session) if kept is None else kept


def _kept(session: Session) -> Outline | None:
    kept: Kept[Outline] | None = kept_for(session, OUTLINE)
    return None if kept is None else kept.get(session)


def named(session: Session, ids: Collection[int]) -> dict[int, Place]:
    """Return subnets with these ids, and maybe others, by id: of the outline that is kept, if it is."""
    kept = _kept(session)
    return (outline(session, Subnet.id.in_(ids)) if kept is None else kept).known


def is_larger(session: Session, count: int) -> bool:
    """Tell whether an outline is kept that has more subnets than so many; else they are soon read."""
    return len(_kept(session) or ()) > count


def outline(session: Session, *conditions: ColumnElement[bool]) -> Outline:
    """Return every subnet that meets the conditions, parents before children, in one query of few columns."""
    ends = (raw(session, Subnet.first), raw(session, Subnet.last))
    query = select(Subnet.id, *ends, Subnet.prefix_len, Subnet.name, Subnet.vlan).where(*conditions)
    rows = driver_rows(session, query.order_by(Subnet.first, Subnet.prefix_len))
    return _nested(
        Place(id_, number_of(low), number_of(high), length, name, vlan, None, 0)
        for id_, low, high, length, name, vlan in rows
    )


def renew_outline(session: Session, known: Outline, changed: Changed) -> Outline:
    """Return the outline after some changes of the plan."""
    if not changed.told:
        return known
    if not changed.spans:
        fresh = outline(session, Subnet.id.in_(changed.told)).known
        return Outline(replace(fresh[p.id], parent=p.parent, depth=p.depth) if p.id in fresh else p for p in known)
    apart = (
        place for place in known if place.id not in changed.told and not changed.holds(place.first, place.last)
    )
    places = [*apart, *outline(session, or_(changed.subnets, Subnet.id.in_(changed.told)))]
    return _nested(sorted(places, key=attrgetter("first", "prefix_len")))


def _nested(places: Iterable[Place]) -> Outline:
    """Return places, which come in the order of the address space, with what is around each."""
    found, above = Outline(), list[Place]()
    for place in places:
        while above and not _holds(above[-1], place.first, place.last):
            above.pop()
        parent = above[-1].id if above else None
        found.append(
            place
            if place.parent == parent and place.depth == len(above)
            else replace(place, parent=parent, depth=len(above))
        )
        above.append(found[-1])
    return found


def _holds(place: Place, first: int, last: int) -> bool:
    """Tell whether a span of keys lies in a subnet of the same family."""
    inside = place.first <= first and last <= place.last
    return inside and (place.first >= IPV4_BASE or first >> 32 != IPV4_BASE >> 32)


def holds(outer: Place, inner: Place) -> bool:
    """Tell whether one subnet lies inside another (or is it)."""
    return _holds(outer, inner.first, inner.last)


def matching(places: Sequence[Place], text: str) -> list[Place]:
    """Return the places that a text means: an address inside, a prefix, a VLAN's number, a part of a name."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        lower = text.lower()
        return [p for p in places if lower in p.name.lower() or lower in p.cidr or str(p.vlan or "") == text]
    first, last = key(network.network_address), key(network.broadcast_address)
    if "/" not in text:
        return [p for p in places if _holds(p, first, last)]
    wide = Place(0, first, last, network.prefixlen, "", None, None, 0)
    return [p for p in places if _holds(p, first, last) or holds(wide, p)]


def gaps(parent: Place, children: Sequence[Place]) -> dict[int, list[str]]:
    """Return the free prefixes inside a parent, by the id of the child behind them; 0 = after the last."""
    found: dict[int, list[str]] = {}
    position = parent.first
    for child in children:
        if child.first > position:
            found[child.id] = _prefixes(position, child.first - 1)
        position = max(position, child.last + 1)
    if children and position <= parent.last:
        found[0] = _prefixes(position, parent.last)
    return found


def _prefixes(first: int, last: int) -> list[str]:
    bits = 32 if first >> 32 == IPV4_BASE >> 32 else 128
    largest = sorted(prefixes((first, last)), key=lambda each: each[0] - each[1])[:GAPS_SHOWN]
    return [f"{text_of(low)}/{bits - (high - low).bit_length()}" for low, high in largest]


def ancestors(session: Session, ip: str) -> list[Subnet]:
    """Return the subnets that hold an address, the widest first."""
    address = ip_address(ip)
    return nesting.ancestors(session, address, address)[::-1]

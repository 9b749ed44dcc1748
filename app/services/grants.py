"""Where may an actor see and change things? Nowhere else, whatever query or service is run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, event, false, or_, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from app.models import AuditEntry, KnownAddress, Lease, LeaseEvent, Pool, Reservation, Subnet, UseSeries
from app.models.types import Address

Range = tuple[Address, Address]
Ranges = tuple[Range, ...]
_LIMIT: Final = "ranges"
"""Key in Session.info: what the queries of the session are limited to; absent = everything."""
_OWN: Final = ("tokens", "sessions", "passwords")
"""Objects that are the caller's own and lie nowhere."""


def ranges_of(session: Session, subnet_ids: Sequence[int] | None) -> Ranges | None:
    """Return the ranges of subnets; None = no limit. A subnet that is gone grants nothing."""
    if subnet_ids is None:
        return None
    rows = session.execute(select(Subnet.first, Subnet.last).where(Subnet.id.in_(subnet_ids)))
    return tuple((row.first, row.last) for row in rows)


def meet(one: Ranges | None, other: Ranges | None) -> Ranges | None:
    """Return what lies in both limits; prefixes either nest or are apart."""
    if one is None or other is None:
        return one if other is None else other
    inner = [a for a in one if holds(other, [a])] + [b for b in other if holds(one, [b])]
    return tuple(dict.fromkeys(inner))


def holds(ranges: Ranges | None, places: Iterable[Range]) -> bool:
    """Tell whether all the places lie within the ranges."""
    return ranges is None or all(any(_inside(place, outer) for outer in ranges) for place in places)


def _inside(place: Range, outer: Range) -> bool:
    same = place[0].version == outer[0].version
    return same and int(outer[0]) <= int(place[0]) and int(place[1]) <= int(outer[1])


def place(session: Session, object_: str, picture: Mapping[str, Any] | None) -> Range | None:
    """Return the addresses that an object of the audit lies in; None = it lies nowhere."""
    kind, _, name = object_.partition("/")
    if kind == "leases":
        return ip_address(name), ip_address(name)
    if picture is None:
        return None
    if picture.get("first") and picture.get("last"):
        return ip_address(picture["first"]), ip_address(picture["last"])
    if kind == "addresses":
        return ip_address(picture["ip"]), ip_address(picture["ip"])
    subnet = session.get(Subnet, picture["subnet_id"]) if picture.get("subnet_id") else None
    return (subnet.first, subnet.last) if subnet is not None else None


def may_change(ranges: Ranges | None, object_: str, places: Sequence[Range]) -> bool:
    """Tell whether an actor with this limit may change an object that lies there."""
    if ranges is None or object_.split("/")[0] in _OWN:
        return True
    return bool(places) and holds(ranges, places)


@contextmanager
def limited(session: Session, ranges: Ranges | None) -> Iterator[None]:
    """Let the session's queries find only what lies within the ranges."""
    before = session.info.get(_LIMIT)
    limit(session, ranges)
    try:
        yield
    finally:
        limit(session, before)


def limit(session: Session, ranges: Ranges | None) -> None:
    """Let the session's queries find only what lies within the ranges from now on; None = everything."""
    if ranges is None:
        session.info.pop(_LIMIT, None)
    else:
        session.info[_LIMIT] = ranges


def is_limited(session: Session) -> bool:
    """Tell whether the session's queries find only a part of what there is."""
    return _LIMIT in session.info


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    ranges = state.session.info.get(_LIMIT)
    if ranges is None or not state.is_select or state.is_column_load or state.is_relationship_load:
        return
    for model, condition in _conditions(ranges).items():
        state.statement = state.statement.options(with_loader_criteria(model, condition, include_aliases=True))


def _conditions(ranges: Ranges) -> dict[type[Any], ColumnElement[bool]]:
    def spans(first: Any, last: Any) -> ColumnElement[bool]:
        parts = [and_(first >= low, last <= high) for low, high in ranges]
        return or_(*parts) if parts else false()

    members = select(Subnet.id).where(spans(Subnet.first, Subnet.last)).scalar_subquery()
    pools = select(Pool.id).where(spans(Pool.first, Pool.last)).scalar_subquery()
    return {
        Subnet: spans(Subnet.first, Subnet.last),
        Pool: spans(Pool.first, Pool.last),
        AuditEntry: spans(AuditEntry.first, AuditEntry.last),
        Reservation: Reservation.subnet_id.in_(members),
        UseSeries: or_(UseSeries.subnet_id.in_(members), UseSeries.pool_id.in_(pools)),
        **{model: spans(model.ip, model.ip) for model in (Lease, LeaseEvent, KnownAddress)},
    }

"""What does the plan say about the addresses of some ranges, in as few queries as there are tables?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Pool, Reservation, Subnet
from app.models.types import Address
from app.services.nesting import holding, starts_around
from app.services.occupancy import Occupancy, read
from app.services.octets import driver_rows, number_of, raw
from app.services.spans import IPV4_BASE, Span, address_of, key, merge

SPANS_AT_ONCE: Final = 200
"""More ranges than these are read as one, from the first to the last."""


@dataclass(frozen=True, slots=True)
class PoolRange:
    """A pool by its span."""

    id: int
    subnet_id: int
    span: Span
    kind: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Addresses as keys. An address may be in several of the sets; see `usage` for what then counts."""

    edges: frozenset[int]
    gateways: frozenset[int]
    known: frozenset[int]
    reserved: frozenset[int]
    pools: tuple[PoolRange, ...]
    occupancy: Occupancy


def edges_of(first: Address, last: Address, prefix_len: int) -> tuple[int, ...]:
    """Return the addresses that no host can have.

    IPv4: network and broadcast, of all but /31 (RFC 3021) and /32. IPv6: the subnet-router anycast address
    (RFC 4291 §2.6.1), of all but /127 (RFC 6164) and /128.
    """
    return _edges(key(first), key(last), prefix_len)


def _edges(first: int, last: int, prefix_len: int) -> tuple[int, ...]:
    if first >> 32 == IPV4_BASE >> 32:
        return (first, last) if prefix_len < 31 else ()
    return (first,) if prefix_len < 127 else ()


def load(session: Session, spans: Sequence[Span]) -> Facts:
    """Return what is planned and leased within the spans, which are whole subnets."""
    bounds = merge(spans)
    return replace(load_plan(session, bounds), occupancy=read(session, bounds))


def load_plan(session: Session, spans: Sequence[Span]) -> Facts:
    """Return what is planned within the spans, which are whole subnets, without a look at what is leased."""
    bounds, columns = merge(spans), _network_columns(session)
    inside = _rows(session, columns, Subnet.first, bounds, Subnet.last)
    networks = [*inside, *_served_around(session, columns, bounds)]
    return _facts(session, bounds, networks, _rows(session, _pool_columns(session), Pool.first, bounds))


def load_part(session: Session, part: Span) -> Facts:
    """Return what is planned and leased within a part of a subnet; pools that reach into it are whole."""
    return replace(plan_of_parts(session, [part]), occupancy=read(session, [part]))


def plan_of_parts(session: Session, parts: list[Span]) -> Facts:
    """Return what is planned within spans that lie in, or are, subnets; pools that reach into them are whole.

    Of a subnet around a span both edges and the gateway are among it, wherever they are.
    """
    columns, pools = _network_columns(session), _pool_columns(session)
    lows = [address_of(low) for low, _ in parts]
    around = or_(*(holding(low, low) for low in lows))
    networks = [
        *_rows(session, columns, Subnet.first, parts, Subnet.last),
        *session.execute(select(*columns).where(around)),
    ]
    across = or_(*(and_(Pool.first < low, Pool.last >= low) for low in lows))
    reaching = select(*pools).join(Subnet, Subnet.id == Pool.subnet_id).where(around, across)
    found = {*_rows(session, pools, Pool.first, parts), *map(tuple, session.execute(reaching))}
    return _facts(session, parts, networks, found)


def _network_columns(session: Session) -> tuple[Any, ...]:
    ends = (raw(session, Subnet.first), raw(session, Subnet.last))
    return (*ends, Subnet.prefix_len, raw(session, Subnet.gateway), Subnet.dhcp_enabled)


def _pool_columns(session: Session) -> tuple[Any, ...]:
    return (Pool.id, Pool.subnet_id, raw(session, Pool.first), raw(session, Pool.last), Pool.kind)


def _facts(session: Session, bounds: list[Span], networks: list[Any], pool_rows: Iterable[Any]) -> Facts:
    edges: set[int] = set()
    gateways: set[int] = set()
    served_until = -1
    ends = ((number_of(first), number_of(last), *rest) for first, last, *rest in networks)
    for first, last, prefix_len, gateway, served in sorted(ends, key=itemgetter(0, 2)):
        if last <= served_until:
            continue  # a named part of a served subnet is no network of its own
        served_until = last if served else served_until
        edges.update(_edges(first, last, prefix_len))
        if gateway is not None:
            gateways.add(number_of(gateway))
    pools = [
        PoolRange(id_, subnet_id, (number_of(first), number_of(last)), kind)
        for id_, subnet_id, first, last, kind in pool_rows
    ]
    return Facts(
        frozenset(edges),
        frozenset(gateways),
        _numbers(session, KnownAddress.ip, bounds),
        _numbers(session, Reservation.ip, bounds),
        tuple(sorted(pools, key=attrgetter("span"))),
        Occupancy(()),
    )


def _served_around(session: Session, columns: tuple[Any, ...], bounds: list[Span]) -> Any:
    """Return the served subnets in which bounds lie, as rows; of very many bounds, around the first."""
    starts = {start for low, _ in bounds[:SPANS_AT_ONCE] for start in starts_around(address_of(low))}
    return session.execute(select(*columns).where(Subnet.first.in_(starts), Subnet.dhcp_enabled))


def _numbers(session: Session, column: Any, bounds: list[Span]) -> frozenset[int]:
    """Return the addresses of a column that lie in one of the bounds."""
    return frozenset(number_of(octets) for (octets,) in _rows(session, (raw(session, column),), column, bounds))


def _rows(session: Session, columns: tuple[Any, ...], first: Any, bounds: list[Span], last: Any = None) -> Any:
    """Return rows whose `first` (and `last`, if it is given) lies in one of the bounds."""
    if not bounds:
        return []
    if len(bounds) > SPANS_AT_ONCE:
        bounds = [(bounds[0][0], bounds[-1][1])]
    clauses = []
    for low, high in bounds:
        inside = first.between(address_of(low), address_of(high))
        clauses.append(inside if last is None else and_(inside, last <= address_of(high)))
    return driver_rows(session, select(*columns).where(or_(*clauses)))

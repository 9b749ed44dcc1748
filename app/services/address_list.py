"""Which addresses are there, one by one and in order, of a state or found by a text?

The addresses of a plan are nowhere written down, and a /8 has 16 million of them. So each question names its
candidates: the marks of leases, a table's addresses, the ends of subnets, or whatever is left of the ranges. They
are walked in order from the cursor on, and each is then described exactly as alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from heapq import merge as in_order
from ipaddress import ip_address, ip_network
from itertools import groupby, islice
from typing import Any, Final, TypeAlias, get_args

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Lease, Pool, Reservation, Subnet
from app.schemas.addresses import AddressOut, State
from app.services import leases, nesting, occupancy, reservations
from app.services.addresses import describe
from app.services.labels import CUSTOM, by_custom_field
from app.services.listing import Wish, narrowing, read_cursor, unreadable, write_cursor
from app.services.octets import number_of, raw
from app.services.plan_map import contested, map_for
from app.services.spans import Span, address_of, intersect, key, merge, size, span, subtract
from app.services.standings import CONFLICT, in_state
from app.services.texts import holding_text
from app.services.workers import offers
from dhcpd.protocol.addresses import parse_mac

LOOKED_AT: Final = 5000
"""So many candidates are described for one part at most; the cursor goes on behind them, even of an empty part."""
ROWS_AT_ONCE: Final = 256
NEAR: Final = 4096
"""Addresses that are no farther apart than this on average are looked up as one range."""
LAST: Final = 2**128 - 1
WALKED_AT_ONCE: Final = 4096
PROMISES_AT_ONCE: Final = 500
STATES: Final[tuple[str, ...]] = get_args(State)
HELD: Final = ("active", *occupancy.QUARANTINED)
Source: TypeAlias = Iterator[int]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the list; next_cursor None = its end; total None = not asked for."""

    rows: list[AddressOut]
    next_cursor: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: where (spans of keys, in order), of which states (empty = any), found by what."""

    spans: list[Span]
    states: frozenset[str]
    text: str
    custom: tuple[ColumnElement[bool], ...]


def cut(session: Session, wish: Wish) -> Part:
    """Return the part of the addresses that is wished, in their order; raises Unreadable."""
    if wish.sort not in ("", "ip"):
        raise unreadable("sort", "addresses come in their order: sort=ip")
    question = _read(session, wish)
    total = None
    if wish.count:
        if question.states or question.text or question.custom:
            raise unreadable("count", "count=exact goes with subnet_id and within alone")
        total = size(question.spans)
    start = _read_cursor(wish.cursor)
    spans = [(max(first, start), last) for first, last in question.spans if last >= start]
    found: list[AddressOut] = []
    looked, candidates = 0, _distinct(_candidates(session, question, spans))
    last: int | None = None
    while len(found) <= wish.limit and looked < LOOKED_AT:
        # Most states are told by the candidates alone; where few fit, more are looked at together.
        wanted = ROWS_AT_ONCE if looked > 2 * len(found) else min(wish.limit + 1 - len(found), ROWS_AT_ONCE)
        numbers = list(islice(candidates, wanted))
        if not numbers:
            return Part(found, None, total)
        looked, last = looked + len(numbers), numbers[-1]
        found += [row for row in describe(session, [address_of(n) for n in numbers]) if _fits(row, question)]
    if len(found) > wish.limit:
        last = key(ip_address(found[wish.limit - 1].ip))
    following = None if last == LAST else write_cursor("ip", [str(address_of((last or 0) + 1))])
    return Part(found[: wish.limit], following, total)


def _fits(row: AddressOut, question: _Question) -> bool:
    return not question.states or row.state in question.states


def _read(session: Session, wish: Wish) -> _Question:
    """Return what the parameters ask; raises Unreadable."""
    bounds: list[Span] | None = None
    states: set[str] = set()
    text, custom = "", []
    for name, value in wish.filters:
        if name == "subnet_id":
            bounds = _meet(bounds, _of_subnet(session, value))
        elif name == "within":
            bounds = _meet(bounds, [_network(value)])
        elif name in ("state", "state__in"):
            states |= _states(name, value)
        elif name == "q":
            text = value.strip()[:200].replace("\0", "")
        elif name.startswith(CUSTOM):
            custom.append(_custom(session, name, value))
        else:
            raise unreadable(name, f"there is no parameter {name!r} here")
    spans = _planned(session, bounds)
    return _Question(spans, frozenset(states), text, tuple(custom))


def _meet(one: list[Span] | None, other: list[Span]) -> list[Span]:
    return other if one is None else intersect(one, other)


def _of_subnet(session: Session, text: str) -> list[Span]:
    """Return the addresses that belong to a subnet, as `nesting` says; none of one that is not there."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise unreadable("subnet_id", f"{text[:20]!r} is not the number of a subnet")
    row = session.get(Subnet, int(text)) if int(text) < 2**31 else None
    if row is None:
        return []
    bounds = span(row.first, row.last)
    if row.dhcp_enabled:
        return [bounds]
    around = nesting.ancestors(session, row.first, row.last)
    if any(other.dhcp_enabled for other in around):
        return []
    inside = and_(Subnet.first >= row.first, Subnet.last <= row.last, Subnet.id != row.id)
    return subtract([bounds], merge(_ranges(session, inside)))


def _network(text: str) -> Span:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise unreadable("within", f"{text[:60]!r} is not a prefix like 10.0.0.0/24") from None
    return span(network.network_address, network.broadcast_address)


def _states(name: str, text: str) -> set[str]:
    wanted = text.split(",") if name == "state__in" else [text]
    for state in wanted:
        if state not in STATES:
            raise unreadable(name, f"{state[:20]!r} is not one of {', '.join(STATES)}")
    return set(wanted)


def _custom(session: Session, name: str, value: str) -> ColumnElement[bool]:
    try:
        return by_custom_field(session, KnownAddress, name, value)
    except ValueError as error:
        raise unreadable(name, str(error)) from None


def _planned(session: Session, bounds: list[Span] | None) -> list[Span]:
    """Return where addresses are: in the subnets, within the bounds."""
    if bounds == []:
        return []
    if bounds is None:
        plan = map_for(session, [(0, LAST)])
        return merge(_ranges(session)) if plan is None else plan.inside
    low, high = address_of(min(bounds)[0]), address_of(max(bounds)[1])
    planned = merge(_ranges(session, Subnet.first <= high, Subnet.last >= low))
    return intersect(planned, merge(bounds))


def _ranges(session: Session, *conditions: ColumnElement[bool]) -> list[Span]:
    return [(first, last) for _, first, last in nesting.ranges(session, *conditions)]


def _candidates(session: Session, question: _Question, spans: list[Span]) -> Source:
    """Return where to look, in order; what is yielded need not fit, but nothing that fits is left out."""
    if question.custom:
        return _rows(session, KnownAddress.ip, spans, *question.custom, *_texts_known(question.text))
    if question.text:
        return _found(session, question.text, spans)
    if not question.states:
        return _every(spans)
    return in_order(*(_SOURCES[state](session, spans) for state in sorted(question.states)))


def _distinct(numbers: Iterable[int]) -> Source:
    return (number for number, _ in groupby(numbers))


def _every(spans: Sequence[Span]) -> Source:
    return (number for first, last in spans for number in range(first, last + 1))


def _rows(session: Session, column: Any, spans: Sequence[Span], *conditions: Any) -> Source:
    """Yield the addresses of a column that lie in the spans; what lies between them is jumped over."""
    position = 0
    query = select(raw(session, column)).where(*conditions).order_by(column).limit(ROWS_AT_ONCE)
    while position < len(spans):
        start = spans[position][0]
        part = query.where(column.between(address_of(start), address_of(spans[-1][1])))
        numbers = [number_of(octets) for (octets,) in session.execute(part)]
        for number in numbers:
            while position < len(spans) and spans[position][1] < number:
                position += 1
            if position < len(spans) and spans[position][0] <= number:
                yield number
            else:
                break  # in a gap: ask anew behind it
        else:
            if len(numbers) < ROWS_AT_ONCE:
                return
            spans = [(numbers[-1] + 1, spans[position][1]), *spans[position + 1 :]]
            position = 0 if spans[0][0] <= spans[0][1] else 1


def _found(session: Session, text: str, spans: Sequence[Span]) -> Source:
    """Yield the addresses of leases, reservations and known addresses that the text finds."""
    with suppress(ValueError):
        number = key(ip_address(text))
        return iter([number] if any(first <= number <= last for first, last in spans) else [])
    return in_order(
        _rows(session, Lease.ip, spans, narrowing(session, leases.LISTING, "q", text), Lease.state.in_(HELD)),
        _rows(session, Reservation.ip, spans, narrowing(session, reservations.LISTING, "q", text)),
        _rows(session, KnownAddress.ip, spans, *_texts_known(text)),
    )


def _texts_known(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    found = [holding_text(KnownAddress, text)]
    with suppress(ValueError):
        found.append(KnownAddress.mac == parse_mac(text))
    with suppress(ValueError):
        found.append(KnownAddress.ip == ip_address(text))
    return [or_(*found)]


def _leased(session: Session, spans: list[Span]) -> Source:
    return occupancy.marked(session, spans, "active")


def _declined(session: Session, spans: list[Span]) -> Source:
    return occupancy.marked(session, spans, "declined")


def _reserved(session: Session, spans: list[Span]) -> Source:
    """Yield promised addresses that nobody holds."""
    return _unmarked(session, _rows(session, Reservation.ip, spans), marked=False)


def _conflict(session: Session, spans: list[Span]) -> Source:
    """Yield what was answered for by a stranger, and leased addresses that are promised or known to be used."""
    answered = _rows(session, Lease.ip, spans, Lease.state == "conflict", leases.is_not_active())
    plan = map_for(session, spans)
    if plan is not None:
        return in_order(answered, _at_odds(session, contested(session, plan, spans)))
    promised = _rows(session, Reservation.ip, spans)
    known = _rows(session, KnownAddress.ip, spans)
    return in_order(answered, _unmarked(session, _distinct(in_order(promised, known)), marked=True))


def _at_odds(session: Session, numbers: Iterator[tuple[int, bool]]) -> Source:
    """Yield the leased addresses that are known to be in use, or promised to somebody else than the holder."""
    while part := list(islice(numbers, PROMISES_AT_ONCE)):
        promised = [address_of(number) for number, is_promised in part if is_promised]
        query = select(raw(session, Reservation.ip)).where(Reservation.ip.in_(promised))
        odd = {number_of(octets) for (octets,) in session.execute(query.where(in_state(session, CONFLICT)))}
        yield from (number for number, is_promised in part if not is_promised or number in odd)


def _unmarked(session: Session, numbers: Source, *, marked: bool) -> Source:
    """Yield those of the addresses that a lease marks, or none does."""
    while part := list(islice(numbers, WALKED_AT_ONCE)):
        near = part[-1] - part[0] < len(part) * NEAR
        held = occupancy.read(session, [(part[0], part[-1])] if near else [(n, n) for n in part])
        yield from (n for n in part if bool(held.state(n)) == marked)


def _of_column(column: Any, *conditions: Any) -> Callable[[Session, list[Span]], Source]:
    return lambda session, spans: _rows(session, column, spans, *conditions)


def _offered(session: Session, spans: list[Span]) -> Source:
    numbers = sorted(key(ip) for ip in offers(session))
    return (n for n in numbers if any(first <= n <= last for first, last in spans))


def _excluded(session: Session, spans: list[Span]) -> Source:
    return _left(session, intersect(_holes(session), spans))


def _free(session: Session, spans: list[Span]) -> Source:
    """Yield what is left of the spans; an excluded range of a subnet that is not served counts only at home."""
    return _left(session, subtract(spans, _holes(session, Subnet.dhcp_enabled.is_(True))))


def _holes(session: Session, *conditions: ColumnElement[bool]) -> list[Span]:
    columns = (raw(session, Pool.first), raw(session, Pool.last))
    query = select(*columns).join(Subnet, Subnet.id == Pool.subnet_id).where(Pool.kind == "excluded", *conditions)
    return merge((number_of(first), number_of(last)) for first, last in session.execute(query))


def _left(session: Session, spans: list[Span]) -> Source:
    """Yield what no lease, reservation or known address takes, some thousands at a time."""
    for first, last in spans:
        for start in range(first, last + 1, WALKED_AT_ONCE):
            bounds = (start, min(start + WALKED_AT_ONCE - 1, last))
            held = occupancy.read(session, [bounds])
            taken = set(
                in_order(_rows(session, Reservation.ip, [bounds]), _rows(session, KnownAddress.ip, [bounds]))
            )
            yield from (n for n in range(bounds[0], bounds[1] + 1) if n not in taken and not held.state(n))


_SOURCES: Final[dict[str, Callable[[Session, list[Span]], Source]]] = {
    "free": _free,
    "leased": _leased,
    "offered": _offered,
    "reserved": _reserved,
    "static": _of_column(KnownAddress.ip, KnownAddress.state == "static"),
    "discovered": _of_column(KnownAddress.ip, KnownAddress.state == "discovered"),
    "gateway": _of_column(Subnet.gateway),
    "excluded": _excluded,
    "declined": _declined,
    "conflict": _conflict,
    "network": _of_column(Subnet.first),
    "broadcast": _of_column(Subnet.last),
}


def _read_cursor(text: str) -> int:
    """Return the first address that is looked at."""
    return int(read_cursor(text, "ip", [lambda ip: key(ip_address(ip))])[0]) if text else 0

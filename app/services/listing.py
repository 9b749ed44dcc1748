"""Which rows does a list give: filtered, in any order, and cut by key rather than by number?"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import Base
from app.services.errors import Invalid, Problem
from app.services.kinds import ADDRESS, BOOLEAN, MOMENT, Kind, kind_of
from app.services.labels import CUSTOM, MAX_IN, TABLES, by_custom_field

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
MAX_SORTS: Final = 4
Condition = ColumnElement[bool]
Filters = tuple[tuple[str, str], ...]
"""Parameters that narrow a list, with their texts."""
WALKED: Final = 250_000
"""Rows that are looked at for one part where no index answers; the cursor goes on behind them, even of an empty
part."""
SOON: Final = 10_000
"""So many are looked at first: what is not rare is found among them."""


MATCHES_LIMIT: Final = 1001
"""Of what a filter finds, each of which is looked at, a page counts no more."""


class Unreadable(Invalid):
    """A parameter of a query that is unknown or can't be understood."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column under the name that the outside knows it by."""

    column: Any
    kind: Kind
    nullable: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        """The suffixes that compare it otherwise than by equality."""
        return (*self.kind.operators, "isnull") if self.nullable else self.kind.operators

    @property
    def key(self) -> ColumnElement[Any]:
        """What rows are put in order by: null last (a text: first)."""
        if not self.nullable:
            return self.column  # type: ignore[no-any-return]  # a mapped column
        written = self.kind is not ADDRESS  # into the statement, where an index on the expression is recognised
        return func.coalesce(self.column, literal(self.kind.last, self.column.type, literal_execute=written))


def fields(model: type[Base], *names: str, **renamed: str | Field) -> dict[str, Field]:
    """Return the fields of the model's columns: outside name = column name unless renamed."""
    found = {name: _field(model, name) for name in names}
    return found | {name: to if isinstance(to, Field) else _field(model, to) for name, to in renamed.items()}


def _field(model: type[Base], name: str) -> Field:
    column: InstrumentedAttribute[Any] = getattr(model, name)
    return Field(column, kind_of(column), bool(column.nullable))


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of rows can be asked: its fields, its order, and where its rows lie in the address space.

    `key` is the unique field that breaks ties. `span` are the first and the last address of a row; for one
    address, the same column twice. `search` turns the free text `q` into a condition. `extra` are conditions on
    what is not a column of the row. `known` answers (session, parameter, text) where there is a faster way than the
    columns; None = there is none. `hint` answers (session, filters, first field of the order) with a condition that
    holds anyhow, but lets the database take an index; None = there is none. `indexed` are the parameters that an
    index answers, beside those of the key and those that `known` answers: with others alone no more than `WALKED`
    rows are looked at for one part. None = it is never bounded. `counted` answers (session, filters) with how many
    rows there are, where that is known without a look at each; None = it is not.
    """

    model: type[Base]
    fields: dict[str, Field]
    key: str = "id"
    sort: str = "id"
    span: tuple[Any, Any] | None = None
    search: Callable[[str], Condition] | None = None
    extra: dict[str, tuple[Kind, Callable[[Any], Condition]]] = field(default_factory=dict)
    known: Callable[[Session, str, str], Condition | None] = lambda session, name, text: None
    hint: Callable[[Session, Filters, str], Condition | None] = lambda session, filters, first: None
    indexed: frozenset[str] | None = None
    counted: Callable[[Session, Filters], int | None] = lambda session, filters: None

    @property
    def has_custom_fields(self) -> bool:
        """Tell whether rows bear fields that people define; cf_NAME narrows by one."""
        return self.model in TABLES.values()

    @property
    def networks(self) -> tuple[str, ...]:
        """The network filters that make sense."""
        if self.span is None:
            return ()
        return ("within",) if self.span[0] is self.span[1] else ("within", "contains", "overlaps")


def period(column: Any) -> dict[str, tuple[Kind, Callable[[Any], Condition]]]:
    """Return the filters `from` (included) and `to` (excluded) over a moment."""
    return {"from": (MOMENT, lambda moment: column >= moment), "to": (MOMENT, lambda moment: column < moment)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks of a list; `filters` are the parameters that narrow it."""

    filters: Filters = ()
    sort: str = ""
    cursor: str = ""
    limit: int = DEFAULT_LIMIT
    count: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a list; next_cursor None = its end; total None = not asked for."""

    rows: list[Any]
    next_cursor: str | None
    total: int | None


def read_wish(parameters: Sequence[tuple[str, str]]) -> Wish:
    """Return the wish that query parameters tell; raises Unreadable."""
    seen: dict[str, str] = {}
    for name, text in parameters:
        if name in seen:
            raise unreadable(name, f"{name} is given twice; join values with commas in {name}__in")
        seen[name] = text
    limit = seen.pop("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal() or len(limit) > 4 or not 1 <= int(limit) <= MAX_LIMIT:
        raise unreadable("limit", f"limit is a number from 1 to {MAX_LIMIT}")
    count = seen.pop("count", "none")
    if count not in ("exact", "none"):
        raise unreadable("count", "count is exact or none")
    sort, cursor = seen.pop("sort", ""), seen.pop("cursor", "")
    return Wish(tuple(seen.items()), sort, cursor, int(limit), count == "exact")


def cut(session: Session, listing: Listing, wish: Wish, *conditions: Condition) -> Cut:
    """Return the part of the list that is wished, of the rows that meet the conditions; raises Unreadable."""
    quick = {pair: listing.known(session, *pair) for pair in wish.filters}
    told = (_told(session, listing, *pair) if known is None else known for pair, known in quick.items())
    condition = and_(True, *conditions, *told)
    order = _order(listing, wish.sort or listing.sort)
    query = select(listing.model).where(condition)
    hint = listing.hint(session, wish.filters, order[0][0])
    if hint is not None:
        query = query.where(hint)
    values = _read_cursor(order, wish) if wish.cursor else None
    if values is not None:
        query = query.where(_behind(order, values))
    query = query.order_by(*(f.key.desc() if down else f.key.asc() for _, f, down in order)).limit(wish.limit + 1)
    bounded = hint is None and all(known is None for known in quick.values()) and _is_walk(listing, wish, order)
    rows, end = _walk(session, listing, wish, query, order, values) if bounded else (_read(session, query), None)
    following = _cursor(order, wish, rows[wish.limit - 1]) if len(rows) > wish.limit else None
    if following is None and end is not None:
        following = write_cursor(wish.sort, [order[0][1].kind.write(end)])
    total = _total(session, listing, wish, condition) if wish.count else None
    return Cut(rows[: wish.limit], following, total)


def _read(session: Session, query: Select[Any]) -> list[Any]:
    return list(session.scalars(query))


def _total(session: Session, listing: Listing, wish: Wish, condition: Condition) -> int:
    known = listing.counted(session, wish.filters)
    return count(session, listing, condition) if known is None else known


def _is_walk(listing: Listing, wish: Wish, order: "Order") -> bool:
    """Tell whether rows are looked at in turn: in the order of keys, where no index answers a filter."""
    names = {name for name, _ in wish.filters}
    others = {name for name in names if name.partition("__")[0] != listing.key}
    if listing.indexed is None or len(order) > 1 or not others or others & listing.indexed:
        return False
    return not names & {listing.key, f"{listing.key}__in"}


def _walk(
    session: Session, listing: Listing, wish: Wish, query: Select[Any], order: "Order", values: list[Any] | None
) -> tuple[list[Any], Any]:
    """Return the rows among the next ones, and the key of the last that was looked at; None = there are no more."""
    key, down = order[0][1].key, order[0][2]
    ends = [pair for pair in wish.filters if pair[0].partition("__")[0] == listing.key]
    ahead = select(key).where(*(_told(session, listing, *pair) for pair in ends))
    if values is not None:
        ahead = ahead.where(_behind(order, values))
    ahead = ahead.order_by(key.desc() if down else key.asc()).limit(1)
    for reach in (SOON, WALKED):
        end = _after(session, ahead, key, down, reach)
        rows = _read(session, query if end is None else query.where(key >= end if down else key <= end))
        if end is None or len(rows) > wish.limit:
            break
    return rows, end


def _after(session: Session, ahead: Select[Any], key: Any, down: bool, reach: int) -> Any:
    """Return the key that is so many rows ahead; of numbers, which have gaps, so much. None = the end is nearer."""
    if not isinstance(key.type, Integer):
        return session.scalar(ahead.offset(reach - 1))
    first = session.scalar(ahead)
    if first is None:
        return None
    end = first - reach if down else first + reach
    return end if session.scalar(ahead.where(key < end if down else key > end)) is not None else None


def count(session: Session, listing: Listing, condition: Condition) -> int:
    """Return how many rows the condition leaves."""
    query = select(func.count()).select_from(listing.model).where(condition)
    return session.scalar(query) or 0


def count_up_to(session: Session, query: Select[Any], limit: int) -> tuple[int, bool]:
    """Return how many rows a query has, and whether counting ended at the limit."""
    found = session.scalar(select(func.count()).select_from(query.limit(limit).subquery())) or 0
    return found, found >= limit


def narrowing(session: Session, listing: Listing, name: str, text: str) -> Condition:
    """Return the condition of one filter parameter; raises Unreadable."""
    quick = listing.known(session, name, text)
    return _told(session, listing, name, text) if quick is None else quick


def _told(session: Session, listing: Listing, name: str, text: str) -> Condition:
    if name == "q" and listing.search is not None:
        return listing.search(_parse("q", _TEXT, text).strip()) if text.strip() else and_(True)
    if name in listing.extra:
        kind, condition = listing.extra[name]
        return condition(_parse(name, kind, text))
    if name in listing.networks:
        return cast("Condition", _in_network(listing, name, text))
    if name.startswith(CUSTOM) and listing.has_custom_fields:
        try:
            return by_custom_field(session, listing.model, name, text)
        except ValueError as error:
            raise unreadable(name, str(error)) from None
    base, _, operator = name.partition("__")
    found = listing.fields.get(base)
    if found is None or (operator and operator not in found.operators) or (name.endswith("__")):
        raise unreadable(name, f"there is no parameter {name!r} here")
    return cast("Condition", _compared(found, name, operator, text))


def _compared(found: Field, name: str, operator: str, text: str) -> Any:
    column, kind = found.column, found.kind
    if operator == "isnull":
        return column.is_(None) if _parse(name, BOOLEAN, text) else column.is_not(None)
    if operator == "in":
        parts = text.split(",")
        if len(parts) > MAX_IN:
            raise unreadable(name, f"at most {MAX_IN} values at once")
        return column.in_([_parse(name, kind, part) for part in parts])
    value = _parse(name, kind, text)
    if operator == "ne":
        return or_(column != value, column.is_(None)) if found.nullable else column != value
    if operator == "gt":
        return and_(found.key > value, column.is_not(None)) if found.nullable else column > value
    if operator == "lt":
        return found.key < value
    if operator == "contains":
        return column.icontains(value, autoescape=True)
    if operator == "startswith":
        return _starts(column, value)
    return column == value


def _starts(column: Any, value: str | bytes) -> Any:
    if isinstance(value, str):
        return column.istartswith(value, autoescape=True)
    stripped = value.rstrip(b"\xff")
    if not stripped:
        return column >= value
    return and_(column >= value, column < stripped[:-1] + bytes((stripped[-1] + 1,)))


def _in_network(listing: Listing, name: str, text: str) -> Any:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise unreadable(name, f"{text!r} is not a prefix like 10.0.0.0/24") from None
    first, last = cast("tuple[Any, Any]", listing.span)
    low, high = network.network_address, network.broadcast_address
    if name == "within":
        return first.between(low, high) if first is last else and_(first.between(low, high), last <= high)
    if name == "contains":
        return and_(first <= low, last >= high)
    return and_(first <= high, last >= low)


_TEXT: Final = Kind("text", lambda text: text[:200].replace("\0", ""), str, (), "", {})
Order = list[tuple[str, Field, bool]]


def _order(listing: Listing, sort: str) -> Order:
    """Return (name, field, descending) of each term; the key, ascending, goes last."""
    terms: Order = []
    for term in sort.split(","):
        name, down = term.strip().removeprefix("-"), term.strip().startswith("-")
        if name not in listing.fields:
            raise unreadable("sort", f"there is no field {name[:40]!r} to sort by")
        terms.append((name, listing.fields[name], down))
    names = [name for name, _, _ in terms]
    if len(names) > MAX_SORTS or len(set(names)) < len(names):
        raise unreadable("sort", f"at most {MAX_SORTS} different fields")
    if listing.key in names:
        return terms[: names.index(listing.key) + 1]
    terms.append((listing.key, listing.fields[listing.key], False))
    return terms


def _behind(order: Order, values: list[Any]) -> Condition:
    """Return the condition for rows after those values.

    One direction is one comparison of tuples, which an index answers. Else the first field bounds the part of
    the index that is read, and the rest decides.
    """
    keys = [f.key for _, f, _ in order]
    directions = {down for _, _, down in order}
    bound = [bindparam(None, value, f.column.type) for value, (_, f, _) in zip(values, order, strict=True)]
    if len(order) == 1:
        return keys[0] < bound[0] if order[0][2] else keys[0] > bound[0]
    if len(directions) == 1:
        left, right = tuple_(*keys), tuple_(*bound)
        return left < right if order[0][2] else left > right
    steps: list[Condition] = []
    for index, (_, _, down) in enumerate(order):
        same = [keys[i] == bound[i] for i in range(index)]
        steps.append(and_(*same, keys[index] < bound[index] if down else keys[index] > bound[index]))
    edge = keys[0] <= bound[0] if order[0][2] else keys[0] >= bound[0]
    return and_(edge, or_(*steps))


def _cursor(order: Order, wish: Wish, row: Any) -> str:
    values = [getattr(row, f.column.key) for _, f, _ in order]
    texts = [f.kind.write(f.kind.last if v is None else v) for v, (_, f, _) in zip(values, order, strict=True)]
    return write_cursor(wish.sort, texts)


def _read_cursor(order: Order, wish: Wish) -> list[Any]:
    parsers = [f.kind.parse for _, f, _ in order]
    return read_cursor(wish.cursor, wish.sort, parsers)


def write_cursor(sort: str, texts: Sequence[str]) -> str:
    """Return the cursor of a list in an order, behind a row whose fields are told as texts."""
    return urlsafe_b64encode(json.dumps([sort, *texts], separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: str, parsers: Sequence[Callable[[str], Any]]) -> list[Any]:
    """Return the fields that a cursor tells, each by its parser; raises Unreadable."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told, *texts = json.loads(urlsafe_b64decode(padded.encode()))
        if told != sort:
            raise ValueError
        return [parse(text) for parse, text in zip(parsers, texts, strict=True)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise unreadable("cursor", "this is no cursor of this list in this order") from None


def _parse(name: str, kind: Kind, text: str) -> Any:
    try:
        return kind.parse(text.strip() if kind is ADDRESS else text)
    except ValueError as error:
        raise unreadable(name, str(error)) from None


def unreadable(name: str, detail: str) -> Unreadable:
    """Return the error of a parameter that says nothing here."""
    return Unreadable(Problem(name, "bad_parameter", detail))

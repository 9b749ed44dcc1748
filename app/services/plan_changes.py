"""What changed in the plan from one revision to another, and where? Read off the audit, for what is kept of it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Subnet
from app.services.spans import Span, address_of, key, merge, span

CHANGED: Final = "changed"
"""Key in Session.info: what changed between two revisions."""
MOST: Final = 500
MOST_SPANS: Final = 50
"""After more changes than these, or changes in more places, what is kept is read anew."""
_PLACED: Final = {
    "addresses": ("ip",),
    "pools": ("first", "last", "kind", "subnet_id"),
    "reservations": ("ip", "subnet_id", "identifiers"),
    "subnets": ("first", "last", "prefix_len", "gateway", "dhcp_enabled"),
}
"""What of an object tells where it is and what it makes of its addresses: a change of aught else moves nothing."""
_ASIDE: Final = frozenset({
    "alert_rules", "client_classes", "custom_fields", "denied_clients", "leases", "option_definitions", "passwords",
    "sessions", "settings", "shared_networks", "tags", "tokens", "users", "vlans", "webhooks",
})  # fmt: skip
"""What has no address; of subnets that change with it there are lines of their own. Anything else might change
any address: an import tells of all its rows in one line."""


@dataclass(frozen=True, slots=True)
class Changed:
    """kinds: of the objects that came or went; told: ids of subnets that may be told otherwise.

    spans: where objects with addresses were and are, disjoint and in order.
    """

    kinds: frozenset[str]
    told: frozenset[int]
    spans: list[Span]

    @property
    def subnets(self) -> ColumnElement[bool]:
        """The condition of the subnets that lie in the spans."""
        ends = ((address_of(low), address_of(high)) for low, high in self.spans)
        return or_(*(and_(Subnet.first.between(low, high), Subnet.last <= high) for low, high in ends))

    def within(self, column: Any) -> ColumnElement[bool]:
        """Return the condition of an address that lies in the spans."""
        return or_(*(column.between(address_of(low), address_of(high)) for low, high in self.spans))

    def holds(self, first: int, last: int) -> bool:
        """Tell whether a subnet lies in the spans."""
        at = bisect_left(self.spans, (first + 1,)) - 1
        return at >= 0 and last <= self.spans[at][1]


def between(session: Session, since: int, upto: int) -> Changed | None:
    """Return what changed after a revision, up to another; None = too much, or the audit does not tell.

    All that is kept asks for the same: a session remembers what it was told last.
    """
    known: tuple[tuple[int, int], Changed | None] | None = session.info.get(CHANGED)
    if known is None or known[0] != (since, upto):
        known = session.info[CHANGED] = (since, upto), _between(session, since, upto)
    return known[1]


def _between(session: Session, since: int, upto: int) -> Changed | None:
    count = upto - since
    if not 0 < count <= MOST:
        return None
    lines = select(AuditEntry.revision, AuditEntry.object, AuditEntry.before, AuditEntry.after)
    newest = lines.where(AuditEntry.revision <= upto).order_by(AuditEntry.id.desc()).limit(count)
    rows = session.execute(newest).all()
    if {row.revision for row in rows} != set(range(since + 1, upto + 1)):
        return None
    try:
        return _changed(session, rows)
    except (KeyError, TypeError, ValueError):  # a line of another kind, of an older release maybe
        return None


def _changed(session: Session, rows: Sequence[Row[Any]]) -> Changed | None:
    spans = merge(each for row in rows for each in _places(session, row))
    if len(spans) > MOST_SPANS or _kinds(row.object for row in rows) - _PLACED.keys() - _ASIDE:
        return None
    came_or_went = _kinds(row.object for row in rows if row.before is None or row.after is None)
    told = frozenset(int(row.object.split("/")[1]) for row in rows if row.object.startswith("subnets/"))
    return Changed(came_or_went, told, spans)


def _kinds(objects: Iterable[str]) -> frozenset[str]:
    return frozenset(name.split("/")[0] for name in objects)


def _places(session: Session, row: Row[Any]) -> Iterator[Span]:
    """Yield where an object was and is, if it moved: of a pool also its subnet, whose edges it may meet."""
    kind = row.object.split("/")[0]
    fields, seen = _PLACED.get(kind, ()), [picture for picture in (row.before, row.after) if picture]
    if len(seen) == 2 and all(seen[0].get(name) == seen[1].get(name) for name in fields):
        return
    for picture in seen:
        if "first" in fields:
            yield span(ip_address(picture["first"]), ip_address(picture["last"]))
            subnet = session.get(Subnet, picture["subnet_id"]) if kind == "pools" else None
            if subnet is not None:
                yield span(subnet.first, subnet.last)
        elif fields and picture["ip"]:
            yield (key(ip_address(picture["ip"])),) * 2

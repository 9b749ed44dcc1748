"""What changed in the plan from one revision to another, and where? Read off the audit, for what is kept of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Subnet
from app.services.spans import Span, address_of, key, merge, span

MOST: Final = 50
"""After more changes than these, what is kept is read anew."""
_PLACED: Final = frozenset({"addresses", "pools", "reservations", "subnets"})
_ASIDE: Final = frozenset({
    "alert_rules", "client_classes", "custom_fields", "denied_clients", "leases", "option_definitions", "passwords",
    "sessions", "settings", "shared_networks", "tags", "tokens", "users", "vlans", "webhooks",
})  # fmt: skip
"""What has no address; of subnets that change with it there are lines of their own. Anything else might change
any address: an import tells of all its rows in one line."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The kinds of the objects that changed, those of objects that came or went (`moved`), and where all that have
    addresses were and are, as disjoint spans."""

    kinds: frozenset[str]
    moved: frozenset[str]
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
        return any(low <= first and last <= high for low, high in self.spans)


def between(session: Session, since: int, upto: int) -> Changed | None:
    """Return what changed after a revision, up to another; None = too much, or the audit does not tell."""
    count = upto - since
    if not 0 < count <= MOST:
        return None
    told = select(AuditEntry.revision, AuditEntry.object, AuditEntry.before, AuditEntry.after)
    newest = told.where(AuditEntry.revision <= upto).order_by(AuditEntry.id.desc()).limit(count)
    rows = session.execute(newest).all()
    kinds = _kinds(row.object for row in rows)
    if {row.revision for row in rows} != set(range(since + 1, upto + 1)) or kinds - _PLACED - _ASIDE:
        return None
    pictures = ((row.object.split("/")[0], seen) for row in rows for seen in (row.before, row.after) if seen)
    moved = _kinds(row.object for row in rows if row.before is None or row.after is None)
    return Changed(kinds, moved, merge(each for kind, seen in pictures for each in _places(session, kind, seen)))


def _kinds(objects: Iterable[str]) -> frozenset[str]:
    return frozenset(name.split("/")[0] for name in objects)


def _places(session: Session, kind: str, seen: Mapping[str, Any]) -> Iterator[Span]:
    """Yield where an object is: of a pool its subnet, whose edges it may meet."""
    if kind in ("subnets", "pools"):
        yield span(ip_address(seen["first"]), ip_address(seen["last"]))
        subnet = session.get(Subnet, seen["subnet_id"]) if kind == "pools" else None
        if subnet is not None:
            yield span(subnet.first, subnet.last)
    elif kind in _PLACED and seen.get("ip"):
        yield (key(ip_address(seen["ip"])),) * 2

"""When did a client last get or renew an address in a subnet? Kept in memory for each /24, and not in an index."""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, LargeBinary, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.models import Lease
from app.models.types import Address
from app.services.octets import driver_rows, number_of, raw
from app.services.spans import Span, address_of, key

LAST_LEASES: Final = "last leases"
"""Key in Session.info."""
GIVEN: Final = ("active", "expired", "released")
CELL_BITS: Final = 8
ALL_FROM: Final = 4096
"""Of a subnet with more cells all that are known are looked through."""


class LastLeases:
    """The last moment of each /24, in seconds since 1970. `of` leaves out what it does not know."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: dict[int, int] = {}
        self._known = False

    def load(self, session: Session) -> None:
        """Read all leases once; what is noted meanwhile is not lost."""
        sqlite = session.get_bind().dialect.name == "sqlite"
        cell: Any = func.substr(type_coerce(Lease.ip, LargeBinary), 1, 15)
        if not sqlite:
            cell = func.inet_send(func.network(func.set_masklen(Lease.ip, 24)), type_=LargeBinary)
        last = func.max(type_coerce(Lease.renewed_at, BigInteger))
        rows = driver_rows(session, select(cell, last).where(Lease.state.in_(GIVEN)).group_by(cell))
        with self._lock:
            for octets, at in rows:
                number = int.from_bytes(octets, "big") if sqlite else number_of(octets) >> CELL_BITS
                self._cells[number] = max(at, self._cells.get(number, 0))
            self._known = True

    def note(self, leases: Iterable[tuple[Address, datetime]]) -> None:
        """Take in leases that were given or renewed."""
        with self._lock:
            for ip, at in leases:
                self._cells[key(ip) >> CELL_BITS] = int(at.timestamp())

    def of(self, session: Session, spans: Mapping[int, Span]) -> dict[int, datetime]:
        """Return the last moment in some subnets by their id; of less than a /24 the leases themselves are read."""
        small = {id_: bounds for id_, bounds in spans.items() if bounds[1] - bounds[0] < (1 << CELL_BITS) - 1}
        found = _read(session, small) if small else {}
        if self._known:
            found |= {id_: self._last(bounds) for id_, bounds in spans.items() if id_ not in small}
        return {id_: datetime.fromtimestamp(at, UTC) for id_, at in found.items() if at}

    def _last(self, bounds: Span) -> int:
        low, high = bounds[0] >> CELL_BITS, bounds[1] >> CELL_BITS
        if high - low < ALL_FROM:
            return max((self._cells.get(cell, 0) for cell in range(low, high + 1)), default=0)
        with self._lock:
            return max((at for cell, at in self._cells.items() if low <= cell <= high), default=0)


def _read(session: Session, spans: Mapping[int, Span]) -> dict[int, int]:
    ends = ((address_of(low), address_of(high)) for low, high in spans.values())
    query = select(raw(session, Lease.ip), type_coerce(Lease.renewed_at, BigInteger))
    query = query.where(Lease.state.in_(GIVEN), or_(*(Lease.ip.between(low, high) for low, high in ends)))
    rows = sorted((number_of(octets), at) for octets, at in driver_rows(session, query))
    return {id_: max((at for _, at in _inside(rows, bounds)), default=0) for id_, bounds in spans.items()}


def _inside(rows: list[tuple[int, int]], bounds: Span) -> list[tuple[int, int]]:
    return rows[bisect_left(rows, (bounds[0],)) : bisect_left(rows, (bounds[1] + 1,))]

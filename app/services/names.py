"""Which addresses are leased under a name that holds a text? Kept in memory, so that no lease pays for an index.

All names stand in one row of bytes, which is searched as a whole: 20 MB take some 10 ms. What changes later stands
beside it until the row is made anew. The database stays the judge: whoever asks compares the rows found once more.
"""

import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Lease
from app.models.types import Address, pack_address, unpack_address

MAX_NAMES: Final = 4_000_000
MAX_CHANGED: Final = 50_000
"""Names beside the row before it is made anew."""
MAX_FOUND: Final = 2000
"""More addresses than this are not listed: a scan of the table finds a page of them soon enough."""
NAMES: Final = "names"
"""Key in Session.info."""


class Names:
    """The names of all leases. `find` answers None while it does not know."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._row, self._starts, self._keys = b"", array("L"), b""
        self._changed: dict[Address, str] = {}
        self.known = False

    def load(self, session: Session) -> None:
        """Read every name anew; what is noted meanwhile is not lost. More than `MAX_NAMES` are not kept."""
        with self._lock:
            before = set(self._changed)
        names, starts, keys, length = [], array("L"), bytearray(), 0
        query = select(Lease.ip, Lease.hostname).where(Lease.hostname != "").limit(MAX_NAMES + 1)
        for ip, name in session.execute(query.execution_options(yield_per=10_000)):
            told = name.lower().encode()
            names.append(told)
            starts.append(length)
            keys += pack_address(ip)
            length += len(told) + 1
        with self._lock:
            self._row, self._starts, self._keys = b"\n".join(names), starts, bytes(keys)
            self._changed = {ip: name for ip, name in self._changed.items() if ip not in before}
            self.known = len(starts) <= MAX_NAMES

    def note(self, leases: Iterable[tuple[Address, str]]) -> bool:
        """Take in names that were given; return whether it is time to load anew."""
        with self._lock:
            self._changed.update((ip, name.lower()) for ip, name in leases)
            return len(self._changed) > MAX_CHANGED

    def find(self, text: str) -> list[Address] | None:
        """Return the addresses whose name holds the text, whatever the case; None = unknown, or too many."""
        if not self.known or not text:
            return None
        with self._lock:
            row, starts, keys = self._row, self._starts, self._keys
            found = {pack_address(ip) for ip, name in self._changed.items() if text.lower() in name}
            changed = set(map(pack_address, self._changed))
        needle, position = text.lower().encode(), 0
        while (position := row.find(needle, position)) >= 0:
            index = bisect_right(starts, position) - 1
            key = keys[16 * index : 16 * index + 16]
            if key not in changed:
                found.add(key)
            if len(found) > MAX_FOUND:
                return None
            if index + 1 == len(starts):
                break
            position = starts[index + 1]
        return list(map(unpack_address, sorted(found)))


def leased_as(session: Session, column: Any, text: str) -> Any:
    """Return the condition that a lease's name holds the text; by the names in memory where they know."""
    named = column.icontains(text, autoescape=True)
    names: Names | None = session.info.get(NAMES)
    found = names.find(text) if names is not None else None
    return named if found is None else Lease.ip.in_(found) & named

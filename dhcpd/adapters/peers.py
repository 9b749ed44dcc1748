"""Which other workers serve from this database, and what did they write?

Workers share no connection but the database: each reports into its own row of `workers`, and each reads the events
behind the last one it has seen. A table that is behind costs a refused commit, never an address with two owners.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Engine, func, select, type_coerce

from app.models.events import LeaseEvent
from app.models.leases import Lease as LeaseRow
from app.models.workers import Worker
from dhcpd.adapters.store import LEASE_COLUMNS, database_clock, lease_of
from dhcpd.engine.balance import Balance
from dhcpd.engine.leases import Lease

SILENT_S: Final = 3
"""A worker reports each second; one that has not for this long is taken for dead, and its clients are shared."""
LEARN_LIMIT: Final = 5000
"""Events read at once: a tenth of a second's worth at the highest rate measured."""


class Roster(NamedTuple):
    """This worker's place among the live ones, and its host's; balance None = no other host."""

    rank: int
    workers: int
    balance: Balance | None


ALONE: Final = Roster(0, 1, None)


def host_of(worker: str) -> str:
    """Return the host of a worker's id, `host` or `host/number`."""
    return worker.partition("/")[0]


class HistoryLost(Exception):
    """Events that were read are gone: what is known of the leases must be read anew."""


class Peers:
    """What this worker knows of the others."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._seen = 0

    def begin(self) -> None:
        """Note which events there are; the leases are loaded after this, so that none is missed between."""
        with self._engine.connect() as connection:
            self._seen = connection.scalar(select(func.max(LeaseEvent.id))) or 0

    def roster(self) -> Roster:
        """Return the place among the workers that reported lately, by the database's clock."""
        alive = type_coerce(Worker.last_seen, BigInteger) >= database_clock(self._engine) - SILENT_S
        with self._engine.connect() as connection:
            names = set(connection.scalars(select(Worker.id).where(alive))) | {self._worker}
        if len(names) == 1:
            return ALONE
        workers, hosts = sorted(names), sorted({host_of(name) for name in names})
        balance = Balance(hosts.index(host_of(self._worker)), len(hosts)) if len(hosts) > 1 else None
        return Roster(workers.index(self._worker), len(workers), balance)

    def learn(self, newest: int) -> list[Lease]:
        """Return the leases that other workers changed up to the newest event, as they are now.

        Raises HistoryLost when the database knows less than it did: a standby that was behind took over.
        """
        if newest < self._seen:
            raise HistoryLost
        upto = min(newest, self._seen + LEARN_LIMIT)
        if upto <= self._seen:
            return []
        with self._engine.connect() as connection:
            fresh = LeaseEvent.id.between(self._seen + 1, upto) & (LeaseEvent.worker != self._worker)
            changed = select(LeaseEvent.ip).where(fresh).distinct()
            rows: Any = connection.execute(select(*LEASE_COLUMNS).where(LeaseRow.ip.in_(changed))).all()
        self._seen = upto
        return [lease_of(row) for row in rows if row.ip.version == 4]

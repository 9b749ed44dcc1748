"""What do administrators ask of the worker, and how is it done? The rows of `commands`."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Engine

from dhcpd.adapters import staging
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, DECLINED, QUARANTINED, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Snapshot
from dhcpd.engine.table import Table
from dhcpd.engine.takeover import TAKEN, UNDONE, give_back, take_over

Commit = Callable[[Sequence[LeaseChange], int], set[int] | None]
"""Makes changes durable; returns the addresses that were refused, None when the database can't be written."""
IMPORT: Final = "import"


class Orders:
    """Obeys commands, in the order in which they were given."""

    def __init__(self, engine: Engine, store: Store, commit: Commit) -> None:
        self._engine = engine
        self._store = store
        self._commit = commit

    def obey(self, table: Table, snapshot: Snapshot, *, now: int, loading: bool) -> None:
        """Do what is asked for; an import waits while a configuration is `loading`, which may hold its subnets."""
        for command_id, action, ip in self._store.commands():
            if action != IMPORT:
                self._change(table, snapshot, command_id, action, ip, now)
            elif not loading:
                self._take_over(table, snapshot, command_id, now)

    def _change(self, table: Table, snapshot: Snapshot, command_id: int, action: str, ip: int, now: int) -> None:
        """Release or quarantine an address."""
        lease: Lease | None = table.leases.get(ip)
        if lease is None or (action == "release" and lease.state != ACTIVE and lease.state not in QUARANTINED):
            self._store.finish_command(command_id, "no active lease", now=now)
            return
        if action == "quarantine":
            after = lease._replace(state=DECLINED, expires_at=now + snapshot.decline_hold_s)
            change = LeaseChange(lease, after, Reason.QUARANTINED)
        else:
            after = lease._replace(state=RELEASED, expires_at=now)
            change = LeaseChange(lease, after, Reason.RELEASED_BY_ADMIN)
        table.apply((change,))
        refused = self._commit([change], now)
        if refused is not None:
            self._store.finish_command(command_id, "refused" if refused else "done", now=now)

    def _take_over(self, table: Table, snapshot: Snapshot, command_id: int, now: int) -> None:
        """Take over a part of the leases that wait; the order stays until none is left."""
        outcomes: list[tuple[staging.Staged, str]] = []
        changes: list[LeaseChange] = []
        for row in staging.waiting(self._engine):
            if row.undo:
                found = give_back(row.foreign, table, now=now)
            else:
                found = take_over(row.foreign, snapshot, table, now=now)
            if isinstance(found, LeaseChange):
                table.apply((found,))
                changes.append(found)
            outcomes.append((row, found if isinstance(found, str) else UNDONE if row.undo else TAKEN))
        refused = self._commit(changes, now)
        if refused is None:
            return
        judged = [(row, "refused" if row.foreign.ip in refused else outcome) for row, outcome in outcomes]
        if judged:
            staging.judge(self._engine, judged)
        else:
            self._store.finish_command(command_id, "done", now=now)

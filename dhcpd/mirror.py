"""How does the table of leases keep in step with the database?

It is read at the start. From then on this worker's changes go through the pipeline, other workers' are learnt from
the events, and what a commit left in doubt is read again.
"""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine

from dhcpd.adapters.occupancy import Marks
from dhcpd.adapters.peers import ALONE, HistoryLost, Peers, Roster
from dhcpd.adapters.store import Store
from dhcpd.clock import Clock
from dhcpd.engine.table import Table

log = logging.getLogger("dhcpd")
DOUBTFUL_LIMIT: Final = 10_000
"""Addresses of unknown outcome read one by one; with more of them the whole table is read anew."""


class Mirror:
    """The table, and the clock by which it is read: the database's when there may be other workers.

    `settle` returns when all of this worker's changes are committed or taken back.
    """

    def __init__(self, engine: Engine, worker: str, store: Store, settle: Callable[[], None]) -> None:
        self.table = Table()
        self.clock = Clock()
        self._store = store
        self._settle = settle
        # SQLite has one worker, held by a lock.
        self._peers = None if engine.dialect.name == "sqlite" else Peers(engine, worker)
        self._doubtful: set[int] = set()
        self._marks = Marks()

    def read(self) -> None:
        """Fill the empty table, which uses the configuration already."""
        if self._peers is not None:
            self.clock = Clock(self._store.clock)
            self._peers.begin()
        self._marks = Marks()
        self.table.load(self._marks.noting(self._store.load_leases()))

    def check_blocks(self) -> None:
        """Mend what `lease_blocks` says of the leases, as soon as they are read."""
        marks, self._marks = self._marks, Marks()
        wrong = self._store.check_blocks(marks)
        if wrong:
            log.info("counted the leases of %d blocks of 64 addresses anew", wrong)

    def doubt(self, ips: set[int]) -> None:
        """Remember addresses that the database refused, or of which no answer came."""
        self._doubtful |= ips

    def catch_up(self) -> None:
        """Read what the database says of the addresses in doubt."""
        if len(self._doubtful) > DOUBTFUL_LIMIT:
            self._read_anew()
        for lease in self._store.read_leases(self._doubtful):
            self.table.learn(lease)
        self._doubtful.clear()

    def learn(self, newest: int) -> None:
        """Take in what other workers changed up to the newest event."""
        if self._peers is None:
            return
        try:
            for lease in self._peers.learn(newest):
                self.table.learn(lease)
        except HistoryLost:
            log.error("the database has lost events: reading all leases anew")
            self._read_anew()

    def meet(self) -> Roster:
        """Share clients and addresses with the workers that live now; return this one's place among them."""
        if self._peers is None:
            return ALONE
        roster = self._peers.roster()
        self.table.share(roster.rank, roster.workers)
        return roster

    def _read_anew(self) -> None:
        """Forget every lease and offer, and read what there is."""
        self._doubtful.clear()
        self._settle()
        self.table, old = Table(), self.table
        self.table.use(old.snapshot)
        self.read()
        self.check_blocks()

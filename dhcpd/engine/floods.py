"""Is a network flooded by clients that never were there, and who gets an address meanwhile?

A host that makes up hardware addresses takes a pool away in seconds. Part of each pool is kept for clients that are
known; when the rest would last less than RUNWAY_S at the rate at which newcomers arrive, there is a flood. While it
lasts:

    here before it began, or reserved           served as always
    a newcomer, first message                   no answer; it is remembered
    a newcomer that asks again after RETRY_S    an address of what is not kept, held and leased for a short time
    a declined address                          in quarantine for a short time

Real clients ask again after 3 or 4 s; a flood of made-up addresses has no time to.
"""

from typing import Final, NamedTuple

from dhcpd.engine.leases import ACTIVE, Lease

WINDOW_S: Final = 10
"""Newcomers are counted over this long."""
FEWEST: Final = 8
"""Fewer newcomers in a window are no flood, however small the pool."""
MANY: Final = 32
"""So many newcomers in a window may be a flood; fewer may be only where they are a quarter of what is free."""
RUNWAY_S: Final = 60
KNOWN_AFTER_S: Final = 600
"""A lease that began so long before the flood makes its client known, even when it has run out."""
RETRY_S: Final = 2
REMEMBERED_S: Final = 60
REMEMBERED: Final = 65_536
"""Newcomers remembered in each half of the memory; with more the older half is forgotten early."""
HOLD_S: Final = 10
QUARANTINE_S: Final = 300


class Newcomer(NamedTuple):
    """A client without reservation and lease asked for an address and was given `ip`; 0 = it was not.

    `spare` = free addresses of the link before this, less those that are kept; None = they were not counted.
    `port` = the circuit-id, where clients are counted by it.
    """

    link: int
    client_key: bytes
    now: int
    ip: int
    spare: int | None = None
    port: bytes = b""


class Returned(NamedTuple):
    """A client that was here before a flood has come back during it: it stays known, though its lease is new."""

    link: int
    client_key: bytes


Note = Newcomer | Returned


class Flood:
    """What is known of one link's newcomers; `since` 0 = there is no flood."""

    __slots__ = (
        "_memory", "_older", "_remembered_at", "_returned", "_window_at", "count", "counted_at", "seen_at",
        "since", "spare",
    )  # fmt: skip

    def __init__(self, now: int) -> None:
        self.since = 0
        self.count = 0
        self.spare = 0
        self.counted_at = 0
        self.seen_at = now
        self._window_at = now
        self._memory: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}
        self._remembered_at = now
        self._returned: set[bytes] = set()

    def rate(self, now: int) -> float:
        """Return newcomers a second."""
        return self.count / max(1, now - self._window_at)

    def wants_count(self, now: int) -> bool:
        """Tell whether the next newcomer is to bring the number of spare addresses: the 8th, 16th, 32nd..."""
        if self.since:
            return now != self.counted_at
        count = 1 if self._is_over(now) else self.count + 1
        return count >= FEWEST and count & (count - 1) == 0

    def note(self, newcomer: Newcomer) -> None:
        """Take a newcomer in; a flood may begin or end with it."""
        now = newcomer.now
        if self._is_over(now):
            if self.since and self.count < MANY:
                self.since, self._memory, self._older, self._returned = 0, {}, {}, set()
            self._window_at, self.count = now, 0
        self.seen_at = now
        self.count += 1
        if newcomer.spare is not None:
            self.spare, self.counted_at = newcomer.spare, now
            self._judge(now)
        self.spare -= newcomer.ip != 0
        if self.since:
            self._remember(newcomer.client_key, now)

    def _judge(self, now: int) -> None:
        enough = min(MANY, max(FEWEST, self.spare // 4))
        if not self.since and self.count >= enough and self.spare < self.rate(now) * RUNWAY_S:
            self.since = now

    def _is_over(self, now: int) -> bool:
        return now - self._window_at >= WINDOW_S

    def is_on(self, now: int) -> bool:
        """Tell whether the flood lasts: nobody new for two windows ends it."""
        return bool(self.since) and now - self.seen_at < 2 * WINDOW_S

    def knows(self, lease: Lease | None) -> bool:
        """Tell whether the client was here well before the flood."""
        return lease is not None and (
            lease.started_at <= self.since - KNOWN_AFTER_S or lease.client_key in self._returned
        )

    def is_trying(self, lease: Lease | None, ip: int, now: int) -> bool:
        """Tell whether a newcomer repeats itself before half of its short lease is over: that is no renewal."""
        if lease is None or lease.ip != ip or lease.state != ACTIVE or self.knows(lease):
            return False
        return now - lease.started_at < (lease.expires_at - lease.renewed_at) // 2

    def welcome(self, client_key: bytes) -> None:
        """Keep a client known for as long as the flood lasts."""
        if len(self._returned) < REMEMBERED:
            self._returned.add(client_key)

    def came_back(self, client_key: bytes, now: int) -> bool:
        """Tell whether the newcomer asked before, long enough ago for a client's retry."""
        first = self._memory.get(client_key) or self._older.get(client_key)
        return first is not None and now - first >= RETRY_S

    def _remember(self, client_key: bytes, now: int) -> None:
        if now - self._remembered_at >= REMEMBERED_S or len(self._memory) >= REMEMBERED:
            self._older, self._memory, self._remembered_at = self._memory, {}, now
        if client_key not in self._older:
            self._memory.setdefault(client_key, now)

"""What does the configuration say, in a form that answers in one look-up?"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from dhcpd.engine.classes import Classifier
from dhcpd.engine.scopes import Scope

__all__ = ["EMPTY", "Pool", "Reservation", "Scope", "Snapshot", "Subnet"]

ReservationKey = tuple[int, str, bytes]
ALL: Final = "all"
ALLOW: Final = "allow"
KNOWN: Final = "known"
BOOTP: Final = "bootp"
DENY: Final = "deny"
OFF: Final = "off"
LINKS: Final = "links"
EVERYWHERE: Final = "everywhere"


@dataclass(slots=True, eq=False)
class Pool:
    """An inclusive range of addresses that may be given out; guard = the class whose clients alone get one.

    `clients` says to whom: ALL that speak DHCP, those with a reservation on the link (KNOWN), those without one
    ("unknown"), or those that speak BOOTP alone.
    """

    id: int
    subnet_id: int
    first: int
    last: int
    scope: Scope
    guard: str | None = None
    clients: str = ALL


@dataclass(slots=True, eq=False)
class Subnet:
    """A prefix with its lease times in seconds; renew_s and rebind_s None = half, seven eighths.

    guard = the class whose clients alone are served here.
    `random_macs` says who with a locally administered address is served: all (ALLOW), KNOWN or none (DENY).
    `policed` and `guarded` are worked out: is there anything to ask about a client, or about its pool?
    """

    id: int
    first: int
    last: int
    link: int
    scope: Scope
    pools: tuple[Pool, ...]
    lease_s: int
    min_lease_s: int
    max_lease_s: int
    renew_s: int | None = None
    rebind_s: int | None = None
    authoritative: bool = True
    dhcp_enabled: bool = True
    ignore_client_id: bool = False
    guard: str | None = None
    rapid_commit: bool = False
    bootp: bool = False
    ping_check: bool = False
    known_only: bool = False
    random_macs: str = ALLOW
    min_secs: int = 0
    offer_delay_ms: int = 0
    policed: bool = field(init=False)
    guarded: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out the flags that spare the packets of plain subnets every further question."""
        self.policed = self.known_only or self.random_macs != ALLOW
        self.guarded = any(pool.clients != ALL or pool.guard is not None for pool in self.pools)

    def pool_of(self, ip: int) -> Pool | None:
        """Return the pool that holds the address."""
        for pool in self.pools:
            if pool.first <= ip <= pool.last:
                return pool
        return None


@dataclass(slots=True, eq=False)
class Reservation:
    """What a device is promised; ip None = settings only."""

    id: int
    subnet_id: int
    ip: int | None
    hostname: str
    scope: Scope


class Denied:
    """Hardware addresses that get no answer: whole ones, or the octets with which they begin."""

    __slots__ = ("_by_length",)

    def __init__(self, prefixes: Iterable[bytes]) -> None:
        self._by_length: dict[int, set[bytes]] = {}
        for prefix in prefixes:
            self._by_length.setdefault(len(prefix), set()).add(prefix)

    def __bool__(self) -> bool:
        """Tell whether anybody is denied."""
        return bool(self._by_length)

    def __contains__(self, mac: bytes) -> bool:
        """Tell whether the address is denied."""
        return any(mac[:length] in prefixes for length, prefixes in self._by_length.items())


@dataclass(slots=True, eq=False)
class Snapshot:
    """The whole configuration at one revision, frozen after construction; classes None = there are none.

    `leasequery` holds the ranges (first, last) of relays whose questions are answered (RFC 4388). `defence` against
    floods of newcomers: OFF, LINKS (clients that no relay stands before) or EVERYWHERE. Limits: 0 = none.
    """

    revision: int
    subnets: tuple[Subnet, ...]
    interfaces: dict[str, int]
    relays: dict[int, int]
    reservations: dict[ReservationKey, Reservation]
    reserved: dict[int, Reservation]
    blocked: frozenset[int]
    offer_hold_s: int = 60
    decline_hold_s: int = 86400
    classes: Classifier | None = None
    denied: Denied = field(default_factory=lambda: Denied(()))
    leasequery: tuple[tuple[int, int], ...] = ()
    defence: str = OFF
    known_reserve_percent: int = 10
    clients_per_port: int = 0
    client_rate_limit: int = 0
    interface_rate_limit: int = 0
    limit_relayed: bool = False
    links: dict[int, tuple[Subnet, ...]] = field(init=False)
    policed: frozenset[int] = field(init=False)
    kinds: frozenset[str] = field(init=False)
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the subnets and group them by link."""
        self.subnets = tuple(sorted(self.subnets, key=lambda s: s.first))
        self._starts = [s.first for s in self.subnets]
        links: dict[int, list[Subnet]] = {}
        for subnet in self.subnets:
            links.setdefault(subnet.link, []).append(subnet)
        self.links = {link: tuple(members) for link, members in links.items()}
        self.policed = frozenset(subnet.link for subnet in self.subnets if subnet.policed)
        self.kinds = frozenset(kind for _, kind, _ in self.reservations)

    def subnet_of(self, ip: int) -> Subnet | None:
        """Return the served subnet that holds the address (served subnets never overlap)."""
        index = bisect_right(self._starts, ip) - 1
        if index < 0 or ip > self.subnets[index].last:
            return None
        return self.subnets[index]

    def reserved_for(self, link: Iterable[Subnet], keys: Iterable[tuple[str, bytes]]) -> Reservation | None:
        """Return the reservation that any of the identifiers has on the link; the first key wins."""
        if not self.reservations:
            return None
        subnets = tuple(link)
        for kind, value in keys:
            for subnet in subnets:
                found = self.reservations.get((subnet.id, kind, value))
                if found is not None:
                    return found
        return None


EMPTY = Snapshot(0, (), {}, {}, {}, {}, frozenset())
"""A server that starts with no subnets answers nobody."""

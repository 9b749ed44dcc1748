"""What does the configuration say, in a form that answers in one look-up?"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from dhcpd.engine.classes import Classifier
from dhcpd.engine.scopes import Scope

__all__ = ["EMPTY", "Pool", "Reservation", "Scope", "Snapshot", "Subnet"]

ReservationKey = tuple[int, str, bytes]


@dataclass(slots=True, eq=False)
class Pool:
    """An inclusive range of addresses that may be given out; guard = the class whose clients alone get one."""

    id: int
    subnet_id: int
    first: int
    last: int
    scope: Scope
    guard: str | None = None


@dataclass(slots=True, eq=False)
class Subnet:
    """A prefix with its lease times in seconds; renew_s and rebind_s None = half, seven eighths.

    guard = the class whose clients alone are served here.
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


@dataclass(slots=True, eq=False)
class Snapshot:
    """The whole configuration at one revision, frozen after construction; classes None = there are none."""

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
    links: dict[int, tuple[Subnet, ...]] = field(init=False)
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the subnets and group them by link."""
        self.subnets = tuple(sorted(self.subnets, key=lambda s: s.first))
        self._starts = [s.first for s in self.subnets]
        links: dict[int, list[Subnet]] = {}
        for subnet in self.subnets:
            links.setdefault(subnet.link, []).append(subnet)
        self.links = {link: tuple(members) for link, members in links.items()}

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

"""Which address is free, whose is it, and what runs out when? The database's image in memory."""

from collections.abc import Callable, Iterable, Iterator

from dhcpd.engine.book import Leases
from dhcpd.engine.clients import Clients
from dhcpd.engine.floods import Flood, Newcomer, Note, Returned
from dhcpd.engine.free_addresses import FreeAddresses
from dhcpd.engine.holds import Holds
from dhcpd.engine.leases import (
    ACTIVE,
    DECLINED,
    EXPIRED,
    NEVER,
    QUARANTINED,
    Change,
    Hold,
    Lease,
    LeaseChange,
    Unhold,
)
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import EMPTY, Pool, Snapshot
from dhcpd.engine.timers import Timers


class Table:
    """All bindings and offers. `apply` and `revert` are the only ways to change it."""

    def __init__(self) -> None:
        self.snapshot: Snapshot = EMPTY
        self.leases = Leases()
        self._clients = Clients()
        self._idle: set[int] = set()
        self._holds = Holds()
        self._timers = Timers()
        self._free: dict[tuple[int, int], FreeAddresses] = {}
        self._declines: dict[bytes, int] = {}
        self._rank, self._parts = 0, 1
        self.floods: dict[int, Flood] = {}
        self.on_port: dict[tuple[int, bytes], set[int]] = {}

    def load(self, leases: Iterable[Lease]) -> None:
        """Fill an empty table with what the database holds, each lease in the subnet that has its address now."""
        newest: dict[int, int] = {}
        moved: list[Lease] = []
        stow, know, home = self.leases.stow, self._clients.add, None
        for lease in leases:
            if home is None or not home.first <= lease.ip <= home.last:
                home = self.snapshot.subnet_of(lease.ip)
            if home is not None and home.id != lease.subnet_id:
                lease = lease._replace(subnet_id=home.id)  # the same lease, at home
                moved.append(lease)
            stow(lease)
            if lease.state == ACTIVE:
                know(lease)
            else:
                newest[lease.ip] = lease.renewed_at
            if lease.state == DECLINED:
                self._count_decline(lease.mac, 1)
            if _runs(lease):
                self._timers.add(lease.expires_at, lease.ip)
        for lease in sorted(moved, key=_recency):
            if lease.state == ACTIVE:
                know(lease)  # once more: of what came together, the newest is the client's
        self._idle = set(newest)
        for ip in sorted(newest, key=newest.__getitem__):
            lease = self.leases[ip]
            if lease.state not in QUARANTINED and not self._clients.knows(lease):
                self._clients.add(lease)
        self._return_used([pool for subnet in self.snapshot.subnets for pool in subnet.pools], ())

    def _watch(self) -> None:
        self._timers = Timers()
        for lease in self.leases.unpacked():
            if _runs(lease):
                self._timers.add(lease.expires_at, lease.ip)

    def use(self, snapshot: Snapshot) -> None:
        """Serve from another configuration; what stayed the same keeps its allocation state."""
        old, self.snapshot = self.snapshot, snapshot
        self._rehome(old)
        kept: dict[tuple[int, int], FreeAddresses] = {}
        fresh: list[Pool] = []
        for pool in (p for s in snapshot.subnets for p in s.pools):
            allocator = self._free.get((pool.first, pool.last))
            kept[pool.first, pool.last] = allocator or self._free_addresses(pool.first, pool.last)
            if allocator is None:
                fresh.append(pool)
        self._free = kept
        self._return_used(fresh, {ip for kept in (old.blocked, old.reserved) for ip in kept if self._may_serve(ip)})

    def _rehome(self, old: Snapshot) -> None:
        """Put leases into the subnet that holds their address now: a split, merge or resize moves no client.

        Those in ranges that are new, changed or gone are looked at.
        """
        before, after = ({(s.id, s.first, s.last) for s in snapshot.subnets} for snapshot in (old, self.snapshot))
        moved: dict[int, Lease] = {}
        for lease in self._leases_in(before ^ after):
            home = self.snapshot.subnet_of(lease.ip)
            if home is not None and home.id != lease.subnet_id:
                moved[lease.ip] = lease._replace(subnet_id=home.id)
        for lease in sorted(moved.values(), key=_recency):
            known = self._clients.knows(self.leases[lease.ip])
            self._clients.remove(self.leases[lease.ip])
            self.leases[lease.ip] = lease
            if known and lease.state not in QUARANTINED:
                self._clients.add(lease)

    def _leases_in(self, spans: Iterable[tuple[int, int, int]]) -> Iterator[Lease]:
        """Yield the leases of ranges (subnet id, first, last); one in two ranges twice."""
        for _, first, last in spans:
            if last - first < len(self.leases):
                ips = [ip for ip in range(first, last + 1) if ip in self.leases]
            else:
                ips = [ip for ip in self.leases if first <= ip <= last]
            yield from self.leases.unpacked(ips)

    def share(self, rank: int, parts: int) -> None:
        """Take new addresses from the part `rank` of `parts` first, and watch over the leases of this part alone.

        Called when the live workers change; a lease whose watcher died has a new one after this.
        """
        if (rank, parts) == (self._rank, self._parts):
            return
        self._rank, self._parts = rank, parts
        self._watch()
        old, self._free = self._free, {}
        for first, last in old:
            self._free[first, last] = self._free_addresses(first, last)
        for allocator in old.values():
            for ip in allocator.given_back():
                self._make_reusable(ip, first=False)

    def _free_addresses(self, first: int, last: int) -> FreeAddresses:
        return FreeAddresses(first, last, self._rank, self._parts)

    def learn(self, lease: Lease) -> None:
        """Take in what the database holds of an address: another worker wrote it."""
        known = self.leases.get(lease.ip)
        if known != lease:
            self._bind(known, lease)

    def _may_serve(self, ip: int) -> bool:
        return ip not in self.snapshot.blocked and ip not in self.snapshot.reserved

    def _return_used(self, fresh: list[Pool], freed: Iterable[int]) -> None:
        for ip in freed:
            self._make_reusable(ip, first=False)
        if not fresh or not self._idle:
            return
        spans = {(p.first, p.last) for p in fresh}
        found = [ip for ip in self._idle if (p := self._pool_of(ip)) and (p.first, p.last) in spans]
        for ip in sorted(found, key=lambda ip: self.leases[ip].renewed_at):
            self._make_reusable(ip, first=False)

    def _pool_of(self, ip: int) -> Pool | None:
        subnet = self.snapshot.subnet_of(ip)
        return subnet.pool_of(ip) if subnet else None

    def _make_reusable(self, ip: int, *, first: bool) -> None:
        pool = self._pool_of(ip)
        if pool is None:
            return
        allocator = self._free[pool.first, pool.last]
        allocator.give_back(ip, first=first)

    # --- questions ---

    def binding(self, link: int, client_key: bytes, mac: bytes) -> Lease | None:
        """Return the client's present or previous lease on the link, by its key, else by its MAC.

        The second look finds a PXE ROM's lease again when the OS sends an identifier (RFC 4361 §6.3).
        """
        lease = self._latest(link, self._clients.by_key, client_key)
        if lease is not None:
            return lease if lease.client_key == client_key else None
        lease = self._latest(link, self._clients.by_mac, mac) if mac else None
        if lease is None or lease.mac != mac or (lease.client_id and client_key[:1] == b"\1"):
            return None
        return lease

    def _latest(self, link: int, find: Callable[[int, bytes], Iterable[int]], key: bytes) -> Lease | None:
        """Return the client's lease on the link: the active one, else the one that was renewed last."""
        best: Lease | None = None
        for subnet in self.snapshot.links.get(link, ()):
            for ip in find(subnet.id, key):
                lease: Lease | None = self.leases.get(ip)
                if lease is not None and (best is None or _recency(lease) > _recency(best)):
                    best = lease
        return best

    def held_for(self, link: int, client_key: bytes, now: int) -> int | None:
        """Return the address offered to the client and still held."""
        return self._holds.held_for(link, client_key, now)

    def hold_on(self, ip: int, now: int) -> Hold | None:
        """Return the offer that holds the address."""
        return self._holds.on(ip, now)

    def leases_of(self, mac: bytes, client_id: bytes) -> list[Lease]:
        """Return the last lease on each link of a client known by its identifier, else by its hardware address."""
        find, key = (self._clients.by_key, b"\1" + client_id) if client_id else (self._clients.by_mac, mac)
        latest = (self._latest(link, find, key) for link in self.snapshot.links)
        return [x for x in latest if x is not None and (x.client_id == client_id if client_id else x.mac == mac)]

    def is_free_for(self, ip: int, keys: tuple[bytes, ...], now: int) -> bool:
        """Tell whether nobody but this client, known by `keys`, leases the address or holds an offer of it."""
        hold = self._holds.on(ip, now)
        if hold is not None and hold.client_key not in keys:
            return False
        lease = self.leases.get(ip)
        if lease is None:
            return True
        if lease.state == ACTIVE:
            return lease.client_key in keys or lease.expires_at <= now
        return lease.state not in QUARANTINED or lease.expires_at <= now

    def is_allocatable(self, ip: int, keys: tuple[bytes, ...], now: int) -> bool:
        """Tell whether the address is in a pool, known to nobody else and free for the client."""
        return self._may_serve(ip) and self._pool_of(ip) is not None and self.is_free_for(ip, keys, now)

    def next_free(self, pool: Pool, client_key: bytes, now: int) -> int | None:
        """Return an address of the pool, O(1) amortised: never used before, then least recently used."""
        allocator = self._free[pool.first, pool.last]
        unused = allocator.unused(self._is_unused)
        if unused is not None:
            return unused

        def may_have(ip: int) -> bool:
            return ip not in self._holds and self.is_allocatable(ip, (client_key,), now)

        return allocator.used(may_have, self._is_unused)

    def _is_unused(self, ip: int) -> bool:
        return ip not in self.leases and ip not in self._holds and self._may_serve(ip)

    def offers(self, *, now: int) -> list[tuple[int, int]]:
        """Return the newest offers that are held: (address, when the hold ends), at most 256."""
        return self._holds.newest(now)

    def is_free(self, ip: int, now: int) -> bool:
        """Tell whether nobody leases the address or has been offered it, and a newcomer may get it."""
        lease = self.leases.get(ip)
        taken = (
            lease is not None and (lease.state == ACTIVE or lease.state in QUARANTINED) and lease.expires_at > now
        )
        return not taken and ip not in self._holds and self._may_serve(ip)

    def left_in(self, pool: Pool) -> int:
        """Return about how many addresses of a pool are free, without a look at each."""
        return self._free[pool.first, pool.last].left()

    def declines_of(self, mac: bytes) -> int:
        """Return how many addresses the client has in quarantine."""
        return self._declines.get(mac, 0)

    def next_deadline(self) -> int | None:
        """Return the moment at which `expire` next has work."""
        moments = (self._holds.next_end(), self._timers.next())
        return min((moment for moment in moments if moment is not None), default=None)

    # --- changes ---

    def apply(self, changes: Iterable[Change | Note]) -> None:
        """Take the changes in."""
        for change in changes:
            if type(change) is LeaseChange:
                self._bind(change.before, change.after)
            elif type(change) is Hold:
                self._hold(change)
            elif type(change) is Unhold:
                self._drop_hold(change.link, change.client_key)
            elif type(change) is Newcomer:
                self._meet(change)
            elif type(change) is Returned and change.link in self.floods:
                self.floods[change.link].welcome(change.client_key)

    def _meet(self, newcomer: Newcomer) -> None:
        flood = self.floods.get(newcomer.link)
        if flood is None:
            flood = self.floods[newcomer.link] = Flood(newcomer.now)
        flood.note(newcomer)
        if newcomer.port and newcomer.ip:
            self.on_port.setdefault((newcomer.link, newcomer.port), set()).add(newcomer.ip)

    def revert(self, change: LeaseChange) -> None:
        """Undo a change that the database refused or lost; the client, who will ask again, keeps its offer."""
        self._unbind(change)
        after = change.after
        subnet = self.snapshot.subnet_of(after.ip)
        if after.state != ACTIVE or subnet is None:
            return
        if self._holds.address_of(subnet.link, after.client_key) is None:  # no newer offer
            self._hold(Hold(after.ip, subnet.link, after.client_key, after.renewed_at + self.snapshot.offer_hold_s))

    def _unbind(self, change: LeaseChange) -> None:
        if change.before is not None:
            self._bind(change.after, change.before, keeps_offer=True)
            return
        self.leases.pop(change.after.ip, None)
        self._idle.discard(change.after.ip)
        self._clients.remove(change.after)
        self._make_reusable(change.after.ip, first=True)

    def _bind(self, before: Lease | None, after: Lease, *, keeps_offer: bool = False) -> None:
        ip = after.ip
        self.leases[ip] = after
        subnet = self.snapshot.subnet_of(ip)
        link = subnet.link if subnet else -1
        changes_hands = before is not None and before.client_key != after.client_key
        if before is not None and changes_hands:
            self._clients.remove(before)
        if after.state == ACTIVE:
            if before is None or changes_hands or before.state != ACTIVE:
                self._clients.add(after)
            self._idle.discard(ip)
            if not keeps_offer:
                self._drop_hold(link, after.client_key)
        elif before is not None and (before.state == ACTIVE or before.state in QUARANTINED):
            self._make_reusable(ip, first=False)
        if after.state != ACTIVE:
            self._idle.add(ip)
            if changes_hands and after.state not in QUARANTINED and not self._clients.knows(after):
                self._clients.add(after)
        if after.state in QUARANTINED and (before is None or before.state not in QUARANTINED):
            self._clients.remove(after)
        was_declined = before is not None and before.state == DECLINED
        if was_declined != (after.state == DECLINED):
            self._count_decline(
                before.mac if before is not None and was_declined else after.mac, -1 if was_declined else 1
            )
        if _runs(after) and (before is None or not _runs(before) or after.expires_at < before.expires_at):
            self._timers.add(after.expires_at, ip)

    def _count_decline(self, mac: bytes, change: int) -> None:
        left = self._declines.get(mac, 0) + change
        if left > 0:
            self._declines[mac] = left
        else:
            self._declines.pop(mac, None)

    def _hold(self, hold: Hold) -> None:
        if self._holds.address_of(hold.link, hold.client_key) != hold.ip:
            self._drop_hold(hold.link, hold.client_key)
        self._holds.add(hold)

    def _drop_hold(self, link: int, client_key: bytes) -> None:
        ip = self._holds.drop(link, client_key)
        if ip is None:
            return
        lease = self.leases.get(ip)
        if lease is None or lease.state != ACTIVE:
            self._make_reusable(ip, first=True)

    def postpone(self, seconds: int) -> None:
        """Let every lease, quarantine and offer run for longer: the clock has jumped forward by as much.

        In memory only; the database hears of it at each renewal.
        """
        for lease in [lease for lease in self.leases.unpacked() if _runs(lease)]:
            self.leases[lease.ip] = lease._replace(expires_at=lease.expires_at + seconds)
        self._holds.postpone(seconds)
        self._watch()

    def expire(self, now: int, *, limit: int) -> list[LeaseChange]:
        """Return at most `limit` leases that have run out; drop offers whose time is over."""
        for hold in self._holds.ended(now):
            self._drop_hold(hold.link, hold.client_key)
        changes: list[LeaseChange] = []
        while len(changes) < limit and (ip := self._timers.pop(now)) is not None:
            lease: Lease | None = self.leases.get(ip)
            if lease is None or not _runs(lease) or ip % self._parts != self._rank:
                continue  # another worker's part: its expiry is learnt from the database
            if lease.expires_at > now:
                self._timers.add(lease.expires_at, ip)
                continue
            changes.append(LeaseChange(lease, lease._replace(state=EXPIRED), Reason.EXPIRED))
            self._expire_one(changes[-1])
        return changes

    def _expire_one(self, change: LeaseChange) -> None:
        self.leases[change.after.ip] = change.after
        self._idle.add(change.after.ip)
        self._make_reusable(change.after.ip, first=False)
        if change.before is not None and change.before.state == DECLINED:
            self._count_decline(change.before.mac, -1)


def _recency(lease: Lease) -> tuple[bool, int]:
    return lease.state == ACTIVE, lease.renewed_at


def _runs(lease: Lease) -> bool:
    """Tell whether the lease (or quarantine) has an end that is to be watched."""
    return (lease.state == ACTIVE or lease.state in QUARANTINED) and lease.expires_at < NEVER

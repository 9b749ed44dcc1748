"""Do workers on one database keep out of each other's way, and take over from each other?"""

from itertools import cycle

import pytest

from dhcpd.engine.leases import ACTIVE, EXPIRED, Hold, Lease, LeaseChange, Unhold
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Pool, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table

NOW = 1_000_000
FIRST, LAST = 0x0A000064, 0x0A00006E
POOL = Pool(1, 1, FIRST, LAST, Scope({}))
PLAN = Snapshot(1, (Subnet(1, 0x0A000000, 0x0A0000FF, 1, Scope({}), (POOL,), 100, 10, 200),), {}, {}, {}, {},
                frozenset())  # fmt: skip


def table(rank: int, parts: int) -> Table:
    made = Table()
    made.use(PLAN)
    made.share(rank, parts)
    return made


def lease(ip: int, client: int, *, state: str = ACTIVE, expires_at: int = NOW + 100) -> Lease:
    key = bytes((0, 1, client))
    return Lease(ip, state, 1, key, key[1:], b"", "", "", NOW, NOW, expires_at, 0, 0, b"")


def assign(to: Table, client: int) -> int | None:
    ip = to.next_free(POOL, bytes((0, 1, client)), NOW)
    if ip is not None:
        to.apply([LeaseChange(to.leases.get(ip), lease(ip, client), Reason.ASSIGNED)])
    return ip


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_workers_that_know_nothing_of_each_other_choose_different_addresses(parts: int) -> None:
    tables = [table(rank, parts) for rank in range(parts)]
    each = (LAST - FIRST + 1) // parts
    chosen = [assign(to, client) for client in range(each) for to in tables]
    assert len(set(chosen)) == each * parts


def test_the_last_address_is_reached_from_either_worker() -> None:
    left, right = tables = (table(0, 2), table(1, 2))
    for client, (to, other) in zip(range(LAST - FIRST + 1), cycle((tables, tables[::-1])), strict=False):
        ip = assign(to, client)
        assert ip is not None
        other.learn(to.leases[ip])
    assert sorted(left.leases) == list(range(FIRST, LAST + 1))
    assert assign(left, 99) is assign(right, 99) is None


def test_an_address_freed_by_another_worker_is_found_again() -> None:
    mine = table(0, 2)
    for ip in range(FIRST, LAST + 1):
        mine.learn(lease(ip, ip & 255))
    freed = FIRST + 1
    mine.learn(lease(freed, 101, state=EXPIRED, expires_at=NOW))
    assert assign(mine, 99) == freed


def test_each_lease_is_watched_by_one_worker_and_by_another_when_it_dies() -> None:
    mine, theirs = table(0, 2), table(1, 2)
    for ip in range(FIRST, LAST + 1):
        for each in (mine, theirs):
            each.learn(lease(ip, ip & 255))
    expired = [change.after.ip for each in (mine, theirs) for change in each.expire(NOW + 100, limit=100)]
    assert sorted(expired) == list(range(FIRST, LAST + 1))
    survivor = table(0, 2)
    for ip in range(FIRST, LAST + 1):
        survivor.learn(lease(ip, ip & 255))
    first = survivor.expire(NOW + 100, limit=100)
    survivor.share(0, 1)
    assert len(first) + len(survivor.expire(NOW + 100, limit=100)) == LAST - FIRST + 1


def test_an_offer_that_ran_out_is_not_the_next_clients_and_takes_it_not_along() -> None:
    """Found by fuzzing: the address of an old offer was offered anew, and that offer was dropped."""
    mine, old, new = table(0, 1), bytes((0, 1, 1)), bytes((0, 1, 2))
    mine.apply([Hold(FIRST, 1, old, NOW + 10), Hold(FIRST, 1, new, NOW + 80)])
    assert (mine.held_for(1, old, NOW + 20), mine.held_for(1, new, NOW + 20)) == (None, FIRST)
    mine.apply([Unhold(1, old)])
    assert mine.held_for(1, new, NOW + 20) == FIRST
    mine.apply([Hold(FIRST, 1, old, NOW + 10), Hold(FIRST, 1, new, NOW + 80), Unhold(1, new)])
    assert mine.held_for(1, old, NOW + 5) is None

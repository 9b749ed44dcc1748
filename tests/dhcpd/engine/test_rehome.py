"""Do leases follow the plan when subnets come, change and go?"""

from dhcpd.engine.leases import ACTIVE, Lease
from dhcpd.engine.scopes import Scope
from dhcpd.engine.snapshot import Snapshot, Subnet
from dhcpd.engine.table import Table

NOW = 1_000_000
NET = 0x0A000000


def plan(*subnets: tuple[int, int, int]) -> Snapshot:
    """Return the configuration of subnets (id, first, last)."""
    made = tuple(Subnet(id_, first, last, id_, Scope({}), (), 100, 10, 200) for id_, first, last in subnets)
    return Snapshot(1, made, {}, {}, {}, {}, frozenset())


def table(count: int) -> Table:
    made = Table()
    keys = [b"\0\1" + n.to_bytes(6, "big") for n in range(count)]
    made.load(
        Lease(NET + n, ACTIVE, 1, key, key[2:], b"", "", "", NOW, NOW, NOW + 100, 0, 0, b"")
        for n, key in enumerate(keys)
    )
    return made


def homes(of: Table) -> dict[int, int]:
    return {lease.ip - NET: lease.subnet_id for lease in of.leases.unpacked()}


def test_a_split_moves_each_lease_into_its_part_and_its_client_keeps_it() -> None:
    served = table(4)
    served.use(plan((1, NET, NET + 255)))
    served.use(plan((1, NET, NET + 1), (2, NET + 2, NET + 255)))
    assert homes(served) == {0: 1, 1: 1, 2: 2, 3: 2}
    mac = (3).to_bytes(6, "big")
    found = served.binding(2, b"\0\1" + mac, mac)
    assert found is not None
    assert found.ip == NET + 3


def test_leases_of_a_deleted_subnet_are_taken_in_by_a_new_one() -> None:
    served = table(3)
    served.use(plan((1, NET, NET + 255), (5, NET + 512, NET + 767)))
    served.use(plan((5, NET + 512, NET + 767)))
    assert homes(served) == {0: 1, 1: 1, 2: 1}
    served.use(plan((9, NET, NET + 255), (5, NET + 512, NET + 767)))
    assert homes(served) == {0: 9, 1: 9, 2: 9}


def test_a_subnet_larger_than_the_table_is_searched_from_the_leases() -> None:
    served = table(3)
    served.use(plan((1, NET, NET + 255)))
    served.use(plan((8, NET, NET + (1 << 24) - 1)))
    assert homes(served) == {0: 8, 1: 8, 2: 8}


def test_other_subnets_leases_stay_as_they_are() -> None:
    served = table(3)
    served.use(plan((1, NET, NET + 255)))
    before = list(served.leases.unpacked())
    served.use(plan((1, NET, NET + 255), (2, NET + 256, NET + 511)))
    assert list(served.leases.unpacked()) == before

"""Are leases the same however they are kept?"""

import pytest

from dhcpd.engine import book
from dhcpd.engine.book import Leases
from dhcpd.engine.leases import ACTIVE, Lease


def lease(ip: int, renewals: int = 0) -> Lease:
    return Lease(ip, ACTIVE, 1, b"\0\1k", b"k", b"", f"host-{ip}", "", 1, 2, 3, renewals, 4, b"\1\1x")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Leases:
    monkeypatch.setattr(book, "HOT", 3)
    return Leases()


def test_what_was_packed_comes_back_equal(small: Leases) -> None:
    for ip in range(10):
        small[ip] = lease(ip)
    assert [small[ip] for ip in range(10)] == [lease(ip) for ip in range(10)]
    assert len(small) == 10
    assert {found.ip for found in small.unpacked()} == set(small) == set(range(10))


def test_stowed_leases_are_kept_and_can_be_replaced(small: Leases) -> None:
    for ip in range(5):
        small.stow(lease(ip))
    small[2] = lease(2, renewals=7)
    assert (len(small), small[2].renewals, small[4]) == (5, 7, lease(4))


def test_leases_of_some_addresses_are_told_without_the_others(small: Leases) -> None:
    for ip in range(6):
        small[ip] = lease(ip)
    assert list(small.unpacked([0, 5])) == [lease(0), lease(5)]
    with pytest.raises(KeyError):
        list(small.unpacked([99]))


def test_a_forgotten_address_has_no_lease(small: Leases) -> None:
    small.stow(lease(1))
    small[2] = lease(2)
    del small[1], small[2]
    assert (len(small), small.get(1), 2 in small) == (0, None, False)
    with pytest.raises(KeyError):
        del small[1]

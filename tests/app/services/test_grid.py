"""Do buckets count what their addresses are, whichever part of a prefix is looked at?"""

import random
from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from sqlalchemy import Engine

from app.database import SessionFactory, unit_of_work
from app.models import KnownAddress, Pool, Reservation, ReservationIdentifier, Subnet
from app.services import grid, plan_map
from app.services.addresses import describe
from app.services.errors import Invalid
from app.services.grid import width_of
from tests.builders import hold_leases, keeping_sessions

STATES = ("leased", "reserved", "static", "gateway", "declined", "excluded")

POOLS = [("10.0.0.200", "10.0.4.99", "dynamic"), ("10.0.1.250", "10.0.2.9", "excluded"),
         ("10.0.9.0", "10.0.9.255", "dynamic"), ("10.0.14.7", "10.0.15.200", "excluded")]  # fmt: skip


def make(factory: SessionFactory, cidr: str, **more: object) -> int:
    network = ip_network(cidr)
    with unit_of_work(factory) as session:
        ends = {"first": network[0], "last": network[-1]}
        row = Subnet(**ends, prefix_len=network.prefixlen, **more)
        session.add(row)
        session.flush()
        return row.id


@pytest.mark.parametrize("kept", [True, False], ids=["by the kept plan", "by what is asked"])
@pytest.mark.parametrize("seed", range(3))
def test_buckets_count_what_describing_each_address_gives(
    engine: Engine, seed: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_map, "LARGE", 0 if kept else 2**128)
    factory = keeping_sessions(engine)
    chance = random.Random(seed)
    subnet = make(factory, "10.0.0.0/20", gateway=IPv4Address("10.0.3.255"))
    make(factory, "10.0.5.0/24", dhcp_enabled=False)
    numbers = [int(ip_address("10.0.0.0")) + n for n in chance.sample(range(1, 4095), 700)]
    with unit_of_work(factory) as session:
        for first, last, kind in POOLS:
            session.add(Pool(subnet_id=subnet, first=ip_address(first), last=ip_address(last), kind=kind))
        session.add_all(KnownAddress(ip=IPv4Address(n), subnet_id=subnet) for n in numbers[:100])
        for n in numbers[100:300]:
            mac = ReservationIdentifier(subnet_id=subnet, type="mac", value=f"{n:012x}")
            session.add(Reservation(subnet_id=subnet, ip=IPv4Address(n), identifiers=[mac]))
    hold_leases(engine, *(str(IPv4Address(n)) for n in numbers[350:650]))
    hold_leases(engine, *(str(IPv4Address(n)) for n in numbers[650:]), state="declined")
    with unit_of_work(factory, writing=False) as session:
        row = session.get_one(Subnet, subnet)
        for start, end in (("", ""), ("10.0.1.77", "10.0.7.5"), ("10.0.4.0", "10.0.5.255")):
            found = grid.grid(session, row, start, end)
            assert found.cells is None and found.buckets is not None
            assert (str(found.buckets[0].first), str(found.buckets[-1].last)) == (
                start or "10.0.0.0",
                end or "10.0.15.255",
            )
            for bucket in found.buckets:
                cells = describe(session, [IPv4Address(n) for n in range(int(bucket.first), int(bucket.last) + 1)])
                counts: Counter[str] = Counter(cell.state for cell in cells)
                assert {name: getattr(bucket.usage, name) for name in STATES} == {
                    name: counts[name] for name in STATES
                }
                in_pool = sum(cell.state == "free" and cell.pool_id is not None for cell in cells)
                assert (bucket.usage.free, bucket.usage.unused) == (in_pool, counts["free"] - in_pool)


def test_ipv6_zooms_from_a_prefix_to_each_address(factory: SessionFactory) -> None:
    subnet = make(factory, "2001:db8::/64", dhcp_enabled=False, gateway=IPv6Address("2001:db8::1"))
    with unit_of_work(factory) as session:
        session.add(KnownAddress(ip=IPv6Address("2001:db8::ab:cdef"), subnet_id=subnet))
        ends = IPv6Address("2001:db8::1000"), IPv6Address("2001:db8::2:0")
        session.add(Pool(subnet_id=subnet, first=ends[0], last=ends[1]))
    start, end = "", ""
    with unit_of_work(factory, writing=False) as session:
        row = session.get_one(Subnet, subnet)
        for length in range(72, 128, 8):
            found = grid.grid(session, row, start, end)
            assert found.buckets is not None and len(found.buckets) == 256
            assert sum(bucket.usage.static for bucket in found.buckets) == 1
            if length == 72:
                assert sum(b.usage.pool for b in found.buckets) == int(ends[1]) - int(ends[0]) + 1
                assert sum(b.usage.gateway for b in found.buckets) == 1
                assert sum(b.usage.total for b in found.buckets) == 2**64 - 1
            inner = next(bucket for bucket in found.buckets if bucket.usage.static)
            start, end = str(inner.first), str(inner.last)
        cells = grid.grid(session, row, start, end).cells
    assert cells is not None and [cell.ip for cell in cells if cell.state == "static"] == ["2001:db8::ab:cdef"]


def test_a_bucket_is_never_smaller_than_a_grid_of_cells() -> None:
    sizes = {257: 256, 4096: 256, 65536: 256, 65537: 512, 2**24: 65536, 2**64: 2**56}
    assert {count: width_of(count) for count in sizes} == sizes


@pytest.mark.parametrize(
    ("start", "end"),
    [("x", ""), ("10.0.1.0", ""), ("", "2001:db8::"), ("10.0.0.9", "10.0.0.8"), ("", "9.255.255.255")],
)
def test_ends_that_do_not_fit_are_refused(factory: SessionFactory, start: str, end: str) -> None:
    subnet = make(factory, "10.0.0.0/24")
    with unit_of_work(factory, writing=False) as session, pytest.raises(Invalid):
        grid.grid(session, session.get_one(Subnet, subnet), start, end)

"""When was the last lease of a subnet given, also after more were, and of subnets of any size?"""

from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_network

from sqlalchemy import Engine, update

from app.database import SessionFactory, unit_of_work
from app.models import Lease
from app.services.last_leases import LastLeases
from app.services.spans import IPV4_BASE, Span
from tests.builders import hold_leases

T0 = 1_790_000_000
SUBNETS = ("10.0.0.0/8", "10.0.0.0/23", "10.0.1.0/24", "10.0.2.0/24", "10.0.1.0/25", "10.0.1.128/25", "10.0.1.7/32")


def span(cidr: str) -> Span:
    network = ip_network(cidr)
    return IPV4_BASE + int(network.network_address), IPV4_BASE + int(network.broadcast_address)


def told(known: LastLeases, factory: SessionFactory) -> dict[str, int]:
    """Return the seconds after the start at which the last lease of each subnet was."""
    with unit_of_work(factory, writing=False) as session:
        found = known.of(session, dict(enumerate(map(span, SUBNETS))))
    return {SUBNETS[id_]: int(at.timestamp()) - T0 for id_, at in found.items()}


def renew(factory: SessionFactory, address: str, at: int, state: str = "active") -> None:
    ip = IPv4Address(address)
    with unit_of_work(factory) as session:
        values = {"renewed_at": datetime.fromtimestamp(T0 + at, UTC), "state": state}
        session.execute(update(Lease).where(Lease.ip == ip).values(values))


def test_last_lease_is_that_of_the_whole_subnet(engine: Engine, factory: SessionFactory) -> None:
    known = LastLeases()
    hold_leases(engine, "10.0.0.9", "10.0.1.7", "10.0.1.200", "10.0.1.201")
    for address, at, state in (("10.0.0.9", 5, "expired"), ("10.0.1.7", 20, "active"), ("10.0.1.200", 10, "active"),
                               ("10.0.1.201", 90, "declined")):  # fmt: skip
        renew(factory, address, at, state)
    small = {"10.0.1.0/25": 20, "10.0.1.128/25": 10, "10.0.1.7/32": 20}
    assert told(known, factory) == small, "before all leases are read only small subnets are known"
    with unit_of_work(factory, writing=False) as session:
        known.load(session)
    assert told(known, factory) == {"10.0.0.0/8": 20, "10.0.0.0/23": 20, "10.0.1.0/24": 20, **small}
    known.note([(IPv4Address("10.0.2.4"), datetime.fromtimestamp(T0 + 30, UTC))])
    assert told(known, factory)["10.0.2.0/24"] == 30
    assert told(known, factory)["10.0.0.0/8"] == 30
    assert told(known, factory)["10.0.0.0/23"] == 20

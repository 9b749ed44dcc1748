"""Does the database decide the state of a reservation as the service does for one alone?"""

import random
from collections import Counter
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, select

from app.database import SessionFactory, unit_of_work
from app.models import Reservation, ReservationIdentifier, Subnet
from app.services import reservations, standings
from app.services.listing import Unreadable, cut, read_wish
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, EXPIRED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from tests.builders import keeping_sessions

BASE = int(IPv4Address("10.0.0.0"))


def identifiers(chance: random.Random, number: int) -> list[ReservationIdentifier]:
    """Return one or two identifiers of the device of that number."""
    mac = (b"\2\0\0\0\0" + bytes((number,))).hex()
    found = {"mac": mac, "client_id": f"01{mac}", "duid": f"0003{mac}", "circuit_id": f"aa{number:02x}bb",
             "remote_id": f"{number:02x}"}  # fmt: skip
    kinds = chance.sample(list(found), chance.choice((1, 1, 2)))
    return [ReservationIdentifier(subnet_id=1 + number % 2, type=kind, value=found[kind]) for kind in kinds]


def lease(chance: random.Random, ip: int, number: int) -> Lease:
    """Return a lease of the device of that number, sent through a relay or not."""
    mac = b"\2\0\0\0\0" + bytes((number,))
    client = chance.choice((b"", b"\1" + mac, b"\xff\0\0\0\7" + b"\0\3" + mac))
    relayed = b"\1\3\xaa" + bytes((number,)) + b"\xbb" + b"\2\1" + bytes((number,))
    state = chance.choice((ACTIVE, ACTIVE, EXPIRED))
    return Lease(
        BASE + ip, state, 1, client or b"\0\1" + mac, mac, client, "", "", 1, 1, 2**31, 0, 0,
        chance.choice((b"", relayed)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_state_by_sql_is_that_of_each_reservation(engine: Engine, factory: SessionFactory, seed: int) -> None:
    chance = random.Random(seed)
    with unit_of_work(factory) as session:
        for n in (0, 1):
            first = IPv4Address(BASE + 128 * n)
            session.add(Subnet(id=n + 1, first=first, last=first + 127, prefix_len=25))
        session.flush()
        for number in range(60):
            ip = IPv4Address(BASE + 128 * (number % 2) + number) if chance.random() < 0.7 else None
            session.add(Reservation(subnet_id=1 + number % 2, ip=ip, identifiers=identifiers(chance, number)))
    hosts = chance.sample(range(60), 50)
    spots = [128 * (n % 2) + n if chance.random() < 0.6 else chance.randrange(100, 250) for n in hosts]
    made = {spot: lease(chance, spot, n) for n, spot in zip(hosts, spots, strict=True)}
    assert (
        Store(engine, "w").commit([LeaseChange(None, row, Reason.ASSIGNED) for row in made.values()], now=2)
        == set()
    )
    sees(factory)
    sees(keeping_sessions(engine))


def sees(factory: SessionFactory) -> None:
    with unit_of_work(factory, writing=False) as session:
        rows = list(session.scalars(select(Reservation)))
        alone = {row.id: standings.states(session, [row])[row.id] for row in rows}
        for state in standings.STATES:
            found = cut(session, reservations.LISTING, read_wish([("state", state), ("limit", "100")])).rows
            assert {row.id for row in found} == {id_ for id_, one in alone.items() if one == state}, state
        assert len(Counter(alone.values())) >= 3
        with pytest.raises(Unreadable):
            cut(session, reservations.LISTING, read_wish([("state", "asleep")]))

"""Does the database decide the state of a reservation as the service does for one alone?"""

import random
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Reservation, ReservationIdentifier, Subnet
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import reservations, standings
from app.services.errors import DomainError
from app.services.listing import Unreadable, cut, read_wish
from app.services.reservations import CLOCK
from app.services.resizing import resize
from app.services.subnets import create_subnet
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
    assert refused(engine, leases(chance)) == set()
    sees(factory)
    sees(keeping_sessions(engine))


def refused(engine: Engine, rows: Iterable[Lease]) -> set[int]:
    """Write leases as a worker does."""
    changes = [LeaseChange(None, row, Reason.ASSIGNED) for row in rows]
    return Store(engine, "w").commit(changes, now=2)


def leases(chance: random.Random) -> list[Lease]:
    """Return leases of 50 devices, most of them of what they were promised."""
    hosts = chance.sample(range(60), 50)
    strange = [chance.choice((chance.randrange(60), chance.randrange(100, 250))) for _ in hosts]
    spots = [128 * (n % 2) + n if chance.random() < 0.6 else other for n, other in zip(hosts, strange, strict=True)]
    return list({spot: lease(chance, spot, n) for n, spot in zip(hosts, spots, strict=True)}.values())


@pytest.mark.parametrize("seed", range(4))
def test_state_is_known_anew_after_each_change(engine: Engine, seed: int) -> None:
    """Leases begin and end, reservations move, come and go, a subnet grows; each state is asked for in between."""
    chance, factory = random.Random(seed), keeping_sessions(engine)
    with unit_of_work(factory) as session:
        for n in (0, 1):
            create_subnet(session, CLOCK, SubnetIn(cidr=f"10.0.{n}.0/25"))
    for step in range(30):
        if step % 10 == 5:
            factory = keeping_sessions(engine)  # nothing is known, and the plan stays for some steps
        elif step % 10 < 5:
            with suppress(DomainError), unit_of_work(factory) as session:
                change(session, chance)
        if chance.random() < 0.7:
            refused(engine, chance.sample(leases(chance), 8))
        if chance.random() < 0.8:
            sees(factory, variety=0)
    sees(factory)


def change(session: Session, chance: random.Random) -> None:
    """Make, move and take back reservations, or change the size of a subnet; what is refused is left."""
    rows = session.scalars(select(Reservation)).all()
    gone = chance.sample(rows, min(len(rows), 3))
    for row in gone:
        reservations.delete_reservation(session, CLOCK, row.id)
    for row in rows:
        if row not in gone and chance.random() < 0.1:
            with suppress(DomainError):
                promise = promised(row.identifiers[0].value, chance.randrange(chance.choice((60, 256))))
                reservations.update_reservation(session, CLOCK, row.id, promise)
    for number in chance.sample(range(60), 8):
        with suppress(DomainError):
            reservations.create_reservation(session, CLOCK, promised(f"0200000000{number:02x}", number))
    if chance.random() < 0.3:
        resize(session, CLOCK, 1, chance.choice(("10.0.0.0/25", "10.0.0.0/24")))


def promised(mac: str, host: int) -> ReservationIn:
    told = {"ip": str(IPv4Address(BASE + host)), "identifiers": [{"type": "mac", "value": mac}]}
    return ReservationIn.model_validate(told)


def sees(factory: SessionFactory, variety: int = 3) -> None:
    with unit_of_work(factory, writing=False) as session:
        rows = list(session.scalars(select(Reservation)))
        alone = {row.id: standings.states(session, [row])[row.id] for row in rows}
        for state in standings.STATES:
            found = cut(session, reservations.LISTING, read_wish([("state", state), ("limit", "100")])).rows
            assert {row.id for row in found} == {id_ for id_, one in alone.items() if one == state}, state
        assert len(Counter(alone.values())) >= variety
        with pytest.raises(Unreadable):
            cut(session, reservations.LISTING, read_wish([("state", "asleep")]))

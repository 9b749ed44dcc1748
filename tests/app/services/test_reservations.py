"""Are many reservations changed together by the rules of each, and is one that breaks a rule left as it was?"""

from app.database import SessionFactory, unit_of_work
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import audit, reservations, subnets
from app.services.actors import Actor
from app.services.reservations import Change

OLGA = Actor("olga", "operator")


def wish(number: int, ip: str) -> ReservationIn:
    """Return a wish of a device by its number."""
    identifiers = [{"type": "mac", "value": f"02:00:00:00:00:{number:02x}"}]
    return ReservationIn.model_validate({"ip": ip, "identifiers": identifiers, "hostname": f"host{number}"})


def test_each_change_sees_those_before_it(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        subnets.create_subnet(session, OLGA, SubnetIn(cidr="10.0.0.0/24"))
        one, two, three = (
            reservations.create_reservation(session, OLGA, wish(n, f"10.0.0.{n}")) for n in (1, 2, 3)
        )
        results = reservations.change_reservations(session, OLGA, [
            Change(one, wish(1, "10.0.0.11")),
            Change(two, wish(2, "10.0.0.11")),
            Change(None, wish(4, "10.0.0.4")),
            Change(None, wish(5, "10.0.0.4")),
            Change(None, wish(2, "10.0.0.5")),
            Change(three, None),
        ])  # fmt: skip
        assert [str(result) for result in results if isinstance(result, Exception)] == [
            "10.0.0.11 is reserved already.",
            "10.0.0.4 is reserved already.",
            "02:00:00:00:00:02 has a reservation in this subnet already.",
        ]
        assert not session.dirty
    with unit_of_work(factory, writing=False) as session:
        rows = reservations.list_reservations(session)
        assert [(str(row.ip), row.hostname, row.version) for row in rows] == [
            ("10.0.0.2", "host2", 1), ("10.0.0.4", "host4", 1), ("10.0.0.11", "host1", 2)
        ]  # fmt: skip
        told = [(entry.action, entry.object, entry.revision) for entry in audit.list_entries(session, 3)]
    assert told == [
        ("delete", "reservations/3", 7), ("create", "reservations/4", 6), ("update", "reservations/1", 5)
    ]  # fmt: skip

"""Does an explanation from one link's configuration say what the whole configuration says?"""

from ipaddress import IPv4Address
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import KnownAddress, Pool, Reservation, ReservationIdentifier, Subnet
from app.schemas.explain import ExplainQuery
from app.services import explain as explanation
from app.services.links import on_links

MAC = "00:00:0c:00:00:07"


def plant(session: Session) -> None:
    """Plan four subnets: two on one link, one whose relay is listed, one that is not served."""
    floor: dict[str, Any] = {"shared_network": "floor"}
    others: tuple[dict[str, Any], ...] = ({"relays": ["192.0.2.7"]}, {"dhcp_enabled": False})
    for number, more in enumerate((floor, floor, *others), 1):
        ends = {"first": IPv4Address(f"10.{number}.0.0"), "last": IPv4Address(f"10.{number}.0.255")}
        told: dict[str, Any] = {"id": number, "prefix_len": 24, **ends, **more}
        session.add(Subnet(**told, gateway=IPv4Address(f"10.{number}.0.1")))
        session.flush()
        first, last = IPv4Address(f"10.{number}.0.1"), IPv4Address(f"10.{number}.0.90")
        session.add(Pool(subnet_id=number, first=first, last=last))
        session.add(KnownAddress(ip=IPv4Address(f"10.{number}.0.2"), subnet_id=number))
        identifier = ReservationIdentifier(subnet_id=number, type="mac", value=f"00000c00000{number}")
        ip = IPv4Address(f"10.{number}.0.{3 + number}")
        row = Reservation(subnet_id=number, ip=ip, hostname=f"host-{number}", identifiers=[identifier])
        session.add(row)


QUESTIONS: list[dict[str, Any]] = [
    {"subnet_id": 1}, {"subnet_id": 2}, {"subnet_id": 3}, {"relay": "10.2.0.1"}, {"relay": "192.0.2.7"},
    {"relay": "192.0.2.8"}, {"relay": "192.0.2.70"}, {"subnet_id": 1, "mac": "00:00:0c:00:00:02"},
    {"subnet_id": 3, "mac": "00:00:0c:00:00:03"}, {"subnet_id": 3, "mac": "00:00:0c:00:00:01"},
    {"subnet_id": 1, "message": "request", "ciaddr": "10.3.0.50"}, {"relay": "10.1.0.1", "message": "inform"},
    {"subnet_id": 3, "message": "request", "requested_ip": "10.1.0.50"},
]  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_explanation_of_a_link_is_that_of_the_whole(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    query = ExplainQuery(**{"mac": MAC, **asked})
    with unit_of_work(factory) as session:
        plant(session)
        session.flush()
        near = explanation.explain(session, query)
        everything = set(session.scalars(select(Subnet.id)))
        monkeypatch.setattr(explanation, "on_links", lambda *_: everything)
        assert near == explanation.explain(session, query)


def test_links_are_those_that_are_meant_and_no_others(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        plant(session)
        session.flush()
        assert on_links(session, 1, None, []) == {1, 2}
        assert on_links(session, 3, None, []) == {3}
        assert on_links(session, 4, None, []) == set()
        assert on_links(session, None, IPv4Address("192.0.2.7"), []) == {3}
        assert on_links(session, None, IPv4Address("192.0.2.70"), []) == set()
        assert on_links(session, 3, None, [IPv4Address("10.2.0.9")]) == {1, 2, 3}

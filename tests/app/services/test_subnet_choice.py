"""Is one of very many subnets found by what somebody types, and none by mistake?"""

from ipaddress import IPv4Address

import pytest
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Subnet
from app.services.subnet_choice import FEW, NONE, choice, meant, narrowed

BASE = int(IPv4Address("10.0.0.0"))


def plant(session: Session, count: int) -> None:
    rows = [
        {"first": IPv4Address(BASE + n * 256), "last": IPv4Address(BASE + n * 256 + 255), "prefix_len": 24,
         "id": n + 1, "name": "twice" if n < 2 else f"site-{n}"} for n in range(count)
    ]  # fmt: skip
    session.bulk_insert_mappings(Subnet.__mapper__, rows)


def test_few_subnets_are_a_list_and_more_are_searched_for(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        plant(session, FEW)
        few = choice(session, ["7"])
        assert (len(few.labels), few.searched) == (FEW, False)
        first, last = IPv4Address("10.9.0.0"), IPv4Address("10.9.0.255")
        session.add(Subnet(id=FEW + 1, first=first, last=last, prefix_len=24))
        session.flush()
        many = choice(session, ["7", "", "x", None, "99999999999"])
        assert (list(many.labels), many.searched) == ([7], True)
        assert [many.text(value) for value in ("7", 7, "8", "10.0", None)] == ["10.0.6.0/24"] * 2 + [
            "8",
            "10.0",
            "",
        ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None), ("  ", None), ("3", 3), ("10.0.2.0/24", 3), (" 10.0.2.9/24 ", 3), ("10.0.2.77", 3),
        ("site-2", 3), ("twice", NONE), ("10.0.2.0/25", NONE), ("192.0.2.1", NONE), ("site", NONE),
        ("1" * 12, NONE), ("2001:db8::/32", NONE),
    ],
)  # fmt: skip
def test_subnet_is_meant_by_id_prefix_address_or_its_own_name(
    factory: SessionFactory, text: str, wanted: int | None
) -> None:
    with unit_of_work(factory) as session:
        plant(session, 4)
        assert narrowed(session, text) == wanted
        if wanted is not None and wanted != NONE:
            assert meant(session, text) == str(wanted)

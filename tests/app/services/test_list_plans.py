"""Do the lists that people ask for most use an index, whether the database has counted its rows or not?"""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import Engine, text

from app.database import make_session_factory, unit_of_work
from app.services import audit, events, leases, reservations, subnets
from app.services.listing import Listing, Wish, cut
from tests.perf.api import Watch
from tests.perf.large_plan import fill

MAC: Final = "02:00:00:00:00:01"
FILTERED: Final[dict[str, tuple[Listing, str, tuple[tuple[str, str], ...]]]] = {
    "leases of a subnet": (leases.LISTING, "", (("subnet_id", "7"),)),
    "leases in a prefix": (leases.LISTING, "", (("within", "10.0.3.0/24"),)),
    "leases by MAC": (leases.LISTING, "", (("mac", MAC),)),
    "leases by vendor": (leases.LISTING, "", (("mac__startswith", "02:00:00"),)),
    "leases by client-id": (leases.LISTING, "", (("client_id", "01020000000001"),)),
    "leases of a state": (leases.LISTING, "", (("state", "conflict"),)),
    "leases of a state, last": (leases.LISTING, "-ip", (("state", "declined"),)),
    "leases of a rare state by end": (leases.LISTING, "expires_at", (("state", "conflict"),)),
    "leases that end soon": (leases.LISTING, "expires_at", (("expires_at__lt", "2026-09-22T00:00:00Z"),)),
    "events of an address": (events.LISTING, "", (("ip", "10.0.0.12"),)),
    "events of a subnet": (events.LISTING, "", (("subnet_id", "7"),)),
    "events after another": (events.LISTING, "id", (("id__gt", "2000"),)),
    "audit of an object": (audit.LISTING, "", (("object", "subnets/7"),)),
    "audit of a person": (audit.LISTING, "", (("actor", "person-3"),)),
    "audit of a request": (audit.LISTING, "", (("request_id", f"{7:032x}"),)),
    "subnets around an address": (subnets.LISTING, "", (("contains", "10.0.3.3"),)),
    "subnets by a part of a name": (subnets.LISTING, "", (("q", "site-0000"),)),
    "reservations by a part of a name": (reservations.LISTING, "", (("q", "server-1"),)),
    "reservations by a part of a name, last": (reservations.LISTING, "-ip", (("q", "server-1"),)),
}
ORDERED: Final[dict[str, tuple[Listing, str]]] = {
    "leases": (leases.LISTING, ""), "leases, last page": (leases.LISTING, "-ip"),
    "leases that end first": (leases.LISTING, "expires_at"),
    "leases that end last": (leases.LISTING, "-expires_at,ip"),
    "events": (events.LISTING, ""), "audit": (audit.LISTING, ""),
}  # fmt: skip
TABLES: Final = "leases|lease_events|audit|subnets|reservations|addresses"


@pytest.fixture(params=[False, True], ids=["not counted", "counted"])
def filled(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """A database with a plan, leases and their history."""
    fill(engine, 3000, 30, count=request.param)
    return engine


def plans(engine: Engine, what: Listing, sort: str, filters: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Yield the lines of the plans of a list. PostgreSQL reads small tables as a whole unless it is told not to."""
    watch = Watch(engine)
    with unit_of_work(make_session_factory(engine), writing=False) as session:
        cut(session, what, Wish(filters, sort))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        yield from watch.plan(connection)


def test_filtered_lists_read_no_table_as_a_whole(filled: Engine) -> None:
    """Neither by itself nor through an index from one end to the other."""
    whole = re.compile(rf"SCAN ({TABLES})\b|Seq Scan on ({TABLES})\b")
    found = {name: list(plans(filled, *asked)) for name, asked in FILTERED.items()}
    assert all(found.values())
    assert {name: lines for name, lines in found.items() if any(map(whole.search, lines))} == {}


def test_usual_orders_are_read_off_an_index(filled: Engine) -> None:
    """Rows that end in one second may be put in order beside it (an incremental sort)."""
    sorts = re.compile(r"TEMP B-TREE FOR ORDER|(?<!Incremental )Sort  \(")
    found = {name: list(plans(filled, what, sort, ())) for name, (what, sort) in ORDERED.items()}
    assert all(found.values())
    assert {name: lines for name, lines in found.items() if any(map(sorts.search, lines))} == {}

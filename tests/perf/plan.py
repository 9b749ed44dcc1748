"""What is configured? One large subnet with everyday options; many subnets and reservations for a reload."""

from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Final

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from app.models.pools import Pool
from app.models.reservations import Reservation, ReservationIdentifier
from app.models.settings import GlobalSettings
from app.models.subnets import Subnet
from app.models.workers import Revision
from tests.perf.lab import NETWORK, SERVER

OPTIONS: Final = (
    ("domain-name-servers", "192.0.2.53, 192.0.2.54"),
    ("domain-name", "bench.example"),
    ("ntp-servers", "192.0.2.123"),
)
"""As Kea writes them; each server gets the same three beside mask and router."""
DNSMASQ_OPTIONS: Final = (("dns-server", "192.0.2.53,192.0.2.54"), ("domain-name", "bench.example"),
                          ("ntp-server", "192.0.2.123"))  # fmt: skip
ISC_OPTIONS: Final = (("domain-name-servers", "192.0.2.53, 192.0.2.54"), ("domain-name", '"bench.example"'),
                      ("ntp-servers", "192.0.2.123"))  # fmt: skip
_ROWS: Final = [
    {"option": "domain-name-servers", "value": ["192.0.2.53", "192.0.2.54"]},
    {"option": "domain-name", "value": "bench.example"},
    {"option": "ntp-servers", "value": ["192.0.2.123"]},
]


def writing(engine: Engine) -> Session:
    """Return a session whose transaction takes SQLite's write lock at its start, as the web side's do."""
    return Session(engine.execution_options(writing=True))


def write_subnet(engine: Engine, pool: tuple[str, str], lease_s: int) -> None:
    """Write the subnet that every measurement serves, and the revision that makes the worker read it."""
    network = IPv4Network(NETWORK)
    with writing(engine) as session, session.begin():
        session.merge(GlobalSettings(id=1, lease_time=lease_s))
        subnet = Subnet(
            first=network[0],
            last=network[-1],
            prefix_len=network.prefixlen,
            gateway=IPv4Address(SERVER),
            options=_ROWS,
        )
        session.add(subnet)
        session.flush()
        first, last = (IPv4Address(text) for text in pool)
        session.add(Pool(subnet_id=subnet.id, first=first, last=last))
        bump_revision(session)


def write_many(engine: Engine, subnets: int, reservations: int) -> None:
    """Add subnets of 172.16.0.0/12 with reservations in each, in small transactions; no worker is told yet."""
    each = reservations // subnets
    for number, network in enumerate(islice(IPv4Network("172.16.0.0/12").subnets(new_prefix=22), subnets)):
        with writing(engine) as session, session.begin():
            row = Subnet(first=network[0], last=network[-1], prefix_len=22, gateway=network[1], options=_ROWS)
            session.add(row)
            session.flush()
            session.add(Pool(subnet_id=row.id, first=network[200], last=network[-2]))
            _write_reservations(session, row, number * each, each)


def announce(engine: Engine) -> None:
    """Tell workers that there is a new configuration."""
    with writing(engine) as session, session.begin():
        bump_revision(session)


def _write_reservations(session: Session, subnet: Subnet, start: int, count: int) -> None:
    made = [
        Reservation(subnet_id=subnet.id, ip=subnet.first + 2 + n, hostname=f"host{start + n}") for n in range(count)
    ]
    session.add_all(made)
    session.flush()
    rows = [{"reservation_id": r.id, "subnet_id": subnet.id, "type": "mac", "value": f"06{start + n:010x}"}
            for n, r in enumerate(made)]  # fmt: skip
    session.execute(insert(ReservationIdentifier), rows)


def save(engine: Engine, *, lease_s: int) -> None:
    """Change the lease time of every subnet, as a save in the browser does."""
    with writing(engine) as session, session.begin():
        session.merge(GlobalSettings(id=1, lease_time=lease_s))
        bump_revision(session)


def revision(engine: Engine) -> int:
    """Return the newest revision."""
    with Session(engine) as session:
        return session.scalar(select(Revision.number)) or 0


def number(text: str) -> int:
    """Return an address as an integer."""
    return int(IPv4Address(text))


def address(value: int) -> IPv4Address:
    """Return the address of an integer."""
    return IPv4Address(value)


def bump_revision(session: Session) -> int:
    """Tell the worker that the configuration changed; return the new revision."""
    row = session.get(Revision, 1) or Revision(id=1, number=0)
    row.number = (row.number or 0) + 1
    session.add(row)
    return row.number

"""What do lists and searches have to cope with? Fills a database with subnets, leases, their history and the audit.

10.0.0.0/8 holds /24 subnets from 10.0.0.0 on, each with a gateway, five reservations (.2 to .6), an address in
use (.7), a discovered one (.8), a pool (.10 to .250) and its share of the leases, with random MACs, from .10 on.
"""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final

from sqlalchemy import BigInteger, Engine, Table, func, insert, literal, select, text

from app.database import make_session_factory, unit_of_work
from app.models import (
    AuditEntry,
    CustomField,
    KnownAddress,
    Lease,
    LeaseEvent,
    Pool,
    Reservation,
    ReservationIdentifier,
    Subnet,
    Tag,
    UseSample,
    UseSeries,
    Vlan,
)
from app.services import occupancy

CHUNK: Final = 5000
STATES: Final = ("active", "expired", "released", "declined")
DEVICES: Final = ("printer", "phone", "laptop", "camera", "scanner", "sensor")
START: Final = 1_790_000_000
HOUR_S: Final = 3600
FORTNIGHT_H: Final = 14 * 24
HOURS_APART: Final = 5
BASE: Final = 0x0A000000
RARE: Final = 50_000
"""One lease of so many is of a stranger that answered at the address."""
Row = dict[str, Any]


def lease_rows(count: int, subnets: int) -> Iterator[Row]:
    """Yield leases, evenly over the subnets; the first of every tenth subnet is at a reserved address."""
    chance, each = random.Random(1), max(1, count // subnets)
    for number in range(count):
        subnet, host = divmod(number, each)
        mac, at = chance.randbytes(6), 10 + host
        if host == 0 and subnet % 10 == 0:
            at = 2  # the device of the reservation; once in a hundred another one
            mac = mac if subnet % 100 == 0 else promised_mac(subnet * 5 + 1)
        ends = None if number % 50 == 0 else moment(START + chance.randrange(7 * 86400))
        state = "conflict" if number % RARE == 77 else chance.choices(STATES, (90, 7, 2, 1))[0]
        yield {
            "ip": IPv4Address(BASE + subnet * 256 + at), "subnet_id": subnet + 1, "mac": mac,
            "state": state, "client_key": b"\1" + mac, "client_id": b"\1" + mac,
            "hostname": f"{chance.choice(DEVICES)}-{chance.randrange(10**6):06d}", "vendor_class": "MSFT 5.0",
            "started_at": moment(START - 86400), "renewed_at": moment(START), "expires_at": ends,
            "renewals": number % 7, "relay": None, "relay_info": b"", "worker": "perf",
        }  # fmt: skip


def moment(seconds: int) -> datetime:
    """Return the moment of whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def promised_mac(reservation: int) -> bytes:
    """Return the hardware address that a reservation is for."""
    return (0x020000000000 + reservation).to_bytes(6, "big")


def plan_rows(subnets: int) -> Iterator[tuple[type[Any], Row]]:
    """Yield the plan: subnets with what is in them, their tags, VLANs and custom fields."""
    for name in ("office", "lab"):
        yield Tag, {"name": name}
    yield CustomField, {"resource": "reservations", "name": "site", "type": "text", "choices": []}
    whole = {"first": IPv4Address(BASE), "last": IPv4Address(BASE + 2**24 - 1), "prefix_len": 8}
    yield Subnet, {**SUBNET, **whole, "id": subnets + 1, "name": "everything", "dhcp_enabled": False}
    for number in range(subnets):
        base, key = IPv4Address(BASE + number * 256), number + 1
        yield Subnet, {
            **SUBNET, "id": key, "first": base, "last": base + 255, "name": f"site-{number:05d}",
            "gateway": base + 1, "vlan": number % 4000 + 1, "vlan_group": f"group-{number // 4000}",
            "tags": ["lab"] * (number % 999 == 5),
        }  # fmt: skip
        group, vid = f"group-{number // 4000}", number % 4000 + 1
        yield Vlan, {"id": key, "group": group, "vid": vid, "name": f"vlan-{number}"}
        yield Pool, {"id": key, "subnet_id": key, "first": base + 10, "last": base + 250}
        yield from reservation_rows(number, base)
        for host, state in ((7, "static"), (8, "discovered"), *((11, "static"),) * (number % 500 == 3)):
            yield KnownAddress, {"ip": base + host, "subnet_id": key, "state": state, "hostname": f"nas-{number}"}


SUBNET: Final[Row] = {
    "prefix_len": 24, "gateway": None, "dhcp_enabled": True, "vlan": None, "vlan_group": "", "tags": [],
}  # fmt: skip
"""What each row tells: an INSERT of many has the columns of the first."""


def reservation_rows(number: int, base: IPv4Address) -> Iterator[tuple[type[Any], Row]]:
    """Yield the reservations of a subnet."""
    for host in range(5):
        own = number * 5 + host + 1
        site = {"site": f"building-{number}"} if host == 4 else {}
        yield Reservation, {
            "id": own, "subnet_id": number + 1, "ip": base + 2 + host, "hostname": f"server-{own}",
            "custom_fields": site, "tags": ["office"] * (own % 4999 == 7),
        }  # fmt: skip
        told = {"id": own, "reservation_id": own, "subnet_id": number + 1, "type": "mac"}
        yield ReservationIdentifier, {**told, "value": promised_mac(own).hex()}


def audit_rows(subnets: int) -> Iterator[Row]:
    """Yield how the subnets and their reservations were made, and each subnet changed once more."""
    for number in range(subnets):
        base = IPv4Address(BASE + number * 256)
        made = [(f"subnets/{number + 1}", base, base + 255, {"name": f"site-{number:05d}"})] * 2
        for host in range(5):
            own = number * 5 + host + 1
            made.append((f"reservations/{own}", base + 2 + host, base + 2 + host, {"hostname": f"server-{own}"}))
        for step, (object_, first, last, after) in enumerate(made):
            revision = number * len(made) + step + 1
            yield {
                "at": moment(START + revision), "actor": f"person-{number % 7}", "action": "create",
                "object": object_, "before": None, "after": after, "first": first, "last": last,
                "request_id": f"{number:032x}",
                "revision": revision, "message": f"CHG{number:05d}" if step == 1 else "",
            }  # fmt: skip


def use_rows(subnets: int, now: int) -> Iterator[Row]:
    """Yield how full each pool and subnet is, and all of them together."""
    pool = {"size": 241, "reserved": 0, "declined": 0, "free": 140, "leased": 101}
    for number in range(subnets * 2):
        subnet = number // 2 + 1
        owner = {"subnet_id": subnet, "pool_id": None} if number % 2 else {"subnet_id": None, "pool_id": subnet}
        yield {**pool, **owner, "id": number + 1, "at": moment(now - 60)}
    whole = {name: figure * subnets for name, figure in pool.items()}
    yield {**whole, "subnet_id": None, "pool_id": None, "id": subnets * 2 + 1, "at": moment(now - 60)}


def write_hours(engine: Engine, now: int) -> None:
    """Write how full each was in every fifth hour of two weeks: they fill up, up and down by a few."""
    own, names = UseSeries, ("size", "reserved", "declined")
    columns = ("series_id", "step_s", "at", *names, "leased", "free", "peak")
    with engine.connect().execution_options(writing=True) as connection:
        for back in range(FORTNIGHT_H, 0, -HOURS_APART):
            leased = own.leased - back // 9 - (own.id * 7 + back * 13) % 9
            given = (own.id, literal(HOUR_S), literal(now // HOUR_S * HOUR_S - back * HOUR_S, BigInteger))
            figures = (*(getattr(own, name) for name in names), leased, own.size - leased, leased)
            connection.execute(insert(UseSample).from_select(columns, select(*given, *figures)))
        connection.commit()


def fill(engine: Engine, leases: int, subnets: int, *, count: bool = True) -> None:
    """Fill an empty database; one that has leases stays as it is. count: the database counts its rows."""
    with engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(Lease)):
            return
    now = int(datetime.now(UTC).timestamp())
    kinds: dict[type[Any], list[Row]] = {}
    for model, row in plan_rows(subnets):
        kinds.setdefault(model, []).append(row)
    for model, found in kinds.items():
        write(engine, model, iter(found))
    write(engine, UseSeries, use_rows(subnets, now))
    write_hours(engine, now)
    write(engine, AuditEntry, audit_rows(subnets))
    write(engine, Lease, lease_rows(leases, subnets))
    write_events(engine)
    with unit_of_work(make_session_factory(engine)) as session:
        occupancy.rebuild(session)
    if count:
        analyze(engine)


def analyze(engine: Engine) -> None:
    """Let the database count, as PostgreSQL does by itself after a while."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))


def write_events(engine: Engine) -> None:
    """Note that each lease was given."""
    same = ("ip", "subnet_id", "mac", "client_id", "hostname", "expires_at", "worker")
    given = (*(getattr(Lease, name) for name in same), Lease.renewed_at, Lease.state, literal("assigned"))
    with engine.connect().execution_options(writing=True) as connection:
        names = [*same, "at", "type", "reason"]
        connection.execute(insert(LeaseEvent).from_select(names, select(*given).order_by(Lease.ip)))
        connection.commit()


def write(engine: Engine, model: type[Any], rows: Iterator[Row]) -> None:
    """Insert rows in chunks."""
    table: Table = model.__table__
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            write_chunk(engine, table, chunk)
            chunk = []
    write_chunk(engine, table, chunk)
    if engine.dialect.name == "postgresql" and "id" in table.c:
        with engine.begin() as connection:  # the rows bring their ids, so the next one has to be told
            newest = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
            connection.execute(text(newest))
    sys.stderr.write(f"filled {table.name}\n")


def write_chunk(engine: Engine, table: Table, rows: list[Row]) -> None:
    """Insert a chunk in a transaction."""
    if rows:
        with engine.connect().execution_options(writing=True) as connection:
            connection.execute(insert(table), rows)
            connection.commit()

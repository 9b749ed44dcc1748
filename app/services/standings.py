"""Does each device have what it was promised?"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.models import Lease, Reservation, ReservationIdentifier, Subnet
from app.models.types import Address, pack_address
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.relay import RELAY_KINDS, decode_relay_info

ACTIVE: Final = "active"
WAITING: Final = "waiting"
IDLE: Final = "idle"
CONFLICT: Final = "conflict"
STATES: Final = (ACTIVE, WAITING, IDLE, CONFLICT)
AT_ONCE: Final = 500
LEASED_AT_ONCE: Final = 5000
"""More addresses than these are looked for one by one."""
DUID_TYPE: Final = b"\xff"  # RFC 4361 §6.1: an IAID of four octets, then the DUID
Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a promise stands, and the lease that says so.

    active: the device has what it was promised. waiting: it has another address until its next renewal.
    conflict: somebody else has the address. idle: nobody has it.
    """

    state: str
    lease: Lease | None


def standings(session: Session, rows: Sequence[Reservation]) -> dict[int, Standing]:
    """Return how each reservation stands, in a few queries however many there are."""
    parts = (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
    leases = [lease for part in parts for lease in _leases(session, part)]
    by_ip = {lease.ip: lease for lease in leases}
    by_identity: dict[Identity, list[Lease]] = {}
    for lease in by_ip.values():
        for identity in identities(lease):
            by_identity.setdefault(identity, []).append(lease)
    ids = {row.subnet_id for row in rows}
    query = select(Subnet.id, Subnet.first, Subnet.last)
    bounds = {id_: (first, last) for id_, first, last in session.execute(query.where(Subnet.id.in_(ids)))}
    return {row.id: _standing(row, by_ip, by_identity, bounds[row.subnet_id]) for row in rows}


def states(session: Session, rows: Sequence[Reservation]) -> dict[int, str]:
    """Return only the state of each."""
    return {id_: standing.state for id_, standing in standings(session, rows).items()}


def _leases(session: Session, rows: Iterable[Reservation]) -> Iterable[Lease]:
    addresses, macs = [], []
    for row in rows:
        if row.ip is not None:
            addresses.append(row.ip)
        macs += [bytes.fromhex(i.value) for i in row.identifiers if i.type == "mac"]
    wanted = or_(one_of(session, Lease.ip, addresses), one_of(session, Lease.mac, macs))
    return session.scalars(select(Lease).where(Lease.state == "active", wanted))


def identities(lease: Lease) -> list[Identity]:
    """Return by which identifiers the holder of a lease is known."""
    found = [("mac", lease.mac.hex()), ("client_id", lease.client_id.hex())]
    if lease.client_id[:1] == DUID_TYPE:
        found.append(("duid", lease.client_id[5:].hex()))
    found += told_by_relay(lease.relay_info)
    return [(kind, value) for kind, value in found if value]


def told_by_relay(relay_info: bytes) -> list[Identity]:
    """Return the identifiers that a relay has told of a client."""
    if not relay_info:
        return []
    try:
        relay = decode_relay_info(relay_info)
    except DecodeError:  # it was checked when it was stored; an edited row must not stop a page
        return []
    return [(kind, relay[code].hex()) for kind, code in RELAY_KINDS if code in relay]


def _standing(
    row: Reservation,
    by_ip: dict[Address, Lease],
    by_identity: dict[Identity, list[Lease]],
    bounds: tuple[Address, Address],
) -> Standing:
    own = [lease for i in row.identifiers for lease in by_identity.get((i.type, i.value), ())]
    near = [lease for lease in own if _between(lease.ip, bounds)]
    if row.ip is None:
        return Standing(ACTIVE, near[0]) if near else Standing(IDLE, None)
    held = by_ip.get(row.ip)
    if held is not None:
        return Standing(ACTIVE if held in own else CONFLICT, held)
    return Standing(WAITING, near[0]) if near else Standing(IDLE, None)


def _between(ip: Address, bounds: tuple[Address, Address]) -> bool:
    first, last = bounds
    return ip.version == first.version and int(first) <= int(ip) <= int(last)


def one_of(session: Session, column: Any, values: Sequence[object]) -> ColumnElement[bool]:
    """Return the condition of some numbers, texts, octets or addresses, as one value: parameters cost more."""
    found: ColumnElement[bool]
    if session.get_bind().dialect.name == "sqlite":
        given = func.json_each(json.dumps(values, default=_hex)).table_valued("value").c.value
        plain = isinstance(column.type, Integer | String)
        found = column.in_(select(given if plain else func.unhex(given)))
    else:
        found = column == func.any(cast(values, ARRAY(column.type)))
    return found


def _hex(value: Address | bytes) -> str:
    return (value if isinstance(value, bytes) else pack_address(value)).hex()


def in_state(session: Session, state: str) -> ColumnElement[bool]:
    """Return the condition that a reservation is in a state, decided by the database as `standings` does it."""
    return _in_state(session.get_bind().dialect.name == "sqlite", state)


@cache  # putting it together costs as much as answering it for a hundred
def _in_state(sqlite: bool, state: str) -> ColumnElement[bool]:
    has_ip, near = Reservation.ip.is_not(None), _near(sqlite)
    there = (Lease.ip == Reservation.ip, Lease.state == "active")
    held = exists().where(*there).correlate(Reservation)
    if state == ACTIVE:
        own = exists().where(*there, _promised_to(sqlite)).correlate(Reservation)
        return or_(and_(has_ip, own), and_(~has_ip, near))
    if state == CONFLICT:
        return and_(has_ip, exists().where(*there, ~_promised_to(sqlite)).correlate(Reservation))
    if state == WAITING:
        return and_(has_ip, ~held, near)
    # Looked at row by row, in the order that is asked for: PostgreSQL would join all leases for a hundred rows.
    return case((or_(held, near), literal(0)), else_=literal(1)) == 1


def _near(sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that the device leases an address of the reservation's subnet, found by its MAC."""
    own = ReservationIdentifier.reservation_id == Reservation.id
    found = select(literal(1)).where(own, *leases_nearby()).correlate(Reservation)
    return exists(found if sqlite else found.offset(0))  # PostgreSQL would find all that are, for a hundred rows


def leases_nearby() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a MAC of a reservation leases an address of its subnet."""
    return (
        ReservationIdentifier.type == "mac",
        Lease.mac == ReservationIdentifier.octets,
        Lease.state == "active",
        Subnet.id == ReservationIdentifier.subnet_id,
        Lease.ip.between(Subnet.first, Subnet.last),
    )


def duid() -> ColumnElement[bytes]:
    """Return the DUID in the client identifier of a lease, as `identities` finds it; no octets if there is none."""
    rest = func.substr(Lease.client_id, 6, type_=LargeBinary)
    return func.coalesce(case((func.substr(Lease.client_id, 1, 1) == DUID_TYPE, rest)), literal(b"", LargeBinary))


def _promised_to(sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that an identifier of the reservation is one of the lease's."""
    octets, kind = ReservationIdentifier.octets, ReservationIdentifier.type
    relayed = func.lower(func.hex(Lease.relay_info)) if sqlite else func.encode(Lease.relay_info, "hex")
    position = func.instr if sqlite else func.strpos
    length = literal(1) * func.length(octets)
    two = func.printf("%02x", length) if sqlite else func.lpad(func.to_hex(cast(length, Integer)), 2, "0")
    told = two.concat(ReservationIdentifier.value)
    relays = [
        and_(kind == name, position(relayed, literal(f"{code:02x}").concat(told)) % 2 == 1)
        for name, code in RELAY_KINDS
    ]
    return (
        exists()
        .where(
            ReservationIdentifier.reservation_id == Reservation.id,
            or_(
                and_(kind == "mac", Lease.mac == octets),
                and_(kind == "client_id", Lease.client_id == octets),
                and_(kind == "duid", duid() == octets),
                *relays,
            ),
        )
        .correlate(Reservation, Lease)
    )

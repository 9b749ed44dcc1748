"""Which devices are promised what?"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Reservation, ReservationIdentifier, Subnet
from app.models.types import Address
from app.schemas.reservations import ReservationIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.contents import kind_of_edge
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.facts import edges_of
from app.services.kinds import MAC, OCTETS, STRING
from app.services.labels import label, tagged
from app.services.leases import get_lease
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.nesting import home_of
from app.services.options import checked_options
from app.services.patch import parsed
from app.services.rows import check_version, picture
from app.services.spans import key
from app.services.subnets import get_subnet
from dhcpd.protocol.addresses import format_mac, parse_mac

CLOCK: Final = Actor("clock", "operator")
"""Who takes back what was promised until a moment."""
REMOVED_AT_ONCE: Final = 500
HOSTNAME: Final = re.compile(r"[A-Za-z0-9._-]*")


def _having(kind: str, value: str) -> ColumnElement[bool]:
    table = ReservationIdentifier
    return Reservation.id.in_(select(table.reservation_id).where(table.type == kind, table.value == value))


def _search(text: str) -> ColumnElement[bool]:
    """Find reservations by address, by any identifier, else by host name and description."""
    texts = (Reservation.hostname, Reservation.description)
    found = [column.icontains(text, autoescape=True) for column in texts]
    with suppress(ValueError):
        return Reservation.ip == ip_address(text)
    with suppress(ValueError):
        octets = parse_mac(text).hex()
        identifiers = select(ReservationIdentifier.reservation_id).where(ReservationIdentifier.value == octets)
        found.append(Reservation.id.in_(identifiers))
    return or_(*found)


_FIELDS: Final = (
    "id", "subnet_id", "ip", "hostname", "description", "next_server", "boot_file", "expires_at",
)  # fmt: skip
LISTING: Final = Listing(
    Reservation,
    fields(Reservation, *_FIELDS),
    span=(Reservation.ip, Reservation.ip),
    search=_search,
    extra={
        "mac": (MAC, lambda octets: _having("mac", octets.hex())),
        "client_id": (OCTETS, lambda octets: _having("client_id", octets.hex())),
        "circuit_id": (OCTETS, lambda octets: _having("circuit_id", octets.hex())),
        "remote_id": (OCTETS, lambda octets: _having("remote_id", octets.hex())),
        "tag": (STRING, lambda name: tagged(Reservation, name)),
    },
)


def list_reservations(session: Session, subnet_id: int | None = None) -> list[Reservation]:
    """Return the reservations in the order of their addresses."""
    query = select(Reservation).order_by(Reservation.ip, Reservation.id)
    return list(session.scalars(query if subnet_id is None else query.where(Reservation.subnet_id == subnet_id)))


def get_reservation(session: Session, reservation_id: int) -> Reservation:
    """Return a reservation; raises NotFound."""
    found = session.get(Reservation, reservation_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no reservation {reservation_id}."))
    return found


def create_reservation(session: Session, actor: Actor, data: ReservationIn) -> Reservation:
    """Promise; raises Invalid or Conflict."""
    lock_plan(session)
    row = Reservation(identifiers=[])
    with session.no_autoflush:
        _fill(session, row, data)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"reservations/{row.id}", None, picture(row))
    return row


def update_reservation(
    session: Session, actor: Actor, reservation_id: int, data: ReservationIn, expected_version: int | None = None
) -> Reservation:
    """Replace what is promised; raises NotFound, Invalid, Conflict or Stale."""
    lock_plan(session)
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    before = picture(row)
    with session.no_autoflush:
        _fill(session, row, data)
    session.flush()
    record(session, actor, "update", f"reservations/{row.id}", before, picture(row))
    return row


def delete_reservation(
    session: Session, actor: Actor, reservation_id: int, expected_version: int | None = None
) -> None:
    """Take a promise back; the device keeps its lease until it ends."""
    lock_plan(session)
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"reservations/{reservation_id}", before, None)


def from_lease(session: Session, actor: Actor, ip: str, more: Mapping[str, Any]) -> Reservation:
    """Promise a device the address that it has, known by its MAC unless `more` says otherwise.

    `more` are fields of ReservationIn that replace what the lease tells. Raises NotFound, Invalid or Conflict.
    """
    lease = get_lease(session, ip)
    if lease.state != "active":
        raise Conflict(Problem("ip", "not_active", f"{ip} is not leased now; it is {lease.state}."))
    kind, value = ("mac", format_mac(lease.mac)) if lease.mac else ("client_id", lease.client_id.hex())
    told = {"ip": str(lease.ip), "identifiers": [{"type": kind, "value": value}], "hostname": lease.hostname}
    if not HOSTNAME.fullmatch(lease.hostname):
        told["hostname"] = ""
    return create_reservation(session, actor, parsed(ReservationIn, {**told, **more}))


def any_expired(session: Session, now: datetime) -> bool:
    """Tell whether a promise has ended: a look-up, so that the write lock is taken only when there is work."""
    return session.scalar(select(Reservation.id).where(Reservation.expires_at <= now).limit(1)) is not None


def remove_expired(session: Session, now: datetime) -> int:
    """Take back the promises that have ended; return how many."""
    lock_plan(session)
    query = select(Reservation).where(Reservation.expires_at <= now).order_by(Reservation.id)
    ended = list(session.scalars(query.limit(REMOVED_AT_ONCE)))
    for row in ended:
        delete_reservation(session, CLOCK, row.id)
    return len(ended)


def _fill(session: Session, row: Reservation, data: ReservationIn) -> None:
    subnet = _subnet_for(session, data)
    row.subnet_id = subnet.id
    row.ip = ip_address(data.ip) if data.ip else None
    for name in ("hostname", "description", "next_server", "server_name", "boot_file", "expires_at"):
        setattr(row, name, getattr(data, name))
    row.options = checked_options(session, data.options)
    label(session, "reservations", row, data.tags, data.custom_fields)
    _check_address(session, row, subnet)
    _check_identifiers(session, row, data)
    kept = {(i.type, i.value): i for i in row.identifiers}
    row.identifiers = [
        kept.get((i.type, i.key)) or ReservationIdentifier(type=i.type, value=i.key) for i in data.identifiers
    ]
    for identifier in row.identifiers:
        identifier.subnet_id = subnet.id


def check(session: Session, row: Reservation) -> None:
    """Raise Invalid or Conflict when the address of a reservation can't be promised where it is."""
    subnet = get_subnet(session, row.subnet_id)
    row.options = checked_options(session, row.options)
    if row.ip is not None:
        _home(session, row.ip, subnet)
    _check_address(session, row, subnet)


def _subnet_for(session: Session, data: ReservationIn) -> Subnet:
    """Return the subnet that the address belongs to, which is the named one if one is named."""
    named = get_subnet(session, data.subnet_id) if data.subnet_id is not None else None
    if data.ip is None:
        if named is None:
            raise Invalid(Problem("subnet_id", "required", "Name a subnet or an address."))
        return named
    return _home(session, ip_address(data.ip), named)


def _home(session: Session, address: Address, named: Subnet | None) -> Subnet:
    home = home_of(session, address)
    if named is not None and not key(named.first) <= key(address) <= key(named.last):
        raise Invalid(Problem("ip", "outside", f"{address} is outside {named.cidr}.", "subnets", str(named.id)))
    if home is None:
        raise Invalid(Problem("ip", "outside", f"{address} is in no subnet."))
    if named is not None and home.id != named.id:
        detail = f"{address} belongs to {home.cidr}."
        raise Conflict(Problem("subnet_id", "nested", detail, "subnets", str(home.id)))
    return home


def _check_address(session: Session, row: Reservation, subnet: Subnet) -> None:
    if row.ip is None:
        return
    if row.ip == subnet.gateway or key(row.ip) in edges_of(subnet.first, subnet.last, subnet.prefix_len):
        kind = kind_of_edge(subnet, row.ip)
        raise Invalid(Problem("ip", kind.split()[0], f"{row.ip} is the {kind} of {subnet.cidr}."))
    if session.get(KnownAddress, row.ip) is not None:
        detail = f"{row.ip} is in the plan as an address in use."
        raise Conflict(Problem("ip", "static", detail, "addresses", str(row.ip)))
    other = session.scalar(select(Reservation).where(Reservation.ip == row.ip))
    if other is not None and other is not row:
        raise Conflict(Problem("ip", "duplicate", f"{row.ip} is reserved already.", "reservations", str(other.id)))


def _check_identifiers(session: Session, row: Reservation, data: ReservationIn) -> None:
    seen: set[tuple[str, str]] = set()
    for index, identifier in enumerate(data.identifiers):
        pair = (identifier.type, identifier.key)
        field = f"identifiers/{index}/value"
        if pair in seen:
            raise Invalid(Problem(field, "duplicate", f"{identifier.value} is named twice."))
        seen.add(pair)
        table = ReservationIdentifier
        found = session.scalar(
            select(table).where(
                table.subnet_id == row.subnet_id, table.type == identifier.type, table.value == identifier.key
            )
        )
        if found is not None and found.reservation_id != row.id:
            detail = f"{identifier.value} has a reservation in this subnet already."
            raise Conflict(Problem(field, "duplicate", detail, "reservations", str(found.reservation_id)))

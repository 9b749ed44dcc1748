"""Which devices are promised what, and does each have it?"""

from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Lease, Reservation, ReservationIdentifier, Subnet
from app.schemas.reservations import ReservationIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.kinds import MAC, OCTETS
from app.services.listing import Listing, fields
from app.services.options import checked_options
from app.services.rows import check_version, picture
from app.services.subnets import get_subnet
from dhcpd.protocol.addresses import parse_mac


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


LISTING: Final = Listing(
    Reservation,
    fields(Reservation, "id", "subnet_id", "ip", "hostname", "description", "next_server", "boot_file"),
    span=(Reservation.ip, Reservation.ip),
    search=_search,
    extra={
        "mac": (MAC, lambda octets: _having("mac", octets.hex())),
        "client_id": (OCTETS, lambda octets: _having("client_id", octets.hex())),
        "circuit_id": (OCTETS, lambda octets: _having("circuit_id", octets.hex())),
        "remote_id": (OCTETS, lambda octets: _having("remote_id", octets.hex())),
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
    row = Reservation(identifiers=[])
    with session.no_autoflush:
        _fill(session, row, data)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"reservations/{row.id}", None, _picture(row))
    return row


def update_reservation(
    session: Session, actor: Actor, reservation_id: int, data: ReservationIn, expected_version: int | None = None
) -> Reservation:
    """Replace what is promised; raises NotFound, Invalid, Conflict or Stale."""
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    before = _picture(row)
    with session.no_autoflush:
        _fill(session, row, data)
    session.flush()
    record(session, actor, "update", f"reservations/{row.id}", before, _picture(row))
    return row


def delete_reservation(
    session: Session, actor: Actor, reservation_id: int, expected_version: int | None = None
) -> None:
    """Take a promise back; the device keeps its lease until it ends."""
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    before = _picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"reservations/{reservation_id}", before, None)


def _picture(row: Reservation) -> dict[str, object]:
    return {**picture(row), "identifiers": [{"type": i.type, "value": i.value} for i in row.identifiers]}


def _fill(session: Session, row: Reservation, data: ReservationIn) -> None:
    subnet = _subnet_for(session, data)
    row.subnet_id = subnet.id
    row.ip = ip_address(data.ip) if data.ip else None
    for name in ("hostname", "description", "next_server", "server_name", "boot_file"):
        setattr(row, name, getattr(data, name))
    row.options = checked_options(session, data.options)
    _check_address(session, row, subnet)
    _check_identifiers(session, row, data)
    kept = {(i.type, i.value): i for i in row.identifiers}
    row.identifiers = [
        kept.get((i.type, i.key)) or ReservationIdentifier(type=i.type, value=i.key) for i in data.identifiers
    ]
    for identifier in row.identifiers:
        identifier.subnet_id = subnet.id


def _subnet_for(session: Session, data: ReservationIn) -> Subnet:
    """Return the named subnet, else the narrowest one that holds the address."""
    if data.subnet_id is not None:
        return get_subnet(session, data.subnet_id)
    if data.ip is None:
        raise Invalid(Problem("subnet_id", "required", "Name a subnet or an address."))
    address = ip_address(data.ip)
    query = select(Subnet).where(Subnet.first <= address, Subnet.last >= address).order_by(Subnet.prefix_len.desc())
    found = session.scalars(query).first()
    if found is None:
        raise Invalid(Problem("ip", "outside", f"{data.ip} is in no subnet."))
    return found


def _check_address(session: Session, row: Reservation, subnet: Subnet) -> None:
    if row.ip is None:
        return
    if not int(subnet.first) <= int(row.ip) <= int(subnet.last):
        raise Invalid(Problem("ip", "outside", f"{row.ip} is outside {subnet.cidr}.", "subnets", str(subnet.id)))
    edges = {subnet.first: "network", subnet.last: "broadcast"} if subnet.prefix_len < 31 else {}
    if row.ip in edges or row.ip == subnet.gateway:
        kind = edges.get(row.ip, "gateway")
        raise Invalid(Problem("ip", kind, f"{row.ip} is the {kind} address of {subnet.cidr}."))
    if session.get(KnownAddress, row.ip) is not None:
        detail = f"{row.ip} is in the plan as an address in use."
        raise Conflict(Problem("ip", "static", detail, "addresses", str(row.ip)))
    other = session.scalar(select(Reservation).where(Reservation.ip == row.ip))
    if other is not None and other is not row:
        raise Conflict(Problem("ip", "duplicate", f"{row.ip} is reserved already.", "reservations", str(other.id)))


def _check_identifiers(session: Session, row: Reservation, data: ReservationIn) -> None:
    seen: set[tuple[str, str]] = set()
    for index, identifier in enumerate(data.identifiers):
        key = (identifier.type, identifier.key)
        field = f"identifiers/{index}/value"
        if key in seen:
            raise Invalid(Problem(field, "duplicate", f"{identifier.value} is named twice."))
        seen.add(key)
        table = ReservationIdentifier
        found = session.scalar(
            select(table).where(
                table.subnet_id == row.subnet_id, table.type == identifier.type, table.value == identifier.key
            )
        )
        if found is not None and found.reservation_id != row.id:
            detail = f"{identifier.value} has a reservation in this subnet already."
            raise Conflict(Problem(field, "duplicate", detail, "reservations", str(found.reservation_id)))


def states(session: Session, rows: list[Reservation]) -> dict[int, str]:
    """Return for each reservation: active, waiting (holds another address), conflict (held by another), idle."""
    addresses = [r.ip for r in rows if r.ip is not None]
    macs = [bytes.fromhex(i.value) for r in rows for i in r.identifiers if i.type == "mac"]
    query = select(Lease).where(Lease.state == "active", or_(Lease.ip.in_(addresses), Lease.mac.in_(macs)))
    leases = list(session.scalars(query))
    return {row.id: _state(row, leases) for row in rows}


def _state(row: Reservation, leases: list[Lease]) -> str:
    own = {(i.type, i.value) for i in row.identifiers}
    holding = [le for le in leases if {("mac", le.mac.hex()), ("client_id", le.client_id.hex())} & own]
    if any(lease.ip == row.ip or row.ip is None for lease in holding):
        return "active"
    if any(lease.ip == row.ip for lease in leases):
        return "conflict"
    return "waiting" if any(lease.subnet_id == row.subnet_id for lease in holding) else "idle"

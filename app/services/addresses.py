"""What is each address of a subnet used for?"""

from ipaddress import IPv4Address, ip_address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Lease, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn, AddressOut
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.rows import picture
from dhcpd.protocol.addresses import format_mac

GRID_CELLS: Final = 256
"""A /24 fills one grid; a larger prefix is shown in pages of as many addresses."""


def grid(session: Session, subnet: Subnet, page: int = 0) -> list[AddressOut]:
    """Return a page of at most 256 addresses with their state; page 0 is the first."""
    first = int(subnet.first) + page * GRID_CELLS
    last = min(first + GRID_CELLS - 1, int(subnet.last))
    return _describe(session, subnet, first, last) if first <= last else []


def get_address(session: Session, ip: str) -> AddressOut:
    """Return what is known of an address; raises NotFound outside every subnet."""
    address, subnet = _locate(session, ip)
    return _describe(session, subnet, int(address), int(address))[0]


def put_address(session: Session, actor: Actor, ip: str, data: AddressIn) -> AddressOut:
    """Note an address as in use outside DHCP; raises NotFound, Invalid or Conflict."""
    address, subnet = _locate(session, ip)
    found = get_address(session, ip)
    if found.state in ("network", "broadcast", "gateway"):
        raise Invalid(Problem("ip", found.state, f"{ip} is the {found.state} address of {subnet.cidr}."))
    if found.reservation_id is not None:
        raise Conflict(Problem("ip", "reserved", f"{ip} is reserved.", "reservations", str(found.reservation_id)))
    row = session.get(KnownAddress, address)
    before = picture(row) if row is not None else None
    if row is None:
        row = KnownAddress(ip=address, subnet_id=subnet.id)
        session.add(row)
    for name, value in data.model_dump().items():
        setattr(row, name, value)
    session.flush()
    record(session, actor, "update" if before else "create", f"addresses/{address}", before, picture(row))
    return get_address(session, ip)


def delete_address(session: Session, actor: Actor, ip: str) -> None:
    """Forget that an address is in use outside DHCP; raises NotFound."""
    address, _ = _locate(session, ip)
    row = session.get(KnownAddress, address)
    if row is None:
        raise NotFound(Problem("ip", "not_found", f"{ip} is not in the plan as an address in use."))
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"addresses/{address}", before, None)


def _locate(session: Session, ip: str) -> tuple[IPv4Address, Subnet]:
    try:
        address = ip_address(ip)
    except ValueError:
        raise NotFound(Problem("ip", "not_an_address", f"{ip!r} is not an IP address.")) from None
    query = select(Subnet).where(Subnet.first <= address, Subnet.last >= address).order_by(Subnet.prefix_len.desc())
    subnet = session.scalars(query).first()
    if subnet is None or not isinstance(address, IPv4Address):
        raise NotFound(Problem("ip", "outside", f"{ip} is in no subnet."))
    return address, subnet


def _describe(session: Session, subnet: Subnet, first: int, last: int) -> list[AddressOut]:
    span = (IPv4Address(first), IPv4Address(last))
    cells = [
        AddressOut(ip=str(IPv4Address(n)), subnet_id=subnet.id, state="unused") for n in range(first, last + 1)
    ]
    for pool in session.scalars(select(Pool).where(Pool.subnet_id == subnet.id)):
        for number in range(max(first, int(pool.first)), min(last, int(pool.last)) + 1):
            cells[number - first].pool_id = pool.id
            cells[number - first].state = "free" if pool.kind == "dynamic" else "excluded"
    for reservation in session.scalars(select(Reservation).where(Reservation.ip.between(*span))):
        _mark_reserved(cells[int(reservation.ip or 0) - first], reservation)
    for lease in session.scalars(select(Lease).where(Lease.ip.between(*span))):
        _mark_lease(cells[int(lease.ip) - first], lease)
    for known in session.scalars(select(KnownAddress).where(KnownAddress.ip.between(*span))):
        cell = cells[int(known.ip) - first]
        cell.state, cell.hostname = known.state, known.hostname
        cell.owner, cell.notes = known.owner, known.notes
    _mark_edges(subnet, cells, first, last)
    return cells


def _mark_reserved(cell: AddressOut, reservation: Reservation) -> None:
    cell.state, cell.reservation_id, cell.hostname = "reserved", reservation.id, reservation.hostname
    macs = [i.value for i in reservation.identifiers if i.type == "mac"]
    cell.mac = format_mac(bytes.fromhex(macs[0])) if macs else None


def _mark_lease(cell: AddressOut, lease: Lease) -> None:
    if lease.state in ("active", "declined", "conflict"):
        cell.state = "leased" if lease.state == "active" else lease.state
        cell.mac, cell.expires_at = format_mac(lease.mac) or None, lease.expires_at
        cell.last_seen = lease.renewed_at
        cell.hostname = lease.hostname or cell.hostname


def _mark_edges(subnet: Subnet, cells: list[AddressOut], first: int, last: int) -> None:
    marks = [(subnet.gateway, "gateway")] if subnet.gateway else []
    if subnet.prefix_len < 31:
        marks += [(subnet.first, "network"), (subnet.last, "broadcast")]
    for address, state in marks:
        if first <= int(address) <= last:
            cells[int(address) - first].state = state

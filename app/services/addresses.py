"""What is each address used for?"""

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Lease, Pool, Reservation, Subnet
from app.models.types import Address
from app.schemas.addresses import AddressIn, AddressOut
from app.services.actors import Actor
from app.services.audit import Told, check_place
from app.services.errors import Conflict, DomainError, Invalid, NotFound, Problem
from app.services.labels import checked
from app.services.locks import lock_plan
from app.services.nesting import home_of, homes_of, lengths_for, starts_around
from app.services.occupancy import QUARANTINED
from app.services.rows import picture
from app.services.spans import key
from app.services.standings import identities
from app.services.together import Done, write_all
from app.services.workers import offers
from dhcpd.protocol.addresses import format_mac, parse_mac

Row = TypeVar("Row", Reservation, Lease, KnownAddress)
AT_ONCE: Final = 256
"""So many addresses are looked up in one query."""
NEAR: Final = 4
"""Addresses that are no farther apart than this on average are looked up as one range."""


def get_address(session: Session, ip: str) -> AddressOut:
    """Return what is known of an address; raises NotFound outside every subnet."""
    address, _ = locate(session, ip)
    return describe(session, [address])[0]


def locate(session: Session, ip: str) -> tuple[Address, Subnet]:
    """Return an address and the subnet that it belongs to; raises NotFound."""
    address = _parsed(ip)
    return address, _home(address, home_of(session, address))


def _parsed(ip: str) -> Address:
    try:
        return ip_address(ip)
    except ValueError:
        raise NotFound(Problem("ip", "not_an_address", f"{ip[:60]!r} is not an IP address.")) from None


def _home(address: Address, subnet: Subnet | None) -> Subnet:
    if subnet is None:
        raise NotFound(Problem("ip", "outside", f"{address} is in no subnet."))
    return subnet


@dataclass(frozen=True, slots=True)
class Change:
    """What is wished of an address: to be noted as in use outside DHCP; data None = to be forgotten."""

    ip: str
    data: AddressIn | None


@dataclass(frozen=True, slots=True)
class _Around:
    """All that the rules ask of some addresses: their subnets, who has them reserved, what is known of them."""

    homes: dict[Address, Subnet]
    reserved: dict[Address, int]
    known: dict[Address, KnownAddress]


def put_address(session: Session, actor: Actor, ip: str, data: AddressIn) -> AddressOut:
    """Note an address as in use outside DHCP; raises NotFound, Invalid or Conflict."""
    _change_one(session, actor, Change(ip, data))
    return get_address(session, ip)


def delete_address(session: Session, actor: Actor, ip: str) -> None:
    """Forget that an address is in use outside DHCP; raises NotFound."""
    _change_one(session, actor, Change(ip, None))


def _change_one(session: Session, actor: Actor, change: Change) -> None:
    result = change_addresses(session, actor, [change])[0]
    if isinstance(result, DomainError):
        raise result


def change_addresses(session: Session, actor: Actor, changes: Sequence[Change]) -> list[KnownAddress | DomainError]:
    """Note and forget many, each by the rules; an address is named once at most.

    A change that breaks a rule is left out, and its error returned.
    """
    lock_plan(session)
    around = _look_around(session, changes)
    with session.no_autoflush:
        results = [_carried_out(session, actor, change, around) for change in changes]
    return write_all(session, actor, results)


def _look_around(session: Session, changes: Sequence[Change]) -> _Around:
    wanted: list[Address] = []
    for change in changes:
        with suppress(NotFound):
            wanted.append(_parsed(change.ip))
    reserved = session.execute(select(Reservation.ip, Reservation.id).where(Reservation.ip.in_(wanted)))
    known = session.scalars(select(KnownAddress).where(KnownAddress.ip.in_(wanted)))
    return _Around(
        homes_of(session, wanted), {ip: id_ for ip, id_ in reserved if ip}, {row.ip: row for row in known}
    )


def _carried_out(
    session: Session, actor: Actor, change: Change, around: _Around
) -> Done[KnownAddress] | DomainError:
    try:
        address = _parsed(change.ip)
        subnet, row = _home(address, around.homes.get(address)), around.known.get(address)
        if change.data is not None:
            _check(address, subnet, around.reserved.get(address))
            custom_fields = checked(session, "addresses", change.data.custom_fields)
        elif row is None:
            raise NotFound(Problem("ip", "not_found", f"{address} is not in the plan as an address in use."))
        check_place(session, actor, Told("", f"addresses/{address}", None, {"ip": str(address)}))
    except DomainError as error:
        return error
    before = picture(row) if row is not None else None
    row = row or KnownAddress(ip=address, subnet_id=subnet.id)
    if change.data is None:
        session.delete(row)
        return Done(row, before, gone=True)
    for name in ("state", "hostname", "owner", "notes", "last_seen"):
        setattr(row, name, getattr(change.data, name))
    row.mac = parse_mac(change.data.mac) if change.data.mac else None
    row.tags, row.custom_fields = list(change.data.tags), custom_fields
    session.add(row)
    return Done(row, before)


def check(session: Session, row: KnownAddress) -> None:
    """Raise Invalid or Conflict when an address can't be in use outside DHCP."""
    address, subnet = locate(session, str(row.ip))
    _check(address, subnet, session.scalar(select(Reservation.id).where(Reservation.ip == address)))


def _check(address: Address, subnet: Subnet, promise: int | None) -> None:
    if edge := _edge(subnet, address):
        raise Invalid(Problem("ip", edge, f"{address} is the {edge} address of {subnet.cidr}."))
    if promise is not None:
        raise Conflict(Problem("ip", "reserved", f"{address} is reserved.", "reservations", str(promise)))


def describe(session: Session, wanted: Sequence[Address]) -> list[AddressOut]:
    """Return what is known of each address; one that is in no subnet is left out."""
    found: list[AddressOut] = []
    for start in range(0, len(wanted), AT_ONCE):
        found += _describe(session, wanted[start : start + AT_ONCE])
    return found


def _describe(session: Session, wanted: Sequence[Address]) -> list[AddressOut]:
    homes = _homes(session, wanted)
    pools = _Pools(session, {home.id for home in homes.values()})
    cells: dict[Address, AddressOut] = {}
    for ip, home in homes.items():
        pool = pools.of(home.id, ip)
        cells[ip] = AddressOut(ip=str(ip), subnet_id=home.id, state="free", pool_id=pool.id if pool else None)
        if pool is not None and pool.kind == "excluded":
            cells[ip].state = "excluded"
    reservations = _rows(session, Reservation, wanted)
    leases, known = _rows(session, Lease, wanted), _rows(session, KnownAddress, wanted)
    held = offers(session)
    for ip, cell in cells.items():
        if ip in reservations:
            _mark_reserved(cell, reservations[ip])
        if ip in held and cell.state in ("free", "reserved"):
            cell.state = "offered"
        if ip in leases:
            _mark_lease(cell, leases[ip], reservations.get(ip))
        if ip in known:
            _mark_known(cell, known[ip])
        cell.state = _edge(homes[ip], ip) or cell.state
    return list(cells.values())


def _rows(session: Session, model: type[Row], wanted: Sequence[Address]) -> dict[Address, Row]:
    """Return the rows of the addresses."""
    near = key(wanted[-1]) - key(wanted[0]) < NEAR * len(wanted)
    among = model.ip.between(wanted[0], wanted[-1]) if near else model.ip.in_(wanted)
    return {row.ip: row for row in session.scalars(select(model).where(among)) if row.ip is not None}


def _homes(session: Session, wanted: Sequence[Address]) -> dict[Address, Subnet]:
    """Return the subnet that each address belongs to, as `nesting` says."""
    lengths = lengths_for(session, len(wanted))
    starts = {start for ip in wanted for start in starts_around(ip, lengths)}
    subnets = session.scalars(select(Subnet).where(Subnet.first.in_(starts)))
    narrow_first = sorted(subnets, key=lambda row: (not row.dhcp_enabled, -row.prefix_len))
    bounds = [(key(row.first), key(row.last), row) for row in narrow_first]
    homes = {}
    for ip in wanted:
        number = key(ip)
        home = next((row for first, last, row in bounds if first <= number <= last), None)
        if home is not None:
            homes[ip] = home
    return homes


class _Pools:
    """Finds the pool of an address in a few subnets; an excluded range goes before the pool that it lies in."""

    def __init__(self, session: Session, subnet_ids: set[int]) -> None:
        self._ranges: dict[tuple[int, str], list[tuple[int, int, Pool]]] = {}
        for row in session.scalars(select(Pool).where(Pool.subnet_id.in_(subnet_ids)).order_by(Pool.first)):
            ranges = self._ranges.setdefault((row.subnet_id, row.kind), [])
            ranges.append((key(row.first), key(row.last), row))

    def of(self, subnet_id: int, ip: Address) -> Pool | None:
        """Return the pool that holds the address."""
        number = key(ip)
        for kind in ("excluded", "dynamic"):
            ranges = self._ranges.get((subnet_id, kind), [])
            found = bisect_right(ranges, number, key=lambda entry: entry[0]) - 1
            if found >= 0 and ranges[found][1] >= number:
                return ranges[found][2]
        return None


def _mark_reserved(cell: AddressOut, reservation: Reservation) -> None:
    cell.state, cell.reservation_id, cell.hostname = "reserved", reservation.id, reservation.hostname
    macs = [i.value for i in reservation.identifiers if i.type == "mac"]
    cell.mac = format_mac(bytes.fromhex(macs[0])) if macs else None
    cell.tags, cell.custom_fields = reservation.tags, reservation.custom_fields


def _mark_lease(cell: AddressOut, lease: Lease, reservation: Reservation | None) -> None:
    cell.lease_state, cell.last_seen = lease.state, lease.renewed_at
    if lease.state not in ("active", *QUARANTINED):
        return
    cell.state = "leased" if lease.state == "active" else lease.state  # type: ignore[assignment]  # one of the two
    if reservation is not None and lease.state == "active":
        promised = {(i.type, i.value) for i in reservation.identifiers}
        cell.state = "leased" if promised.intersection(identities(lease)) else "conflict"
    cell.mac, cell.expires_at = format_mac(lease.mac) or None, lease.expires_at
    cell.hostname = lease.hostname or cell.hostname


def _mark_known(cell: AddressOut, row: KnownAddress) -> None:
    cell.state = "conflict" if cell.state in ("leased", "conflict") else row.state  # type: ignore[assignment]  # as let in
    cell.hostname = row.hostname or cell.hostname
    cell.owner, cell.notes = row.owner, row.notes
    cell.mac = cell.mac or (format_mac(row.mac) if row.mac else None)
    cell.last_seen = _later(cell.last_seen, row.last_seen)
    cell.tags, cell.custom_fields = row.tags, row.custom_fields


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


def _edge(subnet: Subnet, ip: Address) -> Any:
    """Return what the address is by its place; IPv6 has no broadcast (RFC 4291 §2.6.1 names its first address)."""
    if ip.version == 4 and subnet.prefix_len < 31:
        if ip == subnet.first:
            return "network"
        if ip == subnet.last:
            return "broadcast"
    if ip.version == 6 and subnet.prefix_len < 127 and ip == subnet.first:
        return "network"
    return "gateway" if ip == subnet.gateway else None

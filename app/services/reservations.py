"""Which devices are promised what?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, false, select, union_all
from sqlalchemy.orm import Session

from app.models import KnownAddress, Reservation, ReservationIdentifier, Subnet
from app.models.types import Address
from app.schemas.reservations import ReservationIn
from app.services import promised, standings
from app.services.actors import Actor
from app.services.audit import Told, check_place
from app.services.contents import kind_of_edge
from app.services.errors import Conflict, DomainError, Invalid, NotFound, Problem
from app.services.facts import edges_of
from app.services.kinds import MAC, OCTETS, STRING, Kind
from app.services.labels import checked, tagged
from app.services.leases import get_lease
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.nesting import homes_of
from app.services.options import catalogue, checked_by, checked_options
from app.services.patch import parsed
from app.services.rows import check_version, picture
from app.services.spans import key
from app.services.subnets import get_subnet
from app.services.texts import holding_text
from app.services.together import Done, write_all
from dhcpd.protocol.addresses import format_mac, parse_mac
from dhcpd.protocol.catalogue import Catalogue

CLOCK: Final = Actor("clock", "operator")
"""Who takes back what was promised until a moment."""
REMOVED_AT_ONCE: Final = 500
Value = TypeVar("Value", str, Address)
HOSTNAME: Final = re.compile(r"[A-Za-z0-9._-]*")


def _having(kind: str, value: str) -> ColumnElement[bool]:
    table = ReservationIdentifier
    return Reservation.id.in_(select(table.reservation_id).where(table.type == kind, table.value == value))


def matching(text: str) -> ColumnElement[bool]:
    """Find reservations by address, by any identifier, else by host name and description."""
    found = holding_text(Reservation, text)
    with suppress(ValueError):
        return Reservation.ip == ip_address(text)
    with suppress(ValueError):
        known = select(ReservationIdentifier.reservation_id).where(
            ReservationIdentifier.value == parse_mac(text).hex()
        )
        named = select(Reservation.id).where(found).correlate(None)
        return Reservation.id.in_(union_all(known, named))  # each by its index
    return found


def _state(text: str) -> str:
    if text not in standings.STATES:
        raise ValueError(f"{text[:20]!r} is not one of {', '.join(standings.STATES)}")
    return text


def _known(session: Session, parameter: str, text: str) -> ColumnElement[bool] | None:
    """Answer by what the devices lease now, which is no column."""
    return promised.found_in_state(session, text) if parameter == "state" and text in standings.STATES else None


_STATE: Final = Kind("state", _state, str, (), "", {"type": "string", "enum": list(standings.STATES)})
_FIELDS: Final = (
    "id", "subnet_id", "ip", "hostname", "description", "next_server", "boot_file", "expires_at",
)  # fmt: skip
LISTING: Final = Listing(
    Reservation,
    fields(Reservation, *_FIELDS),
    span=(Reservation.ip, Reservation.ip),
    search=matching,
    extra={
        "mac": (MAC, lambda octets: _having("mac", octets.hex())),
        "client_id": (OCTETS, lambda octets: _having("client_id", octets.hex())),
        "circuit_id": (OCTETS, lambda octets: _having("circuit_id", octets.hex())),
        "remote_id": (OCTETS, lambda octets: _having("remote_id", octets.hex())),
        "tag": (STRING, lambda name: tagged(Reservation, name)),
        "state": (_STATE, lambda state: false()),  # `known` answers it
    },
    known=_known,
)


PENDING: Final = 0
"""Stands for the id of a reservation that is not written yet."""
VALUES_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """What is wished of a reservation: row None = make one, data None = take it back."""

    row: Reservation | None
    data: ReservationIn | None


@dataclass(slots=True)
class Around:
    """What there is around some reservations that are to be made or changed: all that their rules ask.

    by_ip and by_identifier (subnet, type, value) tell the reservation that has it; catalogue None = no options.
    """

    homes: dict[Address, Subnet]
    known: set[Address]
    by_ip: dict[Address, int]
    by_identifier: dict[tuple[int, str, str], int]
    catalogue: Catalogue | None = None

    def add(self, row: Reservation) -> None:
        """Note a reservation that is about to be written."""
        if row.ip is not None:
            self.by_ip[row.ip] = row.id or PENDING
        for identifier in row.identifiers:
            self.by_identifier[identifier.subnet_id, identifier.type, identifier.value] = row.id or PENDING

    def forget(self, row: Reservation) -> None:
        """Note that what a reservation has is about to be free."""
        if row.ip is not None and self.by_ip.get(row.ip) == row.id:
            del self.by_ip[row.ip]
        for identifier in row.identifiers:
            self.by_identifier.pop((identifier.subnet_id, identifier.type, identifier.value), None)


def look_around(session: Session, wishes: Sequence[ReservationIn]) -> Around:
    """Look up what the rules ask for some wishes, in a few queries however many they are."""
    around = addresses_around(session, [ip_address(data.ip) for data in wishes if data.ip])
    table = ReservationIdentifier
    columns = select(table.subnet_id, table.type, table.value, table.reservation_id)
    for part in _parts({i.key for data in wishes for i in data.identifiers}):
        for subnet_id, kind, value, id_ in session.execute(columns.where(table.value.in_(part))):
            around.by_identifier[subnet_id, kind, value] = id_
    if any(data.options for data in wishes):
        around.catalogue = catalogue(session)
    return around


def addresses_around(session: Session, addresses: Sequence[Address]) -> Around:
    """Look up what the rules ask for some addresses."""
    around = Around(homes_of(session, addresses), set(), {}, {})
    for part in _parts(set(addresses)):
        around.known |= set(session.scalars(select(KnownAddress.ip).where(KnownAddress.ip.in_(part))))
        taken = session.execute(select(Reservation.ip, Reservation.id).where(Reservation.ip.in_(part)))
        around.by_ip |= {ip: id_ for ip, id_ in taken if ip is not None}
    return around


def _parts(values: set[Value]) -> Iterator[list[Value]]:
    listed = list(values)
    for start in range(0, len(listed), VALUES_AT_ONCE):
        yield listed[start : start + VALUES_AT_ONCE]


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
    return _change_one(session, actor, Change(None, data))


def update_reservation(
    session: Session, actor: Actor, reservation_id: int, data: ReservationIn, expected_version: int | None = None
) -> Reservation:
    """Replace what is promised; raises NotFound, Invalid, Conflict or Stale."""
    lock_plan(session)
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    return _change_one(session, actor, Change(row, data))


def delete_reservation(
    session: Session, actor: Actor, reservation_id: int, expected_version: int | None = None
) -> None:
    """Take a promise back; the device keeps its lease until it ends."""
    lock_plan(session)
    row = get_reservation(session, reservation_id)
    check_version(row.version, expected_version)
    _change_one(session, actor, Change(row, None))


def _change_one(session: Session, actor: Actor, change: Change) -> Reservation:
    result = change_reservations(session, actor, [change])[0]
    if isinstance(result, DomainError):
        raise result
    return result


def change_reservations(
    session: Session, actor: Actor, changes: Sequence[Change]
) -> list[Reservation | DomainError]:
    """Make, replace and take back many, each by the rules and beside those before it; a row is named once at most.

    A change that breaks a rule is left out, and its error returned. The database raises IntegrityError when it
    cannot write them together: one takes what another gives up.
    """
    lock_plan(session)
    around = look_around(session, [change.data for change in changes if change.data is not None])
    with session.no_autoflush:
        results = [_carried_out(session, actor, change, around) for change in changes]
    return write_all(session, actor, results)


def _carried_out(session: Session, actor: Actor, change: Change, around: Around) -> Done[Reservation] | DomainError:
    row, data = change.row or Reservation(identifiers=[]), change.data
    before = picture(row) if change.row is not None else None
    try:
        if data is not None:
            _fill(session, actor, row, data, around)
        else:
            check_place(session, actor, Told("delete", f"reservations/{row.id}", before, None))
    except DomainError as error:
        return error
    if data is None:
        around.forget(row)
        session.delete(row)
        return Done(row, before, gone=True)
    session.add(row)
    return Done(row, before)


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
    change_reservations(session, CLOCK, [Change(row, None) for row in ended])
    return len(ended)


def _fill(session: Session, actor: Actor, row: Reservation, data: ReservationIn, around: Around) -> None:
    """Let a row be as wished, and note it; one that would break a rule stays as it is."""
    subnet = _subnet_for(session, data, around)
    ip = ip_address(data.ip) if data.ip else None
    options = checked_by(around.catalogue, data.options) if around.catalogue is not None else []
    custom_fields = checked(session, "reservations", data.custom_fields)
    _check_address(ip, row.id, subnet, around)
    _check_identifiers(data, row.id, subnet, around)
    was, will_be = {"subnet_id": row.subnet_id}, {"subnet_id": subnet.id}
    check_place(session, actor, Told("", f"reservations/{row.id or ''}", was, will_be))
    around.forget(row)
    row.subnet_id, row.ip, row.options, row.custom_fields = subnet.id, ip, options, custom_fields
    row.tags = list(data.tags)
    for name in ("hostname", "description", "next_server", "server_name", "boot_file", "expires_at"):
        setattr(row, name, getattr(data, name))
    kept = {(i.type, i.value): i for i in row.identifiers}
    row.identifiers = [
        kept.get((i.type, i.key)) or ReservationIdentifier(type=i.type, value=i.key) for i in data.identifiers
    ]
    for identifier in row.identifiers:
        identifier.subnet_id = subnet.id
    around.add(row)


def check(session: Session, row: Reservation) -> None:
    """Raise Invalid or Conflict when the address of a reservation can't be promised where it is."""
    subnet = get_subnet(session, row.subnet_id)
    row.options = checked_options(session, row.options)
    around = addresses_around(session, [row.ip] if row.ip is not None else [])
    if row.ip is not None:
        _home(row.ip, subnet, around)
    _check_address(row.ip, row.id, subnet, around)


def _subnet_for(session: Session, data: ReservationIn, around: Around) -> Subnet:
    """Return the subnet that the address belongs to, which is the named one if one is named."""
    named = get_subnet(session, data.subnet_id) if data.subnet_id is not None else None
    if data.ip is None:
        if named is None:
            raise Invalid(Problem("subnet_id", "required", "Name a subnet or an address."))
        return named
    return _home(ip_address(data.ip), named, around)


def _home(address: Address, named: Subnet | None, around: Around) -> Subnet:
    home = around.homes.get(address)
    if named is not None and not key(named.first) <= key(address) <= key(named.last):
        raise Invalid(Problem("ip", "outside", f"{address} is outside {named.cidr}.", "subnets", str(named.id)))
    if home is None:
        raise Invalid(Problem("ip", "outside", f"{address} is in no subnet."))
    if named is not None and home.id != named.id:
        detail = f"{address} belongs to {home.cidr}."
        raise Conflict(Problem("subnet_id", "nested", detail, "subnets", str(home.id)))
    return home


def _check_address(ip: Address | None, row_id: int | None, subnet: Subnet, around: Around) -> None:
    if ip is None:
        return
    if ip == subnet.gateway or key(ip) in edges_of(subnet.first, subnet.last, subnet.prefix_len):
        kind = kind_of_edge(subnet, ip)
        raise Invalid(Problem("ip", kind.split()[0], f"{ip} is the {kind} of {subnet.cidr}."))
    if ip in around.known:
        detail = f"{ip} is in the plan as an address in use."
        raise Conflict(Problem("ip", "static", detail, "addresses", str(ip)))
    other = around.by_ip.get(ip)
    if other is not None and other != row_id:
        raise Conflict(Problem("ip", "duplicate", f"{ip} is reserved already.", "reservations", str(other)))


def _check_identifiers(data: ReservationIn, row_id: int | None, subnet: Subnet, around: Around) -> None:
    seen: set[tuple[str, str]] = set()
    for index, identifier in enumerate(data.identifiers):
        pair = (identifier.type, identifier.key)
        field = f"identifiers/{index}/value"
        if pair in seen:
            raise Invalid(Problem(field, "duplicate", f"{identifier.value} is named twice."))
        seen.add(pair)
        other = around.by_identifier.get((subnet.id, *pair))
        if other is not None and other != row_id:
            detail = f"{identifier.value} has a reservation in this subnet already."
            raise Conflict(Problem(field, "duplicate", detail, "reservations", str(other)))

"""What does a text mean: an address, a prefix, a MAC in any spelling, a name?"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Lease, Reservation, ReservationIdentifier
from app.services import outline, subnets
from app.services.listing import Wish, cut
from app.services.names import leased_as
from app.services.texts import holding_text
from dhcpd.protocol.addresses import format_mac, parse_mac

_PART: Final = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}\.?", re.ASCII)
LIMIT: Final = 8
"""No more hits of one kind."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: kind is address, subnet, lease or reservation, key its key; `matched` says by what."""

    kind: str
    title: str
    note: str
    matched: str
    href: str
    key: str = ""


def search(session: Session, text: str) -> list[Hit]:
    """Return what is found, the most exact first; at most `LIMIT` of a kind."""
    text = text.strip()
    if not text:
        return []
    ways = (_address, _devices, subnets_like, _names)
    return [hit for way in ways for hit in way(session, text)]


def _address(session: Session, text: str) -> list[Hit]:
    try:
        address = ip_address(text)
    except ValueError:
        return []
    inside = outline.ancestors(session, text)
    if not inside or not isinstance(address, IPv4Address):
        return []
    lease = session.get(Lease, address)
    note = f"{lease.state} · {lease.hostname or format_mac(lease.mac)}" if lease else inside[-1].cidr
    return [Hit("address", text, note, "address", f"/addresses/{text}", text)]


def _devices(session: Session, text: str) -> list[Hit]:
    try:
        octets = parse_mac(text)
    except ValueError:
        return []
    keys = select(ReservationIdentifier.reservation_id).where(ReservationIdentifier.value == octets.hex())
    promised = session.scalars(select(Reservation).where(Reservation.id.in_(keys)).limit(LIMIT))
    hits = [_reservation(row, "MAC") for row in promised]
    rows = session.scalars(select(Lease).where(Lease.mac == octets).order_by(Lease.renewed_at.desc()).limit(LIMIT))
    return hits + [_lease(row, "MAC") for row in rows]


def subnets_like(session: Session, text: str) -> list[Hit]:
    """Return subnets around an address, in or around a prefix (10.5 means 10.5.0.0/16), by VLAN or name."""
    given = _PART.fullmatch(text)
    octets = text.strip(".").split(".")
    whole = ".".join((octets + ["0"] * 3)[:4]) + f"/{8 * len(octets)}" if given and len(octets) < 4 else text
    narrowest = "." in text or ":" in text
    wish = Wish(
        (("q", whole if narrowest else text),), sort="-prefix_len,cidr" if narrowest else "cidr", limit=LIMIT
    )
    found = cut(session, subnets.LISTING, wish).rows
    if text.isdecimal() and len(text) < 5:
        found += cut(session, subnets.LISTING, Wish((("vlan", text),), limit=LIMIT)).rows
    return [Hit("subnet", row.cidr, row.name, "prefix", f"/subnets/{row.id}", str(row.id)) for row in found[:LIMIT]]


def _names(session: Session, text: str) -> list[Hit]:
    if len(text) < 2:
        return []
    promised = session.scalars(select(Reservation).where(holding_text(Reservation, text)).limit(LIMIT))
    hits = [_reservation(row, "name") for row in promised]
    leased = select(Lease).where(leased_as(session, Lease.hostname, text)).limit(LIMIT)
    return hits + [_lease(row, "name") for row in session.scalars(leased)]


def _lease(row: Lease, matched: str) -> Hit:
    note = " · ".join(part for part in (row.hostname, format_mac(row.mac), row.state) if part)
    return Hit("lease", str(row.ip), note, matched, f"/addresses/{row.ip}", str(row.ip))


def _reservation(row: Reservation, matched: str) -> Hit:
    known: Any = row.hostname or (row.identifiers[0].value if row.identifiers else "")
    return Hit(
        "reservation", str(row.ip or known), str(known), matched, f"/reservations/{row.id}/edit", str(row.id)
    )

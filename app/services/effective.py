"""What does a client get, which scope does each setting come from, and what does it override?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ClientClass, Lease, Pool, Reservation, ReservationIdentifier, SharedNetwork, Subnet
from app.schemas.clients import ClientFacts
from app.schemas.effective import (
    EffectiveField,
    EffectiveOption,
    EffectiveOut,
    EffectiveQuery,
    OverriddenOut,
    SourceOut,
)
from app.services.clients import facts_of, matching
from app.services.errors import Invalid, Problem
from app.services.options import catalogue
from app.services.scopes import scope_of
from app.services.settings import get_settings
from app.services.subnets import get_subnet
from dhcpd.engine.facts import Facts
from dhcpd.engine.scopes import Layer, layer_of, prefix_layer
from dhcpd.protocol.addresses import format_mac
from dhcpd.protocol.catalogue import Catalogue
from dhcpd.protocol.constants import (
    CIRCUIT_ID,
    CLASSLESS_ROUTES,
    CLIENT_ID,
    HOST_NAME,
    REMOTE_ID,
    ROUTERS,
    STATIC_ROUTES,
)
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.relay import decode_relay_info

BOOT: Final = ("next_server", "server_name", "boot_file")
TIMES: Final = ("lease_time", "min_lease_time", "max_lease_time", "renew_time", "rebind_time")
DERIVED: Final = {"renew_time": (1, 2), "rebind_time": (7, 8)}
"""Parts of the lease time, where none is set (RFC 2131 §4.4.5)."""


@dataclass(frozen=True, slots=True)
class Level:
    """One scope: what it says, and its row (None = the subnet's prefix and gateway)."""

    source: SourceOut
    layer: Layer
    row: Any

    def value_of(self, known: Catalogue, code: int) -> Any:
        """Return an option's value as it is written, else as its octets read."""
        definition = known.find(code)
        for option in self.row.options if self.row is not None else ():
            if definition is not None and known.find(option["option"]) == definition:
                return option["value"]
        data = self.layer.options[code]
        return known.decode(definition, data) if definition is not None else data.hex()


def effective(session: Session, subnet_id: int, query: EffectiveQuery) -> EffectiveOut:
    """Return what is in force in a subnet, at an address of it, or for a client; raises NotFound or Invalid."""
    subnet = get_subnet(session, subnet_id)
    ip = _address(subnet, query.ip)
    facts = _facts(session, query, ip)
    classes = _classes(session, query, facts)
    reservation = _reservation(session, subnet, facts, ip)
    pool = _pool(session, subnet, ip or (reservation.ip if reservation else None))
    known = catalogue(session)
    levels = _levels(session, known, subnet, classes, pool, reservation)
    return EffectiveOut(
        subnet_id=subnet.id,
        ip=str(ip) if ip else None,
        classes=[row.name for row in classes],
        dropped_by=next((row.name for row in classes if row.drop), None),
        pool_id=pool.id if pool else None,
        reservation_id=reservation.id if reservation else None,
        options=_options(known, levels, _requested(query.requested)),
        boot=[f for f in (_field(name, levels) for name in BOOT) if f is not None],
        times=_times(levels),
    )


# --- Who is meant? ---


def _address(subnet: Subnet, text: str | None) -> IPv4Address | None:
    if not text:
        return None
    try:
        ip = IPv4Address(text.strip())
    except AddressValueError:
        raise Invalid(Problem("ip", "ip", f"{text!r} is not an IPv4 address.")) from None
    if not int(subnet.first) <= int(ip) <= int(subnet.last):
        raise Invalid(Problem("ip", "outside", f"{ip} is outside {subnet.cidr}."))
    return ip


def _facts(session: Session, query: EffectiveQuery, ip: IPv4Address | None) -> Facts:
    """Return what the client says; with the address alone, what its lease tells of it."""
    client = ClientFacts.model_validate(query.model_dump(include=set(ClientFacts.model_fields)))
    lease = session.get(Lease, ip) if ip is not None and client == ClientFacts() else None
    if lease is None or lease.state != "active":
        return facts_of(client)
    facts = facts_of(
        ClientFacts(
            mac=format_mac(lease.mac) if lease.mac else None,
            vendor_class=lease.vendor_class or None,
            hostname=lease.hostname or None,
            client_id=lease.client_id.hex() or None,
            relay=str(lease.relay) if lease.relay else None,
        )
    )
    try:
        return facts._replace(relay_info=decode_relay_info(lease.relay_info))
    except DecodeError:
        return facts


def _classes(session: Session, query: EffectiveQuery, facts: Facts) -> list[ClientClass]:
    if query.classes is None:
        return matching(session, facts)
    names = {name.strip() for name in query.classes.split(",") if name.strip()}
    rows = session.scalars(
        select(ClientClass).where(ClientClass.name.in_(names)).order_by(ClientClass.position, ClientClass.id)
    ).all()
    missing = names - {row.name for row in rows}
    if missing:
        raise Invalid(
            Problem("classes", "unknown_class", f"There is no client class {', '.join(sorted(missing))}.")
        )
    return list(rows)


def _reservation(session: Session, subnet: Subnet, facts: Facts, ip: IPv4Address | None) -> Reservation | None:
    """Return the reservation of the client by the first identifier that has one, else of the address."""
    table = ReservationIdentifier
    keys = {
        "mac": facts.mac,
        "client_id": facts.options.get(CLIENT_ID, b""),
        "circuit_id": facts.relay_info.get(CIRCUIT_ID, b""),
        "remote_id": facts.relay_info.get(REMOTE_ID, b""),
    }
    for kind, value in keys.items():
        own = (table.subnet_id == subnet.id, table.type == kind, table.value == value.hex())
        found = session.scalar(select(table.reservation_id).where(*own)) if value else None
        if found is not None:
            return session.get(Reservation, found)
    if ip is None or any(keys.values()):
        return None
    return session.scalar(select(Reservation).where(Reservation.ip == ip))


def _pool(session: Session, subnet: Subnet, ip: Any) -> Pool | None:
    if ip is None:
        return None
    inside = (Pool.subnet_id == subnet.id, Pool.kind == "dynamic", Pool.first <= ip, Pool.last >= ip)
    return session.scalar(select(Pool).where(*inside))


def _requested(text: str | None) -> frozenset[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise Invalid(Problem("requested", "codes", f"{text!r} is not a list of codes, such as 1,3,6,15."))
    return frozenset(int(part[:4]) for part in parts)


# --- What does each scope say? ---


def _levels(
    session: Session,
    known: Catalogue,
    subnet: Subnet,
    classes: Sequence[ClientClass],
    pool: Pool | None,
    reservation: Reservation | None,
) -> list[Level]:
    """Return the scopes in force, the least specific first."""
    shared = session.scalar(select(SharedNetwork).where(SharedNetwork.name == subnet.shared_network))
    gateway = int(subnet.gateway) if subnet.gateway is not None else None
    prefix = prefix_layer(int(subnet.last), subnet.prefix_len, gateway)
    title = f"prefix and gateway of {subnet.cidr}"
    rows = [get_settings(session), shared, subnet, *reversed(classes), pool, reservation]
    levels = [_level(known, row) for row in rows if row is not None]
    source = SourceOut(type="prefix", id=str(subnet.id), title=title, href=None)
    levels.insert(1 + (shared is not None), Level(source, prefix, None))
    return levels


def _level(known: Catalogue, row: Any) -> Level:
    scope = scope_of(row)
    layer = layer_of(known, row.options, row.next_server, row.server_name, row.boot_file) or Layer({})
    hostname = getattr(row, "hostname", "")
    if hostname and HOST_NAME not in layer.options:
        layer = replace(layer, options={**layer.options, HOST_NAME: hostname.encode()})
    href = f"/api/v1/{scope.type}/{scope.id}".rstrip("/")
    return Level(SourceOut(type=scope.type, id=scope.id, title=scope.title, href=href), layer, row)


def _options(known: Catalogue, levels: list[Level], requested: frozenset[int] | None) -> list[EffectiveOption]:
    codes = sorted({code for level in levels for code in level.layer.options})
    made = [_option(known, code, [level for level in levels if code in level.layer.options]) for code in codes]
    for option in made:
        option.sent = requested is None or option.code in requested or option.always
    if any(option.code == CLASSLESS_ROUTES and option.sent for option in made):  # RFC 3442: these would be ignored
        for option in made:
            option.sent = option.sent and option.code not in (ROUTERS, STATIC_ROUTES)
    return made


def _option(known: Catalogue, code: int, saying: list[Level]) -> EffectiveOption:
    winner = saying[-1]
    definition = known.find(code)
    return EffectiveOption(
        code=code,
        name=definition.name if definition else str(code),
        value=winner.value_of(known, code),
        wire=winner.layer.options[code].hex(),
        always=code in winner.layer.always,
        sent=True,
        source=winner.source,
        overrides=[
            OverriddenOut(
                source=level.source, value=level.value_of(known, code), wire=level.layer.options[code].hex()
            )
            for level in reversed(saying[:-1])
        ],
    )


def _field(name: str, levels: list[Level]) -> EffectiveField | None:
    saying = [(level, getattr(level.row, name, None)) for level in levels]
    saying = [(level, value) for level, value in saying if value]
    if not saying:
        return None
    overrides = [OverriddenOut(source=level.source, value=value) for level, value in reversed(saying[:-1])]
    return EffectiveField(field=name, value=saying[-1][1], source=saying[-1][0].source, overrides=overrides)


def _times(levels: list[Level]) -> list[EffectiveField]:
    """Return the times; T1 and T2 follow from the lease time where nobody sets them."""
    made = {name: _field(name, levels) for name in TIMES}
    lease = made["lease_time"]
    default = SourceOut(type="default", id="", title="RFC 2131 §4.4.5", href=None)
    for name, (part, whole) in DERIVED.items():
        if made[name] is None and lease is not None and isinstance(lease.value, int):
            value = lease.value * part // whole
            made[name] = EffectiveField(field=name, value=value, source=default, overrides=[])
    return [field for field in made.values() if field is not None]

"""Which clients notice a change of the plan, how, and until when?

A change is told as the audit tells it: the object, its picture before and after. So one question serves a dry run,
an undo (before and after swapped) and the boxes on the pages. It may be asked before the change is made or after.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.models import Lease, Pool, Reservation, Subnet
from app.services.facts import edges_of
from app.services.policies import SETTINGS as POLICY_SETTINGS
from app.services.policies import Policy, begins_with, known_in, link_of, policy_of, refused_by
from app.services.spans import Span, address_of, clip, key, span, subtract
from dhcpd.protocol.addresses import format_mac

Picture = Mapping[str, Any]
SAMPLE: Final = 20
"""So many clients are named; the count says how many there are."""
SUBNET_SETTINGS: Final = (
    "gateway", "options", "lease_time", "min_lease_time", "max_lease_time", "renew_time", "rebind_time",
    "next_server", "server_name", "boot_file", "shared_network", "prefix_len",
)  # fmt: skip
LINK_SETTINGS: Final = ("options", "next_server", "server_name", "boot_file")
RESERVATION_SETTINGS: Final = (*LINK_SETTINGS, "hostname")
GLOBAL_SETTINGS: Final = (
    "options", "lease_time", "min_lease_time", "max_lease_time", "renew_time", "rebind_time", "next_server",
    "server_name", "boot_file",
)  # fmt: skip
SENTENCES: Final = {
    "ends": "{who} will not be served any more and may keep {its} address until {until}.",
    "moves": "{who} must take another address at the next renewal, {until} at the latest.",
    "returns": "{who} gets the reserved address at the next renewal, {until} at the latest.",
    "settings": "{who} gets the new settings at the next renewal, {until} at the latest.",
}


@dataclass(frozen=True, slots=True)
class AffectedClient:
    """A client with an active lease; expires_at None = infinite."""

    ip: str
    mac: str
    hostname: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to some clients. `until` = when the last of their leases ends; `unlimited` leases never end."""

    kind: str
    clients: int
    until: datetime | None
    unlimited: int
    sample: tuple[AffectedClient, ...]

    @property
    def sentence(self) -> str:
        """What a person is told."""
        who = "1 client" if self.clients == 1 else f"{self.clients} clients"
        until = f"{self.until:%Y-%m-%d %H:%M} UTC" if self.until and not self.unlimited else "it asks again"
        return SENTENCES[self.kind].format(who=who, its="its" if self.clients == 1 else "their", until=until)


def of_changes(session: Session, changes: Iterable[tuple[str, Picture | None, Picture | None]]) -> list[Effect]:
    """Return the effects of several changes that are made as one; what goes with its subnet is told once."""
    known = list(changes)
    gone = {
        object_.partition("/")[2] for object_, _, after in known if object_.startswith("subnets/") and not after
    }
    left = [
        (object_, before, after)
        for object_, before, after in known
        if after or object_.startswith("subnets/") or str((before or {}).get("subnet_id")) not in gone
    ]
    return [effect for change in left for effect in of_change(session, *change)]


def of_change(session: Session, object_: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    """Return what clients notice when an object goes from one picture to the other; [] = nothing."""
    resource, _, name = object_.partition("/")
    question = _QUESTIONS.get(resource)
    return question(session, name, before, after) if question is not None and before != after else []


def of_ranges(session: Session, kind: str, spans: Sequence[Span], *conditions: Any) -> list[Effect]:
    """Return the effect on whoever leases an address of the spans; [] when nobody does."""
    if not spans:
        return []
    inside = or_(*(Lease.ip.between(address_of(first), address_of(last)) for first, last in spans))
    return _effect(session, kind, and_(Lease.state == "active", inside, *conditions))


def _effect(session: Session, kind: str, condition: Any) -> list[Effect]:
    counts = select(func.count(), func.max(Lease.expires_at), func.count(Lease.expires_at)).where(condition)
    clients, until, ending = session.execute(counts).one()
    if not clients:
        return []
    rows = session.scalars(select(Lease).where(condition).order_by(Lease.ip).limit(SAMPLE))
    return [Effect(kind, clients, until, clients - ending, _sample(rows))]


def _sample(leases: Iterable[Lease]) -> tuple[AffectedClient, ...]:
    return tuple(AffectedClient(str(r.ip), format_mac(r.mac), r.hostname, r.expires_at) for r in leases)


def _range(picture: Picture | None) -> list[Span]:
    return [] if picture is None else [span(ip_address(picture["first"]), ip_address(picture["last"]))]


def _differs(before: Picture, after: Picture, names: Iterable[str]) -> bool:
    return any((before.get(name) or None) != (after.get(name) or None) for name in names)


def _subnet(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    effects = of_ranges(session, "moves", subtract(_edges(after), _edges(before)))
    if before is None or not before["dhcp_enabled"]:
        return effects
    served = _range(after) if after is not None and after["dhcp_enabled"] else []
    others = [
        span(row.first, row.last)
        for row in session.scalars(_overlapping(Subnet, _range(before)).where(Subnet.dhcp_enabled))
        if str(row.id) != name
    ]
    effects += of_ranges(session, "ends", subtract(_range(before), [*served, *others]))
    left = subtract(_range(before), served)
    told_anew = [piece for other in others for piece in clip(left, other)]  # by the subnet that serves them now
    if after is not None and served and _differs(before, after, SUBNET_SETTINGS):
        told_anew += clip(_range(before), served[0])
    effects += of_ranges(session, "settings", told_anew)
    if after is not None and served and _differs(before, after, POLICY_SETTINGS):
        effects += _refused(session, before, after)
    return effects


def _refused(session: Session, before: Picture, after: Picture) -> list[Effect]:
    """Tell who was served in a subnet and is not any more, since its policies have changed."""
    was, will_be = policy_of(session, before), policy_of(session, after)
    inside = Lease.ip.between(ip_address(after["first"]), ip_address(after["last"]))
    known = known_in(session, link_of(session, after["id"], after["shared_network"]))
    return _effect(session, "ends", and_(Lease.state == "active", inside, refused_by(will_be, known, was)))


def _edges(picture: Picture | None) -> list[Span]:
    """Return the addresses of a served subnet that no host can have, as spans."""
    if picture is None or not picture["dhcp_enabled"]:
        return []
    ends = ip_address(picture["first"]), ip_address(picture["last"])
    return [(number, number) for number in edges_of(*ends, picture["prefix_len"])]


def _pool(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    """Clients of addresses that leave the pools move; one that has its own reserved address stays."""
    had, has = (_range(p) if p and p["kind"] == "dynamic" else [] for p in (before, after))
    shut, opened = (_range(p) if p and p["kind"] == "excluded" else [] for p in (after, before))
    others = [
        span(row.first, row.last)
        for row in session.scalars(_overlapping(Pool, [*had, *shut]).where(Pool.kind == "dynamic"))
        if str(row.id) != name
    ]
    gone = subtract(subtract([*had, *others], opened), subtract([*has, *others], shut))
    promised = exists().where(Reservation.ip == Lease.ip)
    effects = of_ranges(session, "moves", gone, ~promised)
    if before and after and had and has and before["options"] != after["options"]:
        effects += of_ranges(session, "settings", clip(had, has[0]))
    return effects


def _overlapping(table: type[Pool] | type[Subnet], spans: Sequence[Span]) -> Select[Any]:
    clauses = [and_(table.first <= address_of(last), table.last >= address_of(first)) for first, last in spans]
    return select(table).where(or_(*clauses) if clauses else false())


def _reservation(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    effects: list[Effect] = []
    promised = _promised(after)
    if promised != _promised(before):
        if promised is not None:
            squatter = and_(Lease.state == "active", Lease.ip == promised, ~_owned_by(after))
            elsewhere = and_(_owned_by(after), Lease.state == "active", Lease.ip != promised)
            effects += _effect(session, "moves", squatter)
            effects += _effect(session, "returns", and_(elsewhere, _in_subnet(session, after)))
        effects += _taken_back(session, before)
    if before and after and _differs(before, after, RESERVATION_SETTINGS):
        effects += _effect(session, "settings", and_(_owned_by(after), Lease.state == "active"))
    return effects + (_unknown_now(session, before) if after is None else [])


def _unknown_now(session: Session, before: Picture | None) -> list[Effect]:
    """Tell of the client that was served for its reservation's sake alone."""
    subnet = session.get(Subnet, before["subnet_id"]) if before is not None else None
    if before is None or subnet is None:
        return []
    policy = policy_of(session, {name: getattr(subnet, name) for name in POLICY_SETTINGS})
    holders = and_(Lease.state == "active", _owned_by(before), _in_subnet(session, before))
    return _effect(session, "ends", and_(holders, refused_by(policy, false())))


def _promised(picture: Picture | None) -> Any:
    return ip_address(picture["ip"]) if picture is not None and picture["ip"] else None


def _taken_back(session: Session, before: Picture | None) -> list[Effect]:
    """The owner of an address outside every pool can't stay without its reservation."""
    promised = _promised(before)
    if promised is None:
        return []
    pooled = session.scalars(_overlapping(Pool, [(key(promised), key(promised))]).where(Pool.kind == "dynamic"))
    if pooled.first() is not None:
        return []
    return _effect(session, "moves", and_(Lease.state == "active", Lease.ip == promised, _owned_by(before)))


def _owned_by(picture: Picture | None) -> Any:
    identifiers = picture["identifiers"] if picture is not None else []
    columns = {"mac": Lease.mac, "client_id": Lease.client_id}
    pairs = [(columns[i["type"]], bytes.fromhex(i["value"])) for i in identifiers if i["type"] in columns]
    return or_(*(column == value for column, value in pairs)) if pairs else false()


def _in_subnet(session: Session, picture: Picture | None) -> Any:
    row = session.get(Subnet, picture["subnet_id"]) if picture is not None else None
    return Lease.ip.between(row.first, row.last) if row is not None else false()


def _address(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    """An address noted as in use outside DHCP is given to nobody any more."""
    number = key(ip_address(name))
    return of_ranges(session, "moves", [(number, number)]) if after is not None and before is None else []


def _shared_network(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    known = before or after or {}
    if not _differs(before or {}, after or {}, LINK_SETTINGS):
        return []
    rows = session.scalars(select(Subnet).where(Subnet.shared_network == known.get("name"), Subnet.dhcp_enabled))
    return of_ranges(session, "settings", [span(row.first, row.last) for row in rows])


def _settings(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    if before is None or after is None:
        return []
    effects: list[Effect] = []
    if _differs(before, after, GLOBAL_SETTINGS):
        effects += _effect(session, "settings", Lease.state == "active")
    if before["random_macs"] != after["random_macs"]:
        effects += _refused_where_inherited(session, before["random_macs"], after["random_macs"])
    return effects


def _refused_where_inherited(session: Session, was: str, will_be: str) -> list[Effect]:
    heirs = select(Subnet.id).where(Subnet.dhcp_enabled, Subnet.random_macs.is_(None), ~Subnet.known_clients_only)
    inside = Lease.subnet_id.in_(heirs)
    newly = refused_by(Policy(False, will_be), known_in(session, heirs), Policy(False, was))
    return _effect(session, "ends", and_(Lease.state == "active", inside, newly))


def _denied_client(session: Session, name: str, before: Picture | None, after: Picture | None) -> list[Effect]:
    """A denied client gets no answer, so it keeps what it has until its lease ends."""
    if after is None:
        return []
    newly = begins_with(bytes.fromhex(after["mac"]))
    if before is not None:
        newly = and_(newly, ~begins_with(bytes.fromhex(before["mac"])))
    return _effect(session, "ends", and_(Lease.state == "active", newly))


_QUESTIONS: Final[dict[str, Callable[[Session, str, Picture | None, Picture | None], list[Effect]]]] = {
    "subnets": _subnet,
    "pools": _pool,
    "reservations": _reservation,
    "addresses": _address,
    "shared_networks": _shared_network,
    "settings": _settings,
    "denied_clients": _denied_client,
}

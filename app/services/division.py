"""How does a subnet become several, or several one, with all that is in it?

Everything is checked first and told at once, then done in the caller's transaction; a trial run shows each object
that moves. Leases are the worker's: they belong to the subnet around their address, so clients keep them, and the
worker that loads the new plan finds them where their addresses are.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, TypeAlias

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Pool, Reservation, ReservationIdentifier, Subnet
from app.models.types import Address
from app.services import contents, watched
from app.services.actors import Actor
from app.services.audit import record
from app.services.contents import Contents
from app.services.errors import Conflict, Invalid, Problem
from app.services.locks import lock_plan
from app.services.nesting import touching
from app.services.rows import picture
from app.services.spans import Span, address_of, clip, key, merge, prefixes, span
from app.services.subnets import get_subnet

Network: TypeAlias = IPv4Network | IPv6Network
MAX_PARTS: Final = 256
_OWN: Final = frozenset(("id", "first", "last", "prefix_len", "gateway", "version", "created_at", "updated_at"))
"""What a new part does not take over from the subnet that is split."""


def parts_of(subnet: Subnet, prefix_len: int | None, at: Address | None) -> list[Network]:
    """Return the prefixes to split into: all of one length, or the fewest below and from an address on.

    Raises Invalid.
    """
    whole = ip_network(subnet.cidr)
    if (prefix_len is None) == (at is None):
        raise Invalid(Problem("prefix_len", "one_of", "Tell either a prefix length or the address to split at."))
    if prefix_len is not None:
        most = min(whole.max_prefixlen, subnet.prefix_len + MAX_PARTS.bit_length() - 1)
        if not subnet.prefix_len < prefix_len <= most:
            detail = f"{whole} can be split into lengths from {subnet.prefix_len + 1} to {most}."
            raise Invalid(Problem("prefix_len", "length", detail))
        return list(whole.subnets(new_prefix=prefix_len))
    first, last = span(subnet.first, subnet.last)
    if at is None or at.version != whole.version or not first < key(at) <= last:
        raise Invalid(Problem("at", "outside", f"{at} is not in {whole} behind its first address."))
    halves = [*prefixes((first, key(at) - 1)), *prefixes((key(at), last))]
    bits = whole.max_prefixlen
    return [ip_network(f"{address_of(low)}/{bits - (high - low).bit_length()}") for low, high in halves]


def split(
    session: Session, actor: Actor, subnet_id: int, *,
    prefix_len: int | None = None, at: Address | None = None, same_link: bool = True,
) -> list[Subnet]:  # fmt: skip
    """Split a subnet; it becomes the first of its parts, which are returned in order.

    same_link: the parts stay on one link (a shared network), so every client may keep its address; otherwise the
    parts behind the first have no interface and no relays. Raises NotFound, Invalid, or Conflict with every reason.
    """
    lock_plan(session)
    row = get_subnet(session, subnet_id)
    parts = parts_of(row, prefix_len, at)
    found = contents.of(session, [row.id])
    _refuse([*_taken(session, row, parts), *_edges(row, parts, found)])
    gateway = row.gateway
    settings = {c.key: getattr(row, c.key) for c in inspect(Subnet).column_attrs if c.key not in _OWN}
    if same_link and row.dhcp_enabled:
        settings["shared_network"] = row.shared_network or row.cidr
    behind = settings if same_link else {**settings, "interface": None, "relays": [], "shared_network": None}
    made = [_make(session, actor, part, gateway, behind) for part in parts[1:]]
    _distribute(session, actor, found, row, parts[0], made)
    before = picture(row)
    row.shared_network = settings["shared_network"]
    _place(row, parts[0], gateway)
    session.flush()
    record(session, actor, "update", f"subnets/{row.id}", before, picture(row))
    return [row, *made]


def _make(
    session: Session, actor: Actor, part: Network, gateway: Address | None, settings: dict[str, Any]
) -> Subnet:
    row = Subnet(**settings)
    _place(row, part, gateway)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"subnets/{row.id}", None, picture(row))
    return row


def _place(row: Subnet, part: Network, gateway: Address | None) -> None:
    row.first, row.last, row.prefix_len = part.network_address, part.broadcast_address, part.prefixlen
    row.gateway = gateway if gateway is not None and gateway in part else None


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Conflict(*problems)


def _taken(session: Session, row: Subnet, parts: Sequence[Network]) -> list[Problem]:
    wanted = {str(part) for part in parts}
    others = session.scalars(select(Subnet).where(touching(row.first, row.last)))
    return [
        Problem("prefix_len", "duplicate", f"{other.cidr} is planned already.", "subnets", str(other.id))
        for other in others
        if other.id != row.id and other.cidr in wanted
    ]


def _edges(row: Subnet, parts: Sequence[Network], found: Contents) -> list[Problem]:
    """Return a problem for each address that no host could have in its part."""
    problems: list[Problem] = []
    for part in parts:
        model = Subnet(first=part.network_address, last=part.broadcast_address, prefix_len=part.prefixlen)
        problems += contents.on_edges(model, found)
        if row.gateway is not None and key(row.gateway) in contents.edge_keys(model):
            kind = contents.kind_of_edge(model, row.gateway)
            problems.append(
                Problem("prefix_len", "edge", f"The gateway {row.gateway} would be the {kind} of {part}.")
            )
    return problems


def _distribute(
    session: Session, actor: Actor, found: Contents, row: Subnet, first: Network, others: Sequence[Subnet]
) -> None:
    """Put all that the subnet held into the part that it lies in."""
    bounds = [(row.id, span(first.network_address, first.broadcast_address))]
    bounds += [(other.id, span(other.first, other.last)) for other in others]
    for pool in found.pools:
        _divide_pool(session, actor, pool, bounds)
    for reservation in found.reservations:
        if reservation.ip is None:
            for other in others:
                _copy_reservation(session, actor, reservation, other)
    singles: list[Reservation | KnownAddress] = [*found.reservations, *found.addresses]
    for item in singles:
        if item.ip is not None:
            number = key(item.ip)
            contents.move(session, actor, item, next(id_ for id_, (low, high) in bounds if low <= number <= high))


def _divide_pool(session: Session, actor: Actor, pool: Pool, parts: Sequence[tuple[int, Span]]) -> None:
    """Cut a pool at the edges of the parts; the first piece is the pool that was there."""
    whole: Span = span(pool.first, pool.last)
    pieces = [(id_, piece) for id_, bounds in parts for piece in clip([whole], bounds)]
    copied = {c.key: getattr(pool, c.key) for c in inspect(Pool).column_attrs if c.key not in ("id", "version")}
    before = picture(pool)
    (subnet_id, (first, last)), *others = pieces
    pool.subnet_id, pool.first, pool.last = subnet_id, address_of(first), address_of(last)
    session.flush()
    if picture(pool) != before:
        record(session, actor, "update", f"pools/{pool.id}", before, picture(pool))
    for subnet_id, (first, last) in others:
        bounds = {"subnet_id": subnet_id, "first": address_of(first), "last": address_of(last)}
        new = Pool(**{**copied, **bounds})
        session.add(new)
        session.flush()
        record(session, actor, "create", f"pools/{new.id}", None, picture(new))


def _copy_reservation(session: Session, actor: Actor, reservation: Reservation, part: Subnet) -> None:
    """Settings without an address follow their device into whichever part it is in."""
    skipped = ("id", "version", "subnet_id")
    copied = {c.key: getattr(reservation, c.key) for c in inspect(Reservation).column_attrs if c.key not in skipped}
    identifiers = [
        ReservationIdentifier(subnet_id=part.id, type=i.type, value=i.value) for i in reservation.identifiers
    ]
    new = Reservation(**copied, subnet_id=part.id, identifiers=identifiers)
    session.add(new)
    session.flush()
    record(session, actor, "create", f"reservations/{new.id}", None, picture(new))


def merge_subnets(session: Session, actor: Actor, subnet_id: int, with_ids: Sequence[int]) -> Subnet:
    """Make one subnet of several that fill a prefix together; its settings are those of `subnet_id`.

    Gateways of the others become static addresses. Raises NotFound, Invalid, or Conflict with every reason.
    """
    lock_plan(session)
    row = get_subnet(session, subnet_id)
    others = [get_subnet(session, id_) for id_ in dict.fromkeys(with_ids) if id_ != row.id]
    if not others:
        raise Invalid(Problem("subnets", "alone", f"Name the subnets to merge into {row.cidr}."))
    whole = _whole([row, *others])
    found = contents.of(session, [other.id for other in others])
    doubles = _doubles(session, row, found)
    _refuse([*_mixed(row, others), *_taken(session, row, [whole]), *_clashes(row, found, doubles)])
    for item in found.items:
        if isinstance(item, Reservation) and item.id in doubles:
            contents.remove(session, actor, item)
        else:
            contents.move(session, actor, item, row.id)
    gateways = [other.gateway for other in others if other.gateway is not None]
    before = picture(row)
    own = row.gateway or (gateways.pop(0) if gateways else None)
    _place(row, whole, own)
    session.flush()
    record(session, actor, "update", f"subnets/{row.id}", before, picture(row))
    for other in others:
        watched.hand_over(session, actor, other, row)
        told = picture(other)
        session.delete(other)
        session.flush()
        record(session, actor, "delete", f"subnets/{told['id']}", told, None)
    _keep_gateways(session, actor, row, gateways)
    return row


def _whole(rows: Sequence[Subnet]) -> Network:
    """Return the prefix that the subnets fill; raises Invalid when they fill none."""
    spans = merge(span(row.first, row.last) for row in rows)
    sizes = sum(key(row.last) - key(row.first) + 1 for row in rows)
    named = ", ".join(row.cidr for row in rows[:8])
    blocks = list(prefixes(spans[0])) if len(spans) == 1 else []
    if len(blocks) != 1 or sizes != blocks[0][1] - blocks[0][0] + 1:
        raise Invalid(Problem("subnets", "gaps", f"{named} do not fill one prefix without gaps or overlaps."))
    first, last = blocks[0]
    bits = rows[0].first.max_prefixlen
    return ip_network(f"{address_of(first)}/{bits - (last - first).bit_length()}")


def _mixed(row: Subnet, others: Iterable[Subnet]) -> list[Problem]:
    return [
        Problem("subnets", "mixed", f"DHCP is on in only one of {row.cidr} and {o.cidr}.", "subnets", str(o.id))
        for o in others
        if o.dhcp_enabled != row.dhcp_enabled
    ]


def _doubles(session: Session, row: Subnet, found: Contents) -> set[int]:
    """Return the reservations without an address that say what one of the subnet says already."""
    known = [_said(r) for r in contents.of(session, [row.id]).reservations if r.ip is None]
    doubles = set()
    for reservation in found.reservations:
        if reservation.ip is None and _said(reservation) in known:
            doubles.add(reservation.id)
        elif reservation.ip is None:
            known.append(_said(reservation))
    return doubles


def _said(reservation: Reservation) -> dict[str, Any]:
    return {
        name: value for name, value in picture(reservation).items() if name not in ("id", "version", "subnet_id")
    }


def _clashes(row: Subnet, found: Contents, doubles: set[int]) -> list[Problem]:
    """One device can't have two reservations in one subnet."""
    table = inspect(row).session
    assert table is not None
    own = contents.of(table, [row.id]).reservations
    seen = {(i.type, i.value): r for r in own for i in r.identifiers}
    problems = []
    for reservation in (r for r in found.reservations if r.id not in doubles):
        for identifier in reservation.identifiers:
            other = seen.setdefault((identifier.type, identifier.value), reservation)
            if other is not reservation:
                detail = f"{identifier.type} {identifier.value} has a reservation in two of the subnets."
                problems.append(Problem("subnets", "duplicate", detail, "reservations", str(reservation.id)))
    return problems


def _keep_gateways(session: Session, actor: Actor, row: Subnet, gateways: Iterable[Address]) -> None:
    """A router that is no longer the gateway is still there: DHCP must never give its address away."""
    for address in gateways:
        if session.get(KnownAddress, address) is None:
            known = KnownAddress(ip=address, subnet_id=row.id, state="static", notes="Gateway before a merge.")
            session.add(known)
            session.flush()
            record(session, actor, "create", f"addresses/{address}", None, picture(known))

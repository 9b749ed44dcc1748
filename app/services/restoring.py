"""How does what lies in the address space come back as it was, in its place and with its id?

Rows are put back one by one, as their pictures tell; halfway to the plan that was, the rules need not hold.
`settle` then asks them of the whole, and gives what lies in a subnet to the one that it belongs to.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session

from app.models import KnownAddress, Pool, Reservation, ReservationIdentifier, Subnet
from app.services import addresses, contents, pools, reservations, rows, subnets
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.labels import label
from app.services.locks import lock_plan
from app.services.nesting import home_of
from app.services.rows import picture
from app.services.spans import span
from app.services.vlans import ensure_vlan

Placed: TypeAlias = Subnet | Pool | Reservation | KnownAddress
Picture: TypeAlias = Mapping[str, Any]
MODELS: Final[dict[str, type[Placed]]] = {
    "subnets": Subnet, "pools": Pool, "reservations": Reservation, "addresses": KnownAddress,
}  # fmt: skip
_NEVER: Final = ("version", "updated_at")
"""What each write makes anew."""
_NEW_IDS: Final = "restored_subnets"
"""Key in Session.info: the subnets whose old id another one has now, old id -> new id."""


def find(session: Session, model: type[Placed], told: Picture) -> Placed:
    """Return the row that a picture tells of; raises NotFound."""
    name = ip_address(told["ip"]) if model is KnownAddress else told["id"]
    if model is Subnet:
        name = session.info.get(_NEW_IDS, {}).get(name, name)
    row: Any = session.get(model, name)
    if row is None:
        raise NotFound(Problem("id", "not_found", f"There is no {model.__tablename__}/{name}."))
    return row  # type: ignore[no-any-return]  # one of the models


def bring_back(session: Session, actor: Actor, model: type[Placed], told: Picture) -> Placed:
    """Insert a row as a picture tells, with its id unless another has it; raises Invalid or Conflict."""
    lock_plan(session)
    row = model()
    with session.no_autoflush:
        _fill(session, row, told, told.keys())
        if not isinstance(row, KnownAddress) and session.get(model, told["id"]) is not None:
            row.id = None  # type: ignore[assignment]  # the database gives one
        _refuse_doubles(session, row)
    session.add(row)
    session.flush()
    if isinstance(row, Subnet) and row.id != told["id"]:
        session.info.setdefault(_NEW_IDS, {})[told["id"]] = row.id
    record(session, actor, "create", name_of(row), None, picture(row))
    return row


def change(session: Session, actor: Actor, row: Placed, told: Picture, names: set[str]) -> None:
    """Set some columns, and identifiers, to what a picture tells; raises Invalid or Conflict."""
    lock_plan(session)
    before = picture(row)
    with session.no_autoflush:
        _fill(session, row, told, names)
        _refuse_doubles(session, row)
    session.flush()
    record(session, actor, "update", name_of(row), before, picture(row))


def remove(session: Session, actor: Actor, row: Placed) -> None:
    """Delete a row; raises Conflict when a subnet holds what was made in it later."""
    lock_plan(session)
    if isinstance(row, Subnet):
        _empty(session, actor, row)
    before, name = picture(row), name_of(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", name, before, None)


def name_of(row: Placed) -> str:
    """Return the object's name in the audit."""
    return f"subnets/{row.id}" if isinstance(row, Subnet) else contents.name_of(row)


def _fill(session: Session, row: Placed, told: Picture, names: Iterable[str]) -> None:
    wanted = {name for name in names if name not in _NEVER}
    rows.put_back(row, told, wanted)
    if isinstance(row, Subnet):
        ensure_vlan(session, row.vlan_group or "", row.vlan)
    elif "subnet_id" in wanted:
        row.subnet_id = _subnet_of(session, row)
    if isinstance(row, Reservation):
        if "identifiers" in wanted:
            kept = {(i.type, i.value): i for i in row.identifiers}
            pairs = [(i["type"], i["value"]) for i in told["identifiers"]]
            row.identifiers = [kept.get(p) or ReservationIdentifier(type=p[0], value=p[1]) for p in pairs]
        for identifier in row.identifiers:
            identifier.subnet_id = row.subnet_id
    if wanted & {"tags", "custom_fields"}:
        label(session, row.__tablename__, row, row.tags or [], row.custom_fields or {})


def _subnet_of(session: Session, item: contents.Item) -> int:
    """Return the id that the object's subnet has now; a known address may lie in another one meanwhile."""
    id_: int = session.info.get(_NEW_IDS, {}).get(item.subnet_id, item.subnet_id)
    if session.get(Subnet, id_) is not None:
        return id_
    home = home_of(session, item.ip) if isinstance(item, KnownAddress) else None
    if home is None:
        raise Conflict(Problem("", "gone", f"The subnet of {contents.told(item)} is not there any more."))
    return home.id


def _refuse_doubles(session: Session, row: Placed) -> None:
    """Raise Conflict when somebody has taken since what can be there only once."""
    for other in session.scalars(_same(row)):
        if other is not row:
            resource, _, name = name_of(other).partition("/")
            detail = f"{resource}/{name} has what this would take back; change that first."
            raise Conflict(Problem("", "duplicate", detail, resource, name))


def _same(row: Placed) -> Select[Any]:
    """Return the query of the rows that the database does not let be beside this one."""
    if isinstance(row, Subnet):
        return select(Subnet).where(Subnet.first == row.first, Subnet.prefix_len == row.prefix_len)
    if isinstance(row, KnownAddress):
        return select(KnownAddress).where(KnownAddress.ip == row.ip)
    if isinstance(row, Pool):
        return select(Pool).where(false())
    table = ReservationIdentifier
    pairs = [and_(table.type == i.type, table.value == i.value) for i in row.identifiers]
    known = select(table.reservation_id).where(table.subnet_id == row.subnet_id, or_(false(), *pairs))
    address = Reservation.ip == row.ip if row.ip is not None else false()
    return select(Reservation).where(or_(address, Reservation.id.in_(known)))


def _empty(session: Session, actor: Actor, row: Subnet) -> None:
    """Give the known addresses of a subnet that goes to where they belong; nothing else may be there."""
    found = contents.of(session, [row.id])
    homes = {known.ip: home_of(session, known.ip, without=row.id) for known in found.addresses}
    stray = [known for known in found.addresses if homes[known.ip] is None]
    later: list[contents.Item] = [*found.pools, *found.reservations, *stray]
    if later:
        raise Conflict(*(_later(item, f"is in {row.cidr} now") for item in later))
    for known in found.addresses:
        home = homes[known.ip]
        assert home is not None
        contents.move(session, actor, known, home.id)


def _later(item: contents.Item, what: str) -> Problem:
    detail = f"{contents.capital(contents.told(item))} {what}; move or remove it first."
    return contents.problem("", "changed", detail, item)


def settle(session: Session, actor: Actor, told: Iterable[tuple[str, Picture]]) -> None:
    """Hold the rules for all that was put back: (resource, a picture of it before or after).

    Raises Invalid or Conflict, as any change of the objects does.
    """
    known: dict[tuple[str, str], Placed] = {}
    spans: dict[tuple[str, str], None] = {}
    for resource, seen in told:
        if resource == "subnets":
            spans[(seen["first"], seen["last"])] = None
        try:
            row = find(session, MODELS[resource], seen)
        except NotFound:
            continue
        known[(resource, name_of(row))] = row
    for row in known.values():
        if isinstance(row, Subnet):
            with session.no_autoflush:
                subnets.check(session, row)
            contents.adopt(session, actor, row)
            contents.switch(session, actor, row)
    for first, last in spans:
        _rehome(session, actor, first, last)
    for row in known.values():
        _check(session, row)


def _rehome(session: Session, actor: Actor, first: str, last: str) -> None:
    between = KnownAddress.ip.between(ip_address(first), ip_address(last))
    for known in session.scalars(select(KnownAddress).where(between).order_by(KnownAddress.ip)):
        home = home_of(session, known.ip)
        if home is None:
            raise Conflict(_later(known, "would be in no subnet"))
        contents.move(session, actor, known, home.id)


def _check(session: Session, row: Placed) -> None:
    if isinstance(row, Pool):
        pools.check(session, row)
    elif isinstance(row, Reservation):
        reservations.check(session, row)
    elif isinstance(row, KnownAddress):
        addresses.check(session, row)
    else:
        found = contents.of(session, [row.id])
        bounds = span(row.first, row.last)
        outside = [item for item in found.items if not contents.lies_in(item, bounds)]
        if problems := [
            *(_later(i, f"would be outside {row.cidr}") for i in outside),
            *contents.on_edges(row, found),
        ]:
            raise Conflict(*problems)

"""What is an import's row to the services: what it is called, found, made, changed and removed by?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import DeniedClient, KnownAddress, Pool, Reservation, ReservationIdentifier, SharedNetwork, Subnet
from app.models.types import Address
from app.schemas.addresses import AddressIn
from app.schemas.denied_clients import DeniedClientIn, denied_client_out
from app.schemas.fields import canonical_identifier
from app.schemas.pools import PoolIn, pool_out
from app.schemas.reservations import ReservationIn, reservation_out
from app.schemas.settings import SettingsShape
from app.schemas.shared_networks import SharedNetworkIn
from app.schemas.subnets import SubnetIn, SubnetSettings, subnet_out
from app.services import addresses, denied_clients, pools, reservations, settings, shared_networks, subnets
from app.services.actors import Actor
from app.services.errors import DomainError, Invalid, NotFound, Problem
from app.services.rows import picture
from app.transfer.catalogue_tables import CLIENT_CLASSES, CUSTOM_FIELDS, OPTION_DEFINITIONS, TAGS, VLANS
from app.transfer.table_kind import Key, Step, TableKind, Values

UNFIT: Final = (DomainError, ValidationError, KeyError, TypeError, ValueError)
"""What an import's row can be refused by."""


def label(kind: str, values: Values) -> str:
    """Return what a row is called in the plan."""
    if kind == "pools":
        return f"{values.get('start')}-{values.get('end')}"
    if kind == "reservations":
        names = [str(i.get("value")) for i in values.get("identifiers") or [] if isinstance(i, Mapping)]
        return " ".join(str(part) for part in (values.get("ip"), *names) if part)
    for name in ("cidr", "ip", "mac", "name", "vid", "code"):
        if values.get(name) is not None:
            return str(values[name])
    return kind


def _only(model: type[BaseModel], shown: BaseModel) -> dict[str, Any]:
    return shown.model_dump(mode="json", include=set(model.model_fields))


# --- subnets ---


def _canonical(cidr: object) -> str:
    try:
        return str(ip_network(str(cidr).strip(), strict=False))
    except ValueError:
        return str(cidr)


def _subnet_shown(row: Subnet) -> dict[str, Any]:
    return {"cidr": row.cidr, **_only(SubnetSettings, subnet_out(row))}


def _update_subnet(session: Session, actor: Actor, subnet_id: Any, data: dict[str, Any]) -> None:
    changes = SubnetIn.model_validate(data).model_dump(exclude={"cidr"})
    subnets.update_subnet(session, actor, subnet_id, changes)


SUBNETS: Final = TableKind(
    "subnets",
    SubnetIn,
    keys=lambda values: [(_canonical(values.get("cidr")),)],
    known=lambda session: ((((f"{first}/{length}"),), id_) for id_, first, length in
                           session.execute(select(Subnet.id, Subnet.first, Subnet.prefix_len))),
    shown=lambda session, id_: _subnet_shown(subnets.get_subnet(session, id_)),
    rows=lambda session: map(_subnet_shown, subnets.list_subnets(session)),
    create=lambda session, actor, data: subnets.create_subnet(session, actor, SubnetIn.model_validate(data)).id,
    update=_update_subnet,
    delete=lambda session, actor, id_: subnets.delete_subnet(session, actor, id_),
)  # fmt: skip


# --- what lies in a subnet, and names it by its prefix ---


def _cidrs(session: Session) -> dict[int, str]:
    return {id_: f"{first}/{length}" for id_, first, length in
            session.execute(select(Subnet.id, Subnet.first, Subnet.prefix_len))}  # fmt: skip


def _subnet_id(session: Session, cidr: object) -> int:
    network = ip_network(_canonical(cidr)) if _canonical(cidr).count("/") == 1 else None
    query = select(Subnet.id)
    if network is not None:
        query = query.where(Subnet.first == network.network_address, Subnet.prefix_len == network.prefixlen)
        found = session.scalar(query)
        if found is not None:
            return found
    raise NotFound(Problem("subnet", "not_found", f"The subnet {cidr} is neither in the plan nor in this import."))


def _placed(session: Session, data: dict[str, Any], known: dict[object, int] | None = None) -> dict[str, Any]:
    """Return the fields with subnet_id in the place of `subnet`; known: the ids that were looked up."""
    rest = {name: value for name, value in data.items() if name != "subnet"}
    cidr, ids = data.get("subnet"), known if known is not None else {}
    if not cidr:
        return rest
    if cidr not in ids:
        ids[cidr] = _subnet_id(session, cidr)
    return {**rest, "subnet_id": ids[cidr]}


def _unplaced(cidr: str, shown: dict[str, Any]) -> dict[str, Any]:
    return {"subnet": cidr, **{name: value for name, value in shown.items() if name != "subnet_id"}}


def _pool_shown(session: Session, row: Pool) -> dict[str, Any]:
    return _unplaced(subnets.get_subnet(session, row.subnet_id).cidr, _only(PoolIn, pool_out(row)))


def _pool_rows(session: Session) -> Iterable[dict[str, Any]]:
    cidrs = _cidrs(session)
    for row in session.scalars(select(Pool).order_by(Pool.first, Pool.id)):
        yield _unplaced(cidrs[row.subnet_id], _only(PoolIn, pool_out(row)))


def _check_pool(session: Session, data: dict[str, Any]) -> PoolIn:
    if not data.get("subnet"):
        raise Invalid(Problem("subnet", "required", "A pool names its subnet."))
    return PoolIn.model_validate(_placed(session, data))


POOLS: Final = TableKind(
    "pools",
    PoolIn,
    keys=lambda values: [(_canonical(values.get("subnet")), str(values.get("start")), str(values.get("end")))],
    known=lambda session: (((f"{net}/{length}", str(first), str(last)), id_) for id_, first, last, net, length in
                           session.execute(select(Pool.id, Pool.first, Pool.last, Subnet.first, Subnet.prefix_len)
                                           .join(Subnet, Subnet.id == Pool.subnet_id))),
    shown=lambda session, id_: _pool_shown(session, pools.get_pool(session, id_)),
    rows=_pool_rows,
    create=lambda session, actor, data: pools.create_pool(session, actor, _check_pool(session, data)).id,
    update=lambda session, actor, id_, data: _void(
        pools.update_pool(session, actor, id_, _check_pool(session, data))),
    delete=lambda session, actor, id_: pools.delete_pool(session, actor, id_),
)  # fmt: skip


def _void(_: object) -> None:
    """Drop the result of a service."""


def _plain(ip: object) -> str:
    try:
        return str(ip_address(str(ip).strip()))
    except ValueError:
        return str(ip)


def _reservation_keys(values: Values) -> list[Key]:
    found: list[Key] = [("ip", _plain(values["ip"]))] if values.get("ip") else []
    cidr = _canonical(values["subnet"]) if values.get("subnet") else None
    for identifier in values.get("identifiers") or []:
        try:
            kind = str(identifier["type"])
            found.append((cidr, kind, canonical_identifier(kind, str(identifier["value"]))))
        except (ValueError, KeyError, TypeError):
            continue  # the shape says what is wrong with it
    return [key for key in found if key[0] is not None]


def _reservation_known(session: Session) -> Iterable[tuple[Key, Any]]:
    cidrs = _cidrs(session)
    query = select(Reservation.id, Reservation.ip).where(Reservation.ip.is_not(None))
    yield from ((("ip", str(ip)), id_) for id_, ip in session.execute(query))
    table = ReservationIdentifier
    for id_, subnet_id, kind, value in session.execute(
        select(table.reservation_id, table.subnet_id, table.type, table.value)
    ):
        yield (cidrs.get(subnet_id), kind, value), id_


def _reservation_shown(cidr: str, row: Reservation) -> dict[str, Any]:
    return _unplaced(cidr, _only(ReservationIn, reservation_out(row, "")))


def _reservation_rows(session: Session) -> Iterable[dict[str, Any]]:
    cidrs = _cidrs(session)
    for row in session.scalars(select(Reservation).order_by(Reservation.ip.nulls_first(), Reservation.id)):
        yield _reservation_shown(cidrs[row.subnet_id], row)


def _reservation(session: Session, data: dict[str, Any], known: dict[object, int] | None = None) -> ReservationIn:
    return ReservationIn.model_validate(_placed(session, data, known))


def _together(
    steps: Sequence[Step], wish: Callable[[Any, Any], Any], change: Callable[[Sequence[Any]], Sequence[Any]]
) -> list[Any]:
    """Return the row or the error of each step; wish: read a step as `change`, of the service, takes it."""
    found: list[Any] = []
    for step in steps:
        try:
            found.append(wish(*step))
        except UNFIT as error:
            found.append(error)
    done = iter(change([each for each in found if not isinstance(each, Exception)]))
    return [each if isinstance(each, Exception) else next(done) for each in found]


def _change_reservations(session: Session, actor: Actor, steps: Sequence[Step]) -> list[Any]:
    subnet_ids: dict[object, int] = {}

    def wish(id_: Any, data: dict[str, Any] | None) -> reservations.Change:
        row = reservations.get_reservation(session, id_) if id_ is not None else None
        return reservations.Change(row, _reservation(session, data, subnet_ids) if data is not None else None)

    done = _together(steps, wish, partial(reservations.change_reservations, session, actor))
    return [found.id if isinstance(found, Reservation) else found for found in done]


def _load_reservations(session: Session, ids: Sequence[Any]) -> None:
    session.scalars(select(Reservation).where(Reservation.id.in_(ids))).all()


def _shown_reservation(session: Session, id_: Any) -> dict[str, Any]:
    row = reservations.get_reservation(session, id_)
    return _reservation_shown(subnets.get_subnet(session, row.subnet_id).cidr, row)


RESERVATIONS: Final = TableKind(
    "reservations",
    ReservationIn,
    keys=_reservation_keys,
    known=_reservation_known,
    shown=_shown_reservation,
    rows=_reservation_rows,
    create=lambda session, actor, data: reservations.create_reservation(
        session, actor, _reservation(session, data)).id,
    update=lambda session, actor, id_, data: _void(
        reservations.update_reservation(session, actor, id_, _reservation(session, data))),
    delete=lambda session, actor, id_: reservations.delete_reservation(session, actor, id_),
    change_many=_change_reservations,
    load=_load_reservations,
)  # fmt: skip


# --- addresses, shared networks, settings ---


def _address_shown(row: KnownAddress) -> dict[str, Any]:
    return {"ip": str(row.ip), **{name: getattr(row, name) for name in AddressIn.model_fields}}


def _address_change(ip: Any, data: dict[str, Any] | None) -> addresses.Change:
    """Return what is wished; of a new address the fields tell it."""
    if data is None:
        return addresses.Change(ip, None)
    fields = {name: value for name, value in data.items() if name not in ("ip", "subnet")}
    return addresses.Change(str(data.get("ip") if ip is None else ip), AddressIn.model_validate(fields))


def _change_addresses(session: Session, actor: Actor, steps: Sequence[Step]) -> list[Any]:
    done = _together(steps, _address_change, partial(addresses.change_addresses, session, actor))
    return [str(found.ip) if isinstance(found, KnownAddress) else found for found in done]


def _address(session: Session, ip: str) -> KnownAddress:
    found = session.get(KnownAddress, ip_address(ip))
    if found is None:
        raise NotFound(Problem("ip", "not_found", f"{ip} is not in the plan as an address in use."))
    return found


def _load_addresses(session: Session, ips: Sequence[Any]) -> None:
    session.scalars(select(KnownAddress).where(KnownAddress.ip.in_(ips))).all()


def _known_addresses(session: Session) -> Iterable[tuple[Key, Any]]:
    found: Iterable[Address] = session.scalars(select(KnownAddress.ip))
    return (((str(ip),), str(ip)) for ip in found)


def _one(results: list[Any]) -> Any:
    """Return the only result; raises it when it is an error."""
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


ADDRESSES: Final = TableKind(
    "addresses",
    AddressIn,
    keys=lambda values: [(_plain(values.get("ip")),)],
    known=_known_addresses,
    shown=lambda session, ip: _address_shown(_address(session, ip)),
    rows=lambda session: map(_address_shown, session.scalars(select(KnownAddress).order_by(KnownAddress.ip))),
    create=lambda session, actor, data: _one(_change_addresses(session, actor, [(None, data)])),
    update=lambda session, actor, ip, data: _void(_one(_change_addresses(session, actor, [(ip, data)]))),
    delete=lambda session, actor, ip: addresses.delete_address(session, actor, ip),
    change_many=_change_addresses,
    load=_load_addresses,
)  # fmt: skip


def _network_shown(row: SharedNetwork) -> dict[str, Any]:
    return {"name": row.name, **{name: getattr(row, name) for name in SharedNetworkIn.model_fields}}


def _put_network(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    fields = {name: value for name, value in data.items() if name != "name"}
    return shared_networks.put_shared_network(
        session, actor, str(data["name"]), SharedNetworkIn.model_validate(fields)
    ).name


SHARED_NETWORKS: Final = TableKind(
    "shared_networks",
    SharedNetworkIn,
    keys=lambda values: [(str(values.get("name")),)],
    known=lambda session: (((name,), name) for name in session.scalars(select(SharedNetwork.name))),
    shown=lambda session, name: _network_shown(shared_networks.get_shared_network(session, name)),
    rows=lambda session: map(_network_shown, session.scalars(select(SharedNetwork).order_by(SharedNetwork.name))),
    create=_put_network,
    update=lambda session, actor, name, data: _void(_put_network(session, actor, {**data, "name": name})),
    delete=lambda session, actor, name: shared_networks.delete_shared_network(session, actor, name),
)  # fmt: skip


def _denied_shown(row: DeniedClient) -> dict[str, Any]:
    return _only(DeniedClientIn, denied_client_out(row))


def _denied_update(session: Session, actor: Actor, id_: Any, data: dict[str, Any]) -> None:
    row = denied_clients.get_denied_client(session, id_)
    denied_clients.update_denied_client(session, actor, row, DeniedClientIn.model_validate(data))


DENIED_CLIENTS: Final = TableKind(
    "denied_clients",
    DeniedClientIn,
    keys=lambda values: [(str(values.get("mac")).replace("-", ":").lower(),)],
    known=lambda session: (((_denied_shown(row)["mac"],), row.id) for row in session.scalars(select(DeniedClient))),
    shown=lambda session, id_: _denied_shown(denied_clients.get_denied_client(session, id_)),
    rows=lambda session: map(_denied_shown, session.scalars(select(DeniedClient).order_by(DeniedClient.mac))),
    create=lambda session, actor, data: denied_clients.create_denied_client(
        session, actor, DeniedClientIn.model_validate(data)).id,
    update=_denied_update,
    delete=lambda session, actor, id_: denied_clients.delete_denied_client(
        session, actor, denied_clients.get_denied_client(session, id_)),
)  # fmt: skip


def _settings_shown(session: Session) -> dict[str, Any]:
    row = picture(settings.get_settings(session))
    return {name: row[name] for name in SettingsShape.model_fields}


def _update_settings(session: Session, actor: Actor, _: Any, data: dict[str, Any]) -> None:
    settings.update_settings(session, actor, SettingsShape.model_validate(data).model_dump())


def _never(*_: object) -> Any:
    raise Invalid(Problem("", "fixed", "The settings are always there."))


SETTINGS: Final = TableKind(
    "settings",
    SettingsShape,
    keys=lambda values: [("settings",)],
    known=lambda session: [(("settings",), 1)],
    shown=lambda session, _: _settings_shown(session),
    rows=lambda session: [_settings_shown(session)],
    create=_never,
    update=_update_settings,
    delete=_never,
)

TABLES: Final = {
    kind.name: kind
    for kind in (
        *(
            OPTION_DEFINITIONS,
            SETTINGS,
            TAGS,
            CUSTOM_FIELDS,
            VLANS,
            CLIENT_CLASSES,
            SHARED_NETWORKS,
            DENIED_CLIENTS,
        ),
        *(SUBNETS, POOLS, RESERVATIONS, ADDRESSES),
    )
}
"""In the order in which rows are applied."""

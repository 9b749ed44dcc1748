"""JSON routes of subnets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from fastapi import Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.etags import tag
from app.api.paging import Id, OptionalId
from app.api.resource import Natural, Resource
from app.api.use_history import use_over_time
from app.auth.deps import Db, Operator, Viewer
from app.models import Subnet
from app.schemas.addresses import AddressIn, AddressOut, NextAddress, NextReservationIn, NextStaticIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import (
    BucketOut,
    FreeSpaceOut,
    GridOut,
    MergeIn,
    NextSubnetIn,
    ResizeIn,
    SplitIn,
    SubnetIn,
    SubnetOut,
    SubnetSettings,
    UsageOut,
    subnet_out,
)
from app.schemas.use_history import RangeName, UseHistoryOut
from app.services import division, grid, plan_map, resizing, space, subnets, usage

FromAddress = Annotated[str, Query(alias="from", max_length=45, description="first address; the subnet's")]
ToAddress = Annotated[str, Query(alias="to", max_length=45, description="last address; the subnet's")]


def _show(session: Session, rows: Sequence[Subnet]) -> list[SubnetOut]:
    used, places = usage.usage(session, rows), plan_map.places_of(session, rows)
    return [subnet_out(row, places[row.id], UsageOut.of(**used[row.id]._asdict())) for row in rows]


def _update(session: Session, actor: Any, row: Subnet, data: SubnetSettings) -> Subnet:
    return subnets.update_subnet(session, actor, row.id, data.model_dump(exclude={"cidr"}))


def _cidr(parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"cidr": f"{parameters['network']}/{parameters['prefix_len']}"}


def _find(session: Session, data: SubnetIn) -> Subnet | None:
    network = ip_network(data.cidr)
    same = (Subnet.first == network.network_address, Subnet.prefix_len == network.prefixlen)
    return session.scalar(select(Subnet).where(*same))


RESOURCE = Resource(
    path="subnets",
    noun="subnet",
    plural="subnets",
    listing=subnets.LISTING,
    shape=SubnetOut,
    show=_show,
    get=subnets.get_subnet,
    accepts=SubnetIn,
    patches=SubnetSettings,
    create=subnets.create_subnet,
    update=_update,
    delete=lambda session, actor, row: subnets.delete_subnet(session, actor, row.id),
    natural=Natural("/{network}/{prefix_len}", ("network", "prefix_len"), _cidr, _find),
)
router = RESOURCE.router()


@router.get("/{subnet_id:int}/free", operation_id="get_free_space")
def get_free_space(
    session: Db, actor: Viewer, subnet_id: Id, prefix_len: Annotated[int, Query(ge=1, le=128)]
) -> FreeSpaceOut:
    """Return what no subnet, pool or address takes, as prefixes of a length."""
    found = space.free_space(session, subnets.get_subnet(session, subnet_id), prefix_len)
    return FreeSpaceOut(**asdict(found))


@router.post("/{subnet_id:int}/next-subnet", operation_id="take_next_subnet", status_code=201)
def take_next_subnet(
    session: Db, actor: Operator, subnet_id: Id, data: NextSubnetIn, response: Response
) -> SubnetOut:
    """Plan the first free subnet of a length; a hundred at once get a hundred different ones."""
    settings = data.model_dump(exclude={"prefix_len"})
    row = space.take_subnet(session, actor, subnet_id, data.prefix_len, settings)
    response.headers["Location"] = f"/api/v1/subnets/{row.id}"
    return tag(response, _show(session, [row])[0])


@router.get("/{subnet_id:int}/next-ip", operation_id="get_next_address")
def get_next_address(session: Db, actor: Viewer, subnet_id: Id, pool_id: OptionalId = None) -> NextAddress:
    """Return the address that would be taken next."""
    return NextAddress(ip=str(space.next_address(session, subnet_id, pool_id)))


@router.post("/{subnet_id:int}/next-ip", operation_id="take_next_address", status_code=201)
def take_next_address(
    session: Db, actor: Operator, subnet_id: Id, data: NextReservationIn | NextStaticIn, response: Response
) -> AddressOut:
    """Take the next free address, as static or as a reservation; a hundred at once get a hundred different ones."""
    if isinstance(data, NextReservationIn):
        promise = ReservationIn(**data.model_dump(exclude={"kind", "pool_id", "ip", "subnet_id"}))
        found = space.take_reservation(session, actor, subnet_id, promise, data.pool_id)
    else:
        known = AddressIn(**data.model_dump(exclude={"kind", "pool_id"}))
        found = space.take_address(session, actor, subnet_id, known, data.pool_id)
    response.headers["Location"] = f"/api/v1/addresses/{found.ip}"
    return found


@router.post("/{subnet_id:int}/split", operation_id="split_subnet")
def split_subnet(session: Db, actor: Operator, subnet_id: Id, data: SplitIn) -> list[SubnetOut]:
    """Split a subnet with all that is in it; clients keep their leases. The first part keeps its id."""
    at = ip_address(data.at) if data.at else None
    rows = division.split(session, actor, subnet_id, prefix_len=data.prefix_len, at=at, same_link=data.same_link)
    return _show(session, rows)


@router.post("/{subnet_id:int}/merge", operation_id="merge_subnets")
def merge_subnets(session: Db, actor: Operator, subnet_id: Id, data: MergeIn) -> SubnetOut:
    """Merge other subnets into this one, whose settings stay; clients keep their leases."""
    return _show(session, [division.merge_subnets(session, actor, subnet_id, data.subnets)])[0]


@router.post("/{subnet_id:int}/resize", operation_id="resize_subnet")
def resize_subnet(session: Db, actor: Operator, subnet_id: Id, data: ResizeIn) -> SubnetOut:
    """Give a subnet a larger or smaller prefix with all that is in it; clients keep their leases."""
    return _show(session, [resizing.resize(session, actor, subnet_id, data.cidr)])[0]


@router.get("/{subnet_id:int}/grid", operation_id="get_subnet_grid")
def get_grid(session: Db, actor: Viewer, subnet_id: Id, start: FromAddress = "", end: ToAddress = "") -> GridOut:
    """Return the addresses from one to another with their state, or how many of each part are in which state."""
    found = grid.grid(session, subnets.get_subnet(session, subnet_id), start, end)
    buckets = None if found.buckets is None else [_bucket(bucket) for bucket in found.buckets]
    return GridOut(first=str(found.first), last=str(found.last), cells=found.cells, buckets=buckets)


def _bucket(bucket: grid.Bucket) -> BucketOut:
    return BucketOut(first=str(bucket.first), last=str(bucket.last), **bucket.usage._asdict())


@router.get("/{subnet_id:int}/usage", operation_id="get_subnet_usage")
def get_subnet_usage(session: Db, actor: Viewer, subnet_id: Id, range: RangeName = "24h") -> UseHistoryOut:
    """Return how full the pools of the subnet were over time, and when the last address is taken."""
    return use_over_time(session, subnets.get_subnet(session, subnet_id), range)

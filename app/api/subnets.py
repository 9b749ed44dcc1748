"""JSON routes of subnets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.paging import Id, PageNumber
from app.api.resource import Natural, Resource
from app.auth.deps import Db, Viewer
from app.models import Subnet
from app.schemas.addresses import AddressOut
from app.schemas.subnets import SubnetIn, SubnetOut, SubnetSettings, UsageOut, subnet_out
from app.services import addresses, nesting, subnets, usage


def _show(session: Session, rows: Sequence[Subnet]) -> list[SubnetOut]:
    used, places = usage.usage(session, rows), nesting.places(session, rows)
    return [subnet_out(row, places[row.id], UsageOut(**asdict(used[row.id]))) for row in rows]


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
    from_picture=lambda told: {"cidr": f"{told['first']}/{told['prefix_len']}"},
    natural=Natural("/{network}/{prefix_len}", ("network", "prefix_len"), _cidr, _find),
)
router = RESOURCE.router()


@router.get("/{subnet_id:int}/grid", operation_id="get_subnet_grid")
def get_grid(session: Db, actor: Viewer, subnet_id: Id, page: PageNumber = 0) -> list[AddressOut]:
    """Return 256 addresses of the subnet with their state."""
    return addresses.grid(session, subnets.get_subnet(session, subnet_id), page)

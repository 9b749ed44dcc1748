"""JSON routes of subnets."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from app.api.paging import Id, KnownParameters, Limit, Page, PageNumber, Version, cut, tag
from app.auth.deps import Db, Operator, Viewer
from app.schemas.addresses import AddressOut
from app.schemas.subnets import SubnetIn, SubnetOut, SubnetSettings, UsageOut, subnet_out
from app.services import addresses, subnets, usage
from app.services.patch import merged

router = APIRouter(prefix="/subnets", tags=["subnets"], dependencies=[KnownParameters])


@router.get("", operation_id="list_subnets")
def list_subnets(
    session: Db, actor: Viewer, limit: Limit = 100, cursor: str | None = None, q: str = "",
    dhcp_enabled: bool | None = None, count: str = "none",
) -> Page[SubnetOut]:  # fmt: skip
    """List subnets with their use; q looks into prefix, name and description."""
    rows = [
        row
        for row in subnets.list_subnets(session)
        if q.lower() in f"{row.cidr} {row.name} {row.description}".lower()
        and dhcp_enabled in (None, row.dhcp_enabled)
    ]
    part, following = cut(rows, cursor, limit, lambda row: row.id)
    used = usage.usage(session, part)
    items = [subnet_out(row, UsageOut(**_fields(used[row.id]))) for row in part]
    return Page(items=items, next_cursor=following, total=len(rows) if count == "exact" else None)


@router.post("", operation_id="create_subnet", status_code=201)
def create_subnet(session: Db, actor: Operator, data: SubnetIn, response: Response) -> SubnetOut:
    """Plan a subnet."""
    row = subnets.create_subnet(session, actor, data)
    response.headers["Location"] = f"/api/v1/subnets/{row.id}"
    tag(response, row.version)
    return subnet_out(row)


@router.get("/{subnet_id}", operation_id="get_subnet")
def get_subnet(session: Db, actor: Viewer, subnet_id: Id, response: Response) -> SubnetOut:
    """Return a subnet with its use."""
    row = subnets.get_subnet(session, subnet_id)
    tag(response, row.version)
    return subnet_out(row, UsageOut(**_fields(usage.usage(session, [row])[row.id])))


@router.patch("/{subnet_id}", operation_id="update_subnet")
def update_subnet(
    session: Db, actor: Operator, subnet_id: Id, patch: Annotated[dict[str, object], Body()], version: Version,
    response: Response,
) -> SubnetOut:  # fmt: skip
    """Change fields by merge patch (RFC 7396); null = inherit."""
    before = subnet_out(subnets.get_subnet(session, subnet_id))
    data = merged(SubnetSettings, before.model_dump(include=set(SubnetSettings.model_fields)), patch)
    row = subnets.update_subnet(session, actor, subnet_id, data.model_dump(), version)
    tag(response, row.version)
    return subnet_out(row)


@router.delete("/{subnet_id}", operation_id="delete_subnet", status_code=204)
def delete_subnet(session: Db, actor: Operator, subnet_id: Id, version: Version) -> None:
    """Remove a subnet with its pools and reservations."""
    subnets.delete_subnet(session, actor, subnet_id, version)


@router.get("/{subnet_id}/grid", operation_id="get_subnet_grid")
def get_grid(session: Db, actor: Viewer, subnet_id: Id, page: PageNumber = 0) -> list[AddressOut]:
    """Return 256 addresses of the subnet with their state."""
    return addresses.grid(session, subnets.get_subnet(session, subnet_id), max(0, page))


def _fields(used: usage.Usage) -> dict[str, int]:
    return {name: getattr(used, name) for name in UsageOut.model_fields}

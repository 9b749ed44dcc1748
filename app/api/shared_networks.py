"""JSON routes of shared networks; the name is the key."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.paging import KnownParameters, Limit, Page, cut
from app.auth.deps import Db, Operator, Viewer
from app.schemas.shared_networks import SharedNetworkIn, SharedNetworkOut, shared_network_out
from app.services import shared_networks

router = APIRouter(prefix="/shared-networks", tags=["shared networks"], dependencies=[KnownParameters])
Name = Annotated[str, Path(min_length=1, max_length=120)]


@router.get("", operation_id="list_shared_networks")
def list_shared_networks(
    session: Db, actor: Viewer, limit: Limit = 100, cursor: str | None = None
) -> Page[SharedNetworkOut]:
    """List shared networks."""
    rows = shared_networks.list_shared_networks(session)
    part, following = cut(rows, cursor, limit, lambda row: row.id)
    members = shared_networks.members(session, part)
    items = [shared_network_out(row, members[row.name]) for row in part]
    return Page(items=items, next_cursor=following)


@router.get("/{name}", operation_id="get_shared_network")
def get_shared_network(session: Db, actor: Viewer, name: Name) -> SharedNetworkOut:
    """Return a shared network."""
    row = shared_networks.get_shared_network(session, name)
    return shared_network_out(row, shared_networks.members(session, [row])[name])


@router.put("/{name}", operation_id="put_shared_network")
def put_shared_network(session: Db, actor: Operator, name: Name, data: SharedNetworkIn) -> SharedNetworkOut:
    """Make a shared network or replace its options; the workers serve them at once."""
    row = shared_networks.put_shared_network(session, actor, name, data)
    return shared_network_out(row, shared_networks.members(session, [row])[name])


@router.delete("/{name}", operation_id="delete_shared_network", status_code=204)
def delete_shared_network(session: Db, actor: Operator, name: Name) -> None:
    """Take its options away; its subnets stay together on their link."""
    shared_networks.delete_shared_network(session, actor, name)

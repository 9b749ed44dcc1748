"""JSON routes of pools."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from app.api.paging import Id, KnownParameters, Limit, OptionalId, Page, Version, cut, tag
from app.auth.deps import Db, Operator, Viewer
from app.schemas.pools import PoolIn, PoolOut, pool_out
from app.services import pools
from app.services.patch import merged

router = APIRouter(prefix="/pools", tags=["pools"], dependencies=[KnownParameters])


@router.get("", operation_id="list_pools")
def list_pools(
    session: Db, actor: Viewer, subnet_id: OptionalId = None, limit: Limit = 100, cursor: str | None = None
) -> Page[PoolOut]:
    """List pools."""
    part, following = cut(pools.list_pools(session, subnet_id), cursor, limit, lambda row: row.id)
    return Page(items=[pool_out(row) for row in part], next_cursor=following)


@router.post("", operation_id="create_pool", status_code=201)
def create_pool(session: Db, actor: Operator, data: PoolIn, response: Response) -> PoolOut:
    """Make a pool; the workers serve from it at once."""
    row = pools.create_pool(session, actor, data)
    response.headers["Location"] = f"/api/v1/pools/{row.id}"
    tag(response, row.version)
    return pool_out(row)


@router.get("/{pool_id}", operation_id="get_pool")
def get_pool(session: Db, actor: Viewer, pool_id: Id, response: Response) -> PoolOut:
    """Return a pool."""
    row = pools.get_pool(session, pool_id)
    tag(response, row.version)
    return pool_out(row)


@router.patch("/{pool_id}", operation_id="update_pool")
def update_pool(
    session: Db, actor: Operator, pool_id: Id, patch: Annotated[dict[str, object], Body()], version: Version,
    response: Response,
) -> PoolOut:  # fmt: skip
    """Change fields by merge patch (RFC 7396)."""
    before = pool_out(pools.get_pool(session, pool_id)).model_dump(include=set(PoolIn.model_fields))
    fixed = {**patch, "subnet_id": before["subnet_id"]}
    row = pools.update_pool(session, actor, pool_id, merged(PoolIn, before, fixed), version)
    tag(response, row.version)
    return pool_out(row)


@router.delete("/{pool_id}", operation_id="delete_pool", status_code=204)
def delete_pool(session: Db, actor: Operator, pool_id: Id, version: Version) -> None:
    """Remove a pool."""
    pools.delete_pool(session, actor, pool_id, version)

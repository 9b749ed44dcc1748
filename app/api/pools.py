"""JSON routes of pools."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.paging import Id
from app.api.resource import Natural, Resource
from app.api.use_history import use_over_time
from app.auth.deps import Db, Viewer
from app.models import Pool
from app.schemas.pools import PoolIn, PoolOut, PoolUsageOut, pool_out
from app.schemas.use_history import RangeName, UseHistoryOut
from app.services import pools, usage
from app.services.errors import Invalid, Problem


def _show(session: Session, rows: Sequence[Pool]) -> list[PoolOut]:
    used = usage.pool_usage(session, rows)
    return [pool_out(row, PoolUsageOut.of(**used[row.id]._asdict())) for row in rows]


def _update(session: Session, actor: Any, row: Pool, data: PoolIn) -> Pool:
    if data.subnet_id != row.subnet_id:
        raise Invalid(Problem("subnet_id", "fixed", "A pool stays in its subnet; make another one there."))
    return pools.update_pool(session, actor, row.id, data)


def _find(session: Session, data: PoolIn) -> Pool | None:
    same = (Pool.subnet_id == data.subnet_id, Pool.first == data.start, Pool.last == data.end)
    return session.scalar(select(Pool).where(*same))


RESOURCE = Resource(
    path="pools",
    noun="pool",
    plural="pools",
    listing=pools.LISTING,
    shape=PoolOut,
    show=_show,
    get=pools.get_pool,
    accepts=PoolIn,
    create=pools.create_pool,
    update=_update,
    delete=lambda session, actor, row: pools.delete_pool(session, actor, row.id),
    natural=Natural("/{start}-{end}", ("start", "end"), dict, _find),
)
router = RESOURCE.router()


@router.get("/{pool_id:int}/usage", operation_id="get_pool_usage")
def get_pool_usage(session: Db, actor: Viewer, pool_id: Id, range: RangeName = "24h") -> UseHistoryOut:
    """Return how full the pool was over time, and when the last address is taken."""
    return use_over_time(session, pools.get_pool(session, pool_id), range)

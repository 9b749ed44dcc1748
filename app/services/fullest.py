"""Which pools will be full first?"""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pool, UseSeries
from app.services.kept import Kept, kept_for
from app.services.spans import span
from app.services.totals import free_in
from app.services.usage import PoolUsage, pool_usage

LOOKED_AT: Final = 50
"""So many pools, those that were the fullest, are counted anew to find those that are."""
FULLEST: Final = "fullest"
"""Key in Session.info: the ids of those pools, kept until another minute is recorded, or the plan changes."""


def nearest_to_full(session: Session, count: int) -> list[tuple[Pool, PoolUsage]]:
    """Return the dynamic IPv4 pools with the smallest share of free addresses, the fullest first.

    They are looked for by what was recorded in the last minute; pools that were not recorded yet are looked at too.
    """
    kept: Kept[list[int]] | None = kept_for(session, FULLEST)
    likely = kept.get(session) if kept else read_fullest(session)
    rows = session.scalars(select(Pool).where(Pool.id.in_(likely))).all()
    bounds = [span(row.first, row.last) for row in rows]
    shares = zip(free_in(session, bounds), bounds, rows, strict=True)
    order = sorted((free / (last - first + 1), row.id, row) for free, (first, last), row in shares)
    fullest = [row for _share, _id, row in order[:count]]
    used = pool_usage(session, fullest)
    return [(row, used[row.id]) for row in fullest]


def read_fullest(session: Session) -> list[int]:
    """Return the ids of the pools that were the fullest when they were recorded."""
    share = func.coalesce(UseSeries.free * 1.0 / UseSeries.size, 0)
    query = select(Pool.id).outerjoin(UseSeries, UseSeries.pool_id == Pool.id).where(Pool.kind == "dynamic")
    return list(session.scalars(query.order_by(share, Pool.id).limit(LOOKED_AT)))

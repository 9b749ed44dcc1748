"""What do pools and subnets answer about their use over time?"""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.models import Pool, Subnet
from app.schemas.use_history import ForecastOut, RangeName, UseHistoryOut, UsePointOut
from app.services.use_history import UsePoint, history, outlook, width_of


def use_over_time(session: Session, owner: Pool | Subnet, range_: RangeName) -> UseHistoryOut:
    """Return the answer for one of them."""
    seen = outlook(session, owner)
    return UseHistoryOut(
        range=range_,
        step_s=width_of(range_),
        peak_7d=seen.peak,
        forecast=ForecastOut(days_to_full=seen.forecast.days, reason=seen.forecast.reason),
        points=[_point(point) for point in history(session, owner, range_)],
    )


def _point(point: UsePoint) -> UsePointOut:
    at = datetime.fromtimestamp(point.at, UTC)
    return UsePointOut.of(at=at, peak=point.peak, **point.figures._asdict())

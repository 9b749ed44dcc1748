"""How many addresses are leased and how many are free, in the whole plan or in parts of it? Always exact."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.services.plan_map import PlanMap, map_of, marks_in
from app.services.spans import Span


class Counted(NamedTuple):
    """Addresses of a span: those of pools, those that are leased, and those that are free."""

    pool: int
    leased: int
    free: int


def totals(session: Session) -> tuple[int, int]:
    """Return how many addresses are leased and how many are free, over all that the session sees."""
    plan = map_of(session)
    found = _counts(session, plan, plan.inside)
    return sum(each.leased for each in found), sum(each.free for each in found)


def free_in(session: Session, bounds: Sequence[Span]) -> list[int]:
    """Return how many addresses of each span are free."""
    return [each.free for each in _counts(session, map_of(session), bounds)]


def counted(session: Session, bounds: Mapping[int, Span]) -> dict[int, Counted]:
    """Return what is counted of each of many spans, by the same keys."""
    return dict(zip(bounds, _counts(session, map_of(session), list(bounds.values())), strict=True))


def _counts(session: Session, plan: PlanMap, bounds: Sequence[Span]) -> list[Counted]:
    marks = marks_in(session, plan, bounds)
    found = []
    for each in bounds:
        part, (leased, of_free) = plan.part(each), marks.leased_and_of_free(each)
        found.append(Counted(part.pool, leased, part.open - of_free))
    return found

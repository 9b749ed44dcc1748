"""How many addresses are leased and how many are free, in the whole plan or in parts of it? Always exact."""

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy.orm import Session

from app.services.plan_map import map_of, marks_in
from app.services.spans import Span

Counted: TypeAlias = tuple[int, int, int, int]
"""(id of a subnet, addresses of its pools, leased, free)."""


def totals(session: Session) -> tuple[int, int]:
    """Return how many addresses are leased and how many are free, over all that the session sees."""
    plan = map_of(session)
    marks = marks_in(session, plan, plan.inside)
    leased = sum(marks.count(bounds).leased for bounds in plan.inside)
    return leased, sum(plan.part(bounds).open - marks.of_free(bounds) for bounds in plan.inside)


def free_in(session: Session, bounds: Sequence[Span]) -> list[int]:
    """Return how many addresses of each span are free."""
    plan = map_of(session)
    marks = marks_in(session, plan, bounds)
    return [plan.part(each).open - marks.of_free(each) for each in bounds]


def of_subnets(session: Session) -> list[Counted]:
    """Return what is counted of every subnet that the session sees."""
    plan = map_of(session)
    marks = marks_in(session, plan, plan.inside).of_subnets()
    return [
        (id_, pool, leased, open_ - taken)
        for (id_, pool, open_), (leased, taken) in zip(plan.of_subnets, marks, strict=True)
    ]

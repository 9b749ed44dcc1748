"""Which part of the reservations does a filter show, and in which order?"""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.models import Reservation
from app.models.types import Address
from app.services.listing import MATCHES_LIMIT, count_up_to
from app.services.reservations import matching
from app.services.standings import STATES, found_in_state

Query = Select[Any]


def filtered(session: Session, text: str, subnet_id: int | None, state: str) -> Query:
    """Return the query of what a text finds: an address, any identifier, a part of a name or description.

    state: one of `standings.STATES`; anything else = whichever.
    """
    query = select(Reservation)
    if state in STATES:
        query = query.where(found_in_state(session, state))
    if subnet_id:
        query = query.where(Reservation.subnet_id == subnet_id)
    return query.where(matching(text)) if text else query


def part(session: Session, query: Query, after: tuple[Address | None, int] | None, limit: int) -> list[Reservation]:
    """Return the rows after an (address, id); those without an address come last."""
    addressed = query.where(Reservation.ip.is_not(None)).order_by(Reservation.ip, Reservation.id)
    rest = query.where(Reservation.ip.is_(None)).order_by(Reservation.id)
    rows: list[Reservation] = []
    if after is None or after[0] is not None:
        if after is not None:
            addressed = addressed.where(Reservation.ip > after[0])
        rows = list(session.scalars(addressed.limit(limit)))
    elif after is not None:
        rest = rest.where(Reservation.id > after[1])
    if len(rows) < limit:
        rows += session.scalars(rest.limit(limit - len(rows)))
    return rows


def count(session: Session, query: Query) -> tuple[int, bool]:
    """Return how many rows match, and whether counting ended before them: each that is filtered is looked at."""
    if query.whereclause is None:
        return session.scalar(select(func.count()).select_from(Reservation)) or 0, False
    return count_up_to(session, query.with_only_columns(Reservation.id), MATCHES_LIMIT)

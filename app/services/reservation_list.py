"""Which part of the reservations does a filter show, and in which order?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.models import Reservation
from app.models.types import Address
from app.services.listing import MATCHES_LIMIT, count_up_to
from app.services.promised import condition, decided
from app.services.reservations import matching
from app.services.standings import STATES

Query = Select[Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a filter lets through; `ids` = all of it in the order of the list, where that is known."""

    query: Query
    ids: Sequence[int] | None = None


def filtered(session: Session, text: str, subnet_id: int | None, state: str) -> Found:
    """Return what a text finds: an address, any identifier, a part of a name or description.

    state: one of `standings.STATES`; anything else = whichever.
    """
    query = select(Reservation)
    if subnet_id:
        query = query.where(Reservation.subnet_id == subnet_id)
    if text:
        query = query.where(matching(text))
    if state not in STATES:
        return Found(query)
    ids = decided(session, state, query)
    return Found(query.where(condition(session, state, ids)), ids)


def part(session: Session, found: Found, after: tuple[Address | None, int] | None, limit: int) -> list[Reservation]:
    """Return the rows after an (address, id); those without an address come last."""
    if found.ids is not None and (after is None or after[1] in found.ids):
        start = 0 if after is None else found.ids.index(after[1]) + 1
        ids = found.ids[start : start + limit]
        rows = {row.id: row for row in session.scalars(select(Reservation).where(Reservation.id.in_(ids)))}
        return [rows[id_] for id_ in ids if id_ in rows]
    return _read(session, found.query, after, limit)


def _read(
    session: Session, query: Query, after: tuple[Address | None, int] | None, limit: int
) -> list[Reservation]:
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


def count(session: Session, found: Found) -> tuple[int, bool]:
    """Return how many rows match, and whether counting ended before them: each that is filtered is looked at."""
    if found.ids is not None:
        return len(found.ids), False
    if found.query.whereclause is None:
        return session.scalar(select(func.count()).select_from(Reservation)) or 0, False
    return count_up_to(session, found.query.with_only_columns(Reservation.id), MATCHES_LIMIT)

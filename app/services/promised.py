"""Which reservations are in a state? What can be ruled out is kept in memory; of the others the database decides.

The database alone would look at the lease, or the device, of each of 50,000 reservations for the few that are in
conflict or wait. Kept is whose device leases anything nearby, and which addresses the right devices have: a change
of a lease, which is an event, or of the plan takes what it is about out of that knowledge.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, or_, select
from sqlalchemy.orm import Session

from app.models import LeaseEvent, Reservation, ReservationIdentifier
from app.services import events
from app.services.covers import Cover
from app.services.kept import Kept, kept_for
from app.services.octets import driver_rows, number_of, raw
from app.services.plan_changes import Changed
from app.services.plan_map import PLAN_MAP, PlanMap, contested
from app.services.spans import address_of, key
from app.services.standings import ACTIVE, CONFLICT, WAITING, in_state, leases_nearby, one_of

PROMISED: Final = "promised"
"""Key in Session.info."""
LEASED_AT_ONCE: Final = 5000
"""Of more reservations that are active nothing is decided beforehand: those of a page are soon found."""
DOUBTED_AT_ONCE: Final = 100_000
"""More addresses than these are looked at one by one."""
MOST_EVENTS: Final = 10_000
"""After more events than these nothing is known."""
KNOWN_FOR_S: Final = 600.0
"""So it is after this time, whatever happened."""


class Promised:
    """What is known of promises, up to an event of a lease. It is safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest, self._since = 0, 0.0
        self._right: set[int] = set()
        self._near: dict[int, int] | None = None

    def waiting(self, session: Session, leased: set[int]) -> list[int]:
        """Return the ids of those that may wait: their device leases something, and nobody their address."""
        with self._lock:
            self._follow(session)
            if self._near is None:
                self._near = _addresses(session, _leasing(session))
            return [id_ for id_, number in self._near.items() if number not in leased]

    def doubted(self, session: Session, leased: Iterable[int]) -> tuple[list[int], int]:
        """Return those of some leased addresses (keys) that may be another's, and the event that this is after."""
        with self._lock:
            self._follow(session)
            return [number for number in leased if number not in self._right], self._newest

    def settle(self, right: Iterable[int], newest: int) -> None:
        """Take in addresses (keys) that were seen to be the right device's, unless more has happened since."""
        with self._lock:
            if newest == self._newest:
                self._right.update(right)

    def forget(self, session: Session, changed: Changed) -> None:
        """Take out what changes of the plan are about."""
        where = Cover(changed.spans)
        with self._lock:
            self._right = {number for number in self._right if not where.holds(number)}
            if self._near is not None and changed.spans:
                self._near |= _addresses(session, changed.within(Reservation.ip))

    def _follow(self, session: Session) -> None:
        """Take out what happened to leases since: each change of one is written together with its event."""
        newest, now = events.latest_id(session), time.monotonic()
        if not 0 <= newest - self._newest <= MOST_EVENTS or now - self._since > KNOWN_FOR_S:
            self._right, self._near, self._since = set(), None, now
        elif newest > self._newest:
            told = select(LeaseEvent.ip, LeaseEvent.mac).where(LeaseEvent.id > self._newest)
            rows = session.execute(told).all()
            self._right.difference_update(key(row.ip) for row in rows)
            if self._near is not None:
                known = ReservationIdentifier
                macs = one_of(session, known.value, sorted({row.mac.hex() for row in rows}))
                of = select(known.reservation_id).where(macs, known.type == "mac")
                self._near |= _addresses(session, Reservation.id.in_(of))
        self._newest = newest


def _addresses(session: Session, condition: ColumnElement[bool]) -> dict[int, int]:
    """Return the addresses (keys) of the reservations that meet a condition, by their ids."""
    query = select(Reservation.id, raw(session, Reservation.ip)).where(condition, Reservation.ip.is_not(None))
    return {id_: number_of(octets) for id_, octets in driver_rows(session, query)}


def _leasing(session: Session) -> ColumnElement[bool]:
    """Return the condition of those whose device leases anything in their subnet."""
    leasing = and_(*leases_nearby())
    if session.get_bind().dialect.name != "sqlite":  # row by row: PostgreSQL would join all leases
        nearby = exists().where(leasing).correlate(ReservationIdentifier)
        leasing = case((nearby, literal(1)), else_=literal(0)) == 1
    return Reservation.id.in_(select(ReservationIdentifier.reservation_id).where(leasing))


def kept_promised() -> dict[str, Kept[Promised]]:
    """Return what is kept of promises, for Session.info."""

    def renew(session: Session, known: Promised, changed: Changed) -> Promised:
        known.forget(session, changed)
        return known

    return {PROMISED: Kept(lambda session: Promised(), renew=renew)}


def found_in_state(session: Session, state: str) -> ColumnElement[bool]:
    """Return the condition `in_state`, decided once for those that it can hold for, unless they are too many."""
    return condition(session, state, decided(session, state, select(Reservation)))


def condition(session: Session, state: str, ids: Sequence[int] | None) -> ColumnElement[bool]:
    """Return the condition that a reservation is in a state; ids: as `decided` returned them."""
    return in_state(session, state) if ids is None else one_of(session, Reservation.id, ids)


def decided(session: Session, state: str, query: Select[Any]) -> list[int] | None:
    """Return which reservations of a query are in a state, those without an address last; None = too many."""
    among = _among(session, state)
    if among is None:
        return None
    ids = query.with_only_columns(Reservation.id).where(among, in_state(session, state))
    return list(session.scalars(ids.order_by(Reservation.ip.is_(None), Reservation.ip, Reservation.id)))


def _among(session: Session, state: str) -> ColumnElement[bool] | None:
    """Return the condition of those that may be in a state; None = too many, or nothing is kept."""
    kept: Kept[Promised] | None = kept_for(session, PROMISED)
    if kept is None or state not in (ACTIVE, CONFLICT, WAITING):
        return None
    plan: PlanMap = session.info[PLAN_MAP].get(session)
    leased = (number for number, _ in contested(session, plan, plan.inside))
    if state == CONFLICT:
        return _doubted(session, kept.get(session), list(leased))
    if state == WAITING:
        return one_of(session, Reservation.id, kept.get(session).waiting(session, set(leased)))
    few = list(islice(leased, LEASED_AT_ONCE + 1))
    if len(few) > LEASED_AT_ONCE:
        return None
    return or_(Reservation.ip.is_(None), one_of(session, Reservation.ip, list(map(address_of, few))))


def _doubted(session: Session, known: Promised, leased: list[int]) -> ColumnElement[bool] | None:
    doubted, newest = known.doubted(session, leased)
    if len(doubted) > DOUBTED_AT_ONCE:
        return None
    among = one_of(session, Reservation.ip, list(map(address_of, doubted)))
    found = session.scalars(select(Reservation.ip).where(among, in_state(session, CONFLICT)))
    wrong = [ip for ip in found if ip is not None]
    known.settle(set(doubted).difference(map(key, wrong)), newest)
    return one_of(session, Reservation.ip, wrong)

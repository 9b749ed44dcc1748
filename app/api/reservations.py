"""JSON routes of reservations."""

from collections.abc import Sequence

from fastapi import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.etags import tag
from app.api.resource import Natural, Resource
from app.auth.deps import Db, Operator
from app.models import Reservation
from app.schemas.addresses import FromLeaseIn
from app.schemas.reservations import ReservationIn, ReservationOut, reservation_out
from app.services import reservations, standings


def _show(session: Session, rows: Sequence[Reservation]) -> list[ReservationOut]:
    found = standings.standings(session, rows)
    return [reservation_out(row, found[row.id].state, found[row.id].lease) for row in rows]


def _find(session: Session, data: ReservationIn) -> Reservation | None:
    return session.scalar(select(Reservation).where(Reservation.ip == data.ip))


RESOURCE = Resource(
    path="reservations",
    noun="reservation",
    plural="reservations",
    listing=reservations.LISTING,
    shape=ReservationOut,
    show=_show,
    get=reservations.get_reservation,
    accepts=ReservationIn,
    create=reservations.create_reservation,
    update=lambda session, actor, row, data: reservations.update_reservation(session, actor, row.id, data),
    delete=lambda session, actor, row: reservations.delete_reservation(session, actor, row.id),
    natural=Natural("/by-ip/{ip}", ("ip",), dict, _find),
)
router = RESOURCE.router()


@router.post("/from-lease", operation_id="reserve_lease", status_code=201)
def reserve_lease(session: Db, actor: Operator, data: FromLeaseIn, response: Response) -> ReservationOut:
    """Promise a device the address that it has; other fields of a reservation may be told as well."""
    more = data.model_dump(exclude={"ip"})
    row = reservations.from_lease(session, actor, data.ip, more)
    response.headers["Location"] = f"/api/v1/reservations/{row.id}"
    return tag(response, _show(session, [row])[0])

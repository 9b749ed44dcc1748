"""JSON routes of reservations."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from app.api.paging import Id, KnownParameters, Limit, OptionalId, Page, Version, cut, tag
from app.auth.deps import Db, Operator, Viewer
from app.models import Reservation
from app.schemas.reservations import ReservationIn, ReservationOut, reservation_out
from app.services import reservations
from app.services.patch import merged

router = APIRouter(prefix="/reservations", tags=["reservations"], dependencies=[KnownParameters])


@router.get("", operation_id="list_reservations")
def list_reservations(
    session: Db, actor: Viewer, subnet_id: OptionalId = None, limit: Limit = 100, cursor: str | None = None
) -> Page[ReservationOut]:
    """List reservations with what each does at present."""
    rows = reservations.list_reservations(session, subnet_id)
    part, following = cut(rows, cursor, limit, lambda row: row.id)
    states = reservations.states(session, part)
    return Page(items=[reservation_out(row, states[row.id]) for row in part], next_cursor=following)


@router.post("", operation_id="create_reservation", status_code=201)
def create_reservation(session: Db, actor: Operator, data: ReservationIn, response: Response) -> ReservationOut:
    """Promise an address or settings to a device."""
    row = reservations.create_reservation(session, actor, data)
    response.headers["Location"] = f"/api/v1/reservations/{row.id}"
    return _shown(session, row, response)


@router.get("/{reservation_id}", operation_id="get_reservation")
def get_reservation(session: Db, actor: Viewer, reservation_id: Id, response: Response) -> ReservationOut:
    """Return a reservation."""
    return _shown(session, reservations.get_reservation(session, reservation_id), response)


@router.patch("/{reservation_id}", operation_id="update_reservation")
def update_reservation(
    session: Db, actor: Operator, reservation_id: Id, patch: Annotated[dict[str, object], Body()],
    version: Version, response: Response,
) -> ReservationOut:  # fmt: skip
    """Change fields by merge patch (RFC 7396)."""
    shown = reservation_out(reservations.get_reservation(session, reservation_id), "")
    data = merged(ReservationIn, shown.model_dump(include=set(ReservationIn.model_fields)), patch)
    return _shown(session, reservations.update_reservation(session, actor, reservation_id, data, version), response)


@router.delete("/{reservation_id}", operation_id="delete_reservation", status_code=204)
def delete_reservation(session: Db, actor: Operator, reservation_id: Id, version: Version) -> None:
    """Take a promise back."""
    reservations.delete_reservation(session, actor, reservation_id, version)


def _shown(session: Session, row: Reservation, response: Response) -> ReservationOut:
    tag(response, row.version)
    return reservation_out(row, reservations.states(session, [row])[row.id])

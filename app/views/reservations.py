"""Pages of reservations."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Reservation
from app.schemas.fields import show_identifier
from app.schemas.reservations import ReservationIn
from app.services import audit, leases, reservations, subnets
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views.forms import filled, form_page, version_of
from app.views.options import Row, rows_of
from app.views.render import Id, page
from dhcpd.protocol.addresses import format_mac

router = APIRouter(prefix="/reservations", include_in_schema=False)
TEXTS = ("subnet_id", "ip", "hostname", "description", "next_server", "boot_file")
SHOWN = (*TEXTS, "identifiers", "options")
EMPTY_IDENTIFIERS = 1
Identifiers = list[dict[str, str]]


@router.get("")
def list_reservations(request: Request, session: Db, actor: Viewer) -> Response:
    """Show all reservations and what each does."""
    rows = reservations.list_reservations(session)
    known = {row.id: row for row in subnets.list_subnets(session)}
    states = reservations.states(session, rows)
    return page(request, session, "reservations/list.html", reservations=rows, subnets=known, states=states)


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator, lease: str = "", ip: str = "") -> Response:
    """Show the form, filled from a lease when one is named."""
    if not lease:
        return _page(request, session, {"ip": ip}, [], [])
    row = leases.get_lease(session, lease)
    values = {"ip": str(row.ip), "hostname": row.hostname, "subnet_id": str(row.subnet_id)}
    return _page(request, session, values, [{"type": "mac", "value": format_mac(row.mac)}], [])


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Promise an address to a device."""
    try:
        reservations.create_reservation(session, actor, _shape(form))
    except DomainError as error:
        return _refused(request, session, form, error)
    return _saved(session)


@router.get("/{reservation_id}/edit")
def show_edit(request: Request, session: Db, actor: Operator, reservation_id: Id) -> Response:
    """Show the form with what is stored."""
    row = reservations.get_reservation(session, reservation_id)
    values = {name: str(getattr(row, name) or "") for name in TEXTS}
    identifiers = [{"type": i.type, "value": show_identifier(i.type, i.value)} for i in row.identifiers]
    return _page(request, session, {**values, "version": row.version}, identifiers, row.options, stored=row)


@router.post("/{reservation_id}/edit")
def update(request: Request, session: Db, actor: Operator, reservation_id: Id, form: Form) -> Response:
    """Change what is promised."""
    try:
        reservations.update_reservation(session, actor, reservation_id, _shape(form), version_of(form))
    except DomainError as error:
        session.rollback()
        stored = reservations.get_reservation(session, reservation_id)
        return _refused(request, session, form, error, stored)
    return _saved(session)


@router.post("/{reservation_id}/delete")
def delete(session: Db, actor: Operator, reservation_id: Id) -> Response:
    """Take a promise back."""
    reservations.delete_reservation(session, actor, reservation_id)
    return _saved(session)


def _saved(session: Session) -> Response:
    return RedirectResponse(f"/reservations?saved={audit.current_revision(session)}", 303)


def _identifiers(form: Any) -> Identifiers:
    pairs = zip(form.getlist("type"), form.getlist("identifier"), strict=False)
    return [{"type": str(kind), "value": str(text).strip()} for kind, text in pairs if str(text).strip()]


def _shape(form: Any) -> ReservationIn:
    values = {name: text for name, text in filled(form, *TEXTS).items() if text}
    return parsed(ReservationIn, {**values, "identifiers": _identifiers(form), "options": rows_of(form)})


def _refused(
    request: Request, session: Session, form: Any, error: DomainError, stored: Reservation | None = None
) -> Response:
    values = filled(form, *TEXTS, "version")
    return _page(request, session, values, _identifiers(form), rows_of(form), error, stored)


def _page(
    request: Request,
    session: Session,
    values: dict[str, Any],
    identifiers: Identifiers,
    options: list[Row],
    error: DomainError | None = None,
    stored: Reservation | None = None,
) -> Response:
    rows = [*identifiers, *({"type": "mac", "value": ""} for _ in range(EMPTY_IDENTIFIERS))]
    more = {"subnets": subnets.list_subnets(session), "identifiers": rows, "stored": stored}
    return form_page(request, session, "reservations/form.html", values, options, error, SHOWN, **more)

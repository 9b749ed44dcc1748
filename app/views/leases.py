"""Pages of leases and reservations."""

from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.deps import Db, Form, Operator, Viewer
from app.schemas.reservations import ReservationIn
from app.services import audit, leases, reservations, subnets
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views.forms import Problems, filled, problems_of
from app.views.render import Id, page
from dhcpd.protocol.addresses import format_mac

router = APIRouter(include_in_schema=False)
ROWS = 100
FIELDS = ("subnet_id", "mac", "ip", "hostname", "identifiers")


@router.get("/leases")
def list_leases(
    request: Request, session: Db, actor: Viewer, q: str = "", state: str = "", after: str = ""
) -> Response:
    """Show leases; the newest state of each address."""
    filters = leases.LeaseFilters(q, state or None)
    start = ip_address(after) if after.replace(".", "").isdecimal() and after.count(".") == 3 else None
    rows = leases.list_leases(session, filters, after=start, limit=ROWS + 1)
    following = str(rows[ROWS - 1].ip) if len(rows) > ROWS else ""
    total = leases.count_leases(session, filters)
    shown: dict[str, Any] = {"leases": rows[:ROWS], "q": q, "state": state, "following": following, "total": total}
    return page(request, session, "leases/list.html", **shown)


@router.post("/leases/{ip}/release")
def release(session: Db, actor: Operator, ip: str) -> Response:
    """Ask the worker to release an address."""
    leases.order(session, actor, ip, "release")
    return RedirectResponse("/leases", 303)


@router.get("/reservations")
def list_reservations(request: Request, session: Db, actor: Viewer) -> Response:
    """Show all reservations and what each does."""
    rows = reservations.list_reservations(session)
    known = {row.id: row for row in subnets.list_subnets(session)}
    states = reservations.states(session, rows)
    return page(request, session, "reservations/list.html", reservations=rows, subnets=known, states=states)


@router.get("/reservations/new")
def show_new(request: Request, session: Db, actor: Operator, lease: str = "") -> Response:
    """Show the form, filled from a lease when one is named."""
    values: dict[str, str] = {}
    if lease:
        row = leases.get_lease(session, lease)
        values = {"mac": format_mac(row.mac), "ip": str(row.ip), "hostname": row.hostname}
        values["subnet_id"] = str(row.subnet_id)
    return _form(request, session, values)


@router.post("/reservations/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Promise an address to a device."""
    values = filled(form, *FIELDS)
    shape = {
        "subnet_id": values["subnet_id"] or None,
        "identifiers": [{"type": "mac", "value": values["mac"]}],
        "ip": values["ip"],
        "hostname": values["hostname"],
    }
    try:
        reservations.create_reservation(session, actor, parsed(ReservationIn, shape))
    except DomainError as error:
        problems = problems_of(error, FIELDS)
        problems = {("mac" if name == "identifiers" else name): text for name, text in problems.items()}
        return _form(request, session, values, problems, 422)
    return RedirectResponse(f"/reservations?saved={audit.current_revision(session)}", 303)


@router.post("/reservations/{reservation_id}/delete")
def delete(session: Db, actor: Operator, reservation_id: Id) -> Response:
    """Take a promise back."""
    reservations.delete_reservation(session, actor, reservation_id)
    return RedirectResponse(f"/reservations?saved={audit.current_revision(session)}", 303)


def _form(
    request: Request, session: Db, values: dict[str, str], problems: Problems | None = None, status: int = 200
) -> Response:
    known = subnets.list_subnets(session)
    shown: dict[str, Any] = {"subnets": known, "values": values, "problems": problems or {}}
    return page(request, session, "reservations/form.html", status, **shown)

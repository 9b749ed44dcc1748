"""Pages of reservations."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Reservation
from app.models.types import Address
from app.schemas.fields import show_identifier
from app.schemas.reservations import ReservationIn
from app.services import leases, outline, reservation_list, reservations, standings, subnets
from app.services.errors import DomainError, Invalid, Problem
from app.services.patch import parsed
from app.services.rows import Stale
from app.services.subnet_choice import NONE, choice, meant, narrowed
from app.views import custom_values, tables
from app.views.forms import filled, form_page, not_yet, saved, tried, version_of
from app.views.options import Row, rows_of
from app.views.preferences import gettext as _
from app.views.render import Id, OptionalId, page
from app.views.tables import PAGE_ROWS, Column
from dhcpd.protocol.addresses import format_mac

router = APIRouter(prefix="/reservations", include_in_schema=False)
TEXTS = ("subnet_id", "ip", "hostname", "description", "next_server", "server_name", "boot_file")
SHOWN = (*TEXTS, "tags", "identifiers", "options")
COLUMNS: Final = (
    Column("state", "State"),
    Column("ip", "Address"),
    Column("hostname", "Name"),
    Column("identifiers", "Identifiers"),
    Column("subnet", "Subnet"),
    Column("description", "Description", shown=False),
)
CSV_HEADS: Final = ("address", "hostname", "subnet", "identifiers", "description")
EMPTY_IDENTIFIERS = 1
Identifiers = list[dict[str, str]]


@router.get("")
def list_reservations(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what is promised over all subnets, and what each promise does at present."""
    table = tables.read(request, COLUMNS, "subnet", "state", sort="ip")
    subnet_id = narrowed(session, table.params["subnet"])
    if subnet_id is not None and subnet_id != NONE:
        table.params["subnet"] = str(subnet_id)
    found = reservation_list.filtered(session, table.params["q"], subnet_id, table.params["state"])
    if request.query_params.get("format") == "csv":
        return tables.csv_answer(
            "reservations", CSV_HEADS, _csv_rows(session, found.query, subnets.labels(session))
        )
    after = request.query_params.get("after", "")
    rows = reservation_list.part(session, found, _position(after), PAGE_ROWS + 1)
    more = len(rows) > PAGE_ROWS
    rows = rows[:PAGE_ROWS]
    table.paged(after, f"{rows[-1].ip or ''}_{rows[-1].id}" if more else None)
    total, capped = reservation_list.count(session, found) if more or after else (len(rows), False)
    shown: dict[str, Any] = {
        "t": table,
        "all_states": standings.STATES,
        "reservations": rows,
        "subnets": outline.named(session, {row.subnet_id for row in rows}),
        "offered": choice(session, [subnet_id]),
        "standings": standings.standings(session, rows),
        "total": total,
        "capped": capped,
    }
    return page(request, session, "reservations/list.html", part="found", **shown)


def _position(text: str) -> tuple[Address | None, int] | None:
    """Return where a part begins: behind this address, else behind this id."""
    address, _, number = text.partition("_")
    try:
        return (ip_address(address) if address else None, int(number)) if number else None
    except ValueError:
        return None


def _csv_rows(session: Session, query: Any, known: dict[int, Any]) -> Iterator[tuple[object, ...]]:
    rows = session.scalars(query.order_by(Reservation.ip, Reservation.id)).all()
    lines = [
        (
            row.ip or "",
            row.hostname,
            known[row.subnet_id].cidr if row.subnet_id in known else "",
            " ".join(f"{i.type}={show_identifier(i.type, i.value)}" for i in row.identifiers),
            row.description,
        )
        for row in rows
    ]
    return iter(lines)


@router.get("/new")
def show_new(
    request: Request, session: Db, actor: Operator, lease: str = "", ip: str = "", subnet: str = ""
) -> Response:
    """Show the form, filled from a lease when one is named."""
    if not lease:
        return _page(request, session, {"ip": ip, "subnet_id": subnet, **_defaults(session)}, [], [])
    row = leases.get_lease(session, lease)
    values = {"ip": str(row.ip), "hostname": row.hostname, "subnet_id": str(row.subnet_id), **_defaults(session)}
    return _page(request, session, values, [{"type": "mac", "value": format_mac(row.mac)}], [])


def _defaults(session: Session) -> dict[str, str]:
    return custom_values.defaults(custom_values.fields(session, "reservations"))


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Promise an address to a device."""
    try:
        reservations.create_reservation(session, actor, _shape(session, form))
    except DomainError as error:
        return _refused(request, session, form, error)
    return saved(session, "/reservations")


@router.post("/check")
def check(request: Request, session: Db, actor: Operator, form: Form, reservation_id: OptionalId = 0) -> Response:
    """Say which clients would notice the typed reservation; nothing is kept."""
    if not _identifiers(form):
        waiting = _("As soon as the device is named, you see here which clients would notice.")
        return not_yet(request, session, waiting)

    def work() -> None:
        if reservation_id:
            data = _shape(session, form, reservations.get_reservation(session, reservation_id))
            reservations.update_reservation(session, actor, reservation_id, data)
        else:
            reservations.create_reservation(session, actor, _shape(session, form))

    return tried(request, session, work)


@router.get("/{reservation_id}/edit")
def show_edit(request: Request, session: Db, actor: Operator, reservation_id: Id) -> Response:
    """Show the form with what is stored."""
    row = reservations.get_reservation(session, reservation_id)
    values = {name: str(getattr(row, name) or "") for name in TEXTS} | {"tags": " ".join(row.tags)}
    identifiers = [{"type": i.type, "value": show_identifier(i.type, i.value)} for i in row.identifiers]
    values |= custom_values.filled("reservations", row.custom_fields)
    return _page(request, session, {**values, "version": row.version}, identifiers, row.options, stored=row)


@router.post("/{reservation_id}/edit")
def update(request: Request, session: Db, actor: Operator, reservation_id: Id, form: Form) -> Response:
    """Change what is promised."""
    try:
        stored = reservations.get_reservation(session, reservation_id)
        data = _shape(session, form, stored)
        reservations.update_reservation(session, actor, reservation_id, data, version_of(form))
    except DomainError as error:
        session.rollback()
        stored = reservations.get_reservation(session, reservation_id)
        return _refused(request, session, form, error, stored)
    return saved(session, "/reservations")


@router.post("/{reservation_id}/delete")
def delete(session: Db, actor: Operator, reservation_id: Id) -> Response:
    """Take a promise back."""
    reservations.delete_reservation(session, actor, reservation_id)
    return saved(session, "/reservations")


def _identifiers(form: Any) -> Identifiers:
    pairs = zip(form.getlist("type"), form.getlist("identifier"), strict=False)
    return [{"type": str(kind), "value": str(text).strip()} for kind, text in pairs if str(text).strip()]


def _shape(session: Session, form: Any, stored: Reservation | None = None) -> ReservationIn:
    values = {name: text for name, text in filled(form, *TEXTS).items() if text}
    values |= {"subnet_id": meant(session, values["subnet_id"])} if "subnet_id" in values else {}
    same = {} if stored is None else {"expires_at": stored.expires_at}
    custom = custom_values.typed(form, custom_values.fields(session, "reservations"))
    tags = str(form.get("tags", "")).replace(",", " ").split()
    identifiers = _identifiers(form)
    if not identifiers:
        raise Invalid(Problem("identifiers", "required", _("Say how the device is known: its MAC or another.")))
    more = {"tags": tags, "identifiers": identifiers, "options": rows_of(form), "custom_fields": custom}
    return parsed(ReservationIn, {**values, **same, **more})


def _refused(
    request: Request, session: Session, form: Any, error: DomainError, stored: Reservation | None = None
) -> Response:
    values: dict[str, Any] = {**filled(form, *TEXTS, "tags", "version"), **custom_values.kept(form)}
    current = None
    if isinstance(error, Stale) and stored is not None:
        current = {name: str(getattr(stored, name) or "") for name in TEXTS}
        values["version"] = stored.version
    return _page(request, session, values, _identifiers(form), rows_of(form), error, stored, current)


def _page(
    request: Request,
    session: Session,
    values: dict[str, Any],
    identifiers: Identifiers,
    options: list[Row],
    error: DomainError | None = None,
    stored: Reservation | None = None,
    current: dict[str, Any] | None = None,
) -> Response:
    rows = [*identifiers, *({"type": "mac", "value": ""} for _ in range(EMPTY_IDENTIFIERS))]
    more = {
        "offered": choice(session, [values.get("subnet_id", "")]),
        "identifiers": rows,
        "stored": stored,
        "current": current,
    }
    return form_page(
        request, session, "reservations/form.html", values, options, error, SHOWN, "reservations", **more
    )

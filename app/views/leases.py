"""Pages of leases."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.database import SessionFactory, unit_of_work
from app.models import Lease
from app.models.types import Address
from app.services import activity, leases, outline, subnets
from app.services.leases import LeaseFilters
from app.services.subnet_choice import NONE, choice, narrowed
from app.views import tables
from app.views.formats import moment, octets
from app.views.preferences import gettext as _
from app.views.render import done, inner, page
from app.views.tables import PAGE_ROWS, Column, Table
from dhcpd.protocol.addresses import format_mac

router = APIRouter(prefix="/leases", include_in_schema=False)
STATES: Final = ("active", "released", "expired", "declined", "conflict")
COLUMNS: Final = (
    Column("state", "State"),
    Column("ip", "Address", sortable=True),
    Column("mac", "MAC address"),
    Column("hostname", "Name"),
    Column("client_id", "Client identifier", shown=False),
    Column("subnet", "Subnet"),
    Column("relay", "Relay and circuit", shown=False),
    Column("started", "Started", shown=False),
    Column("renewed", "Last seen", sortable=True),
    Column("expires", "Expires"),
    Column("renewals", "Renewals", number=True, shown=False),
)
TAIL_ROWS: Final = 20
"""Rows that it gets at once, the newest: more can't be read, and each costs the browser a millisecond."""


@router.get("")
def list_leases(request: Request, session: Db, actor: Viewer) -> Response:
    """Show leases: what happened last first, or in the order of addresses."""
    table = _table(request)
    filters = _filters(session, table)
    if request.query_params.get("format") == "csv":
        return tables.csv_answer("leases", CSV_HEADS, _csv_rows(request.app.state.sessions, filters))
    after = request.query_params.get("after", "")
    rows, cursor = _rows(session, table, filters, after)
    table.paged(after, cursor)
    few = bool(filters.q) and not after and cursor is None
    total, capped = (len(rows), False) if few else activity.count_leases(session, filters)
    shown: dict[str, Any] = {
        "t": table,
        "leases": rows,
        "total": total,
        "capped": capped,
        "states": STATES,
        "subnets": outline.named(session, {row.subnet_id for row in rows}),
        "offered": choice(session, [filters.subnet_id]),
        "live": not after,
        "planned": bool(rows) or subnets.count_subnets(session) > 0,
    }
    return page(request, session, "leases/list.html", part="found", **shown)


@router.get("/rows")
def tail(
    request: Request, session: Db, actor: Viewer, upto: int, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Show what matches the filter of the leases that the events between two ids are about, for the live tail."""
    table = _table(request)
    table.path = "/leases"
    ordered = activity.changed_leases(session, _filters(session, table), after, upto, TAIL_ROWS)
    known = outline.named(session, {row.subnet_id for row in ordered})
    shown: dict[str, Any] = {"t": table, "leases": ordered, "subnets": known, "fresh": True}
    return page(request, session, "leases/rows.html", part="rows", **shown)


@router.post("/{ip}/release")
def release(session: Db, actor: Operator, ip: str, form: Form) -> Response:
    """Ask the worker to release an address."""
    leases.order(session, actor, ip, "release")
    return _back(form, _("%(ip)s is being released.") % {"ip": ip})


@router.post("/{ip}/quarantine")
def quarantine(session: Db, actor: Operator, ip: str, form: Form) -> Response:
    """Ask the worker to keep an address from everybody for the quarantine time."""
    leases.order(session, actor, ip, "quarantine")
    return _back(form, _("%(ip)s is being quarantined.") % {"ip": ip})


def _back(form: Any, sentence: str) -> RedirectResponse:
    """Return to the page that the wish came from, which says what was done."""
    return done(inner(str(form.get("back", "")), "/leases"), sentence)


def _table(request: Request) -> Table:
    return tables.read(request, COLUMNS, "state", "subnet", sort="-renewed")


def _filters(session: Session, table: Table) -> LeaseFilters:
    state, number = table.params["state"], narrowed(session, table.params["subnet"])
    if number is not None and number != NONE:
        table.params["subnet"] = str(number)
    return LeaseFilters(table.params["q"], state if state in STATES else None, number)


def _rows(session: Session, table: Table, filters: LeaseFilters, after: str) -> tuple[list[Lease], str | None]:
    """Return a part of the table: by the newest event while nothing is filtered, else by address."""
    if filters == LeaseFilters() and "ip" not in table.sort:
        before = int(after) if after.isdecimal() else None
        rows, cursor = activity.recent_leases(session, before=before, limit=PAGE_ROWS)
        return rows, str(cursor) if cursor else None
    table.sort = "ip"
    found = leases.list_leases(session, filters, after=address_of(after), limit=PAGE_ROWS + 1)
    more = len(found) > PAGE_ROWS
    return found[:PAGE_ROWS], str(found[PAGE_ROWS - 1].ip) if more else None


def address_of(text: str) -> Address | None:
    """Return the address that a text is, if it is one."""
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


CSV_HEADS: Final = (
    "address",
    "state",
    "mac",
    "client_id",
    "hostname",
    "subnet_id",
    "relay",
    "relay_info",
    "started_at",
    "renewed_at",
    "expires_at",
    "renewals",
)


def _csv_rows(factory: SessionFactory, filters: LeaseFilters) -> Iterator[tuple[object, ...]]:
    """Read everything found in parts, each in a short transaction of its own."""
    last: Address | None = None
    while True:
        with unit_of_work(factory, writing=False) as session:
            part = leases.list_leases(session, filters, after=last, limit=5000)
        for row in part:
            yield (
                row.ip,
                row.state,
                format_mac(row.mac),
                row.client_id.hex(),
                row.hostname,
                row.subnet_id,
                row.relay or "",
                octets(row.relay_info) if row.relay_info else "",
                moment(row.started_at),
                moment(row.renewed_at),
                moment(row.expires_at),
                row.renewals,
            )
        if len(part) < 5000:
            return
        last = part[-1].ip

"""Pages of subnets: list, new, edit, and one with its grid and pools."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Pool, Subnet
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn, SubnetSettings, subnet_out
from app.services import addresses, audit, pools, reservations, subnets, usage
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views.forms import filled, form_page, problems_of, ticked, version_of
from app.views.options import Row, rows_of
from app.views.render import Id, Part, page

router = APIRouter(prefix="/subnets", include_in_schema=False)
TEXTS = (
    "name", "description", "vlan", "gateway", "interface", "shared_network", "lease_time", "min_lease_time",
    "max_lease_time", "renew_time", "rebind_time", "next_server", "server_name", "boot_file",
)  # fmt: skip
SWITCHES = ("dhcp_enabled", "authoritative", "ignore_client_id")
SHOWN = ("cidr", *TEXTS, *SWITCHES, "relays", "options")
NOT_ON_THE_FORM = set(SubnetSettings.model_fields) - set(SHOWN)
FORM = "subnets/form.html"
POOL_FIELDS = ("start", "end", "kind")


@router.get("")
def list_subnets(request: Request, session: Db, actor: Viewer) -> Response:
    """Show all subnets with their use."""
    rows = subnets.list_subnets(session)
    return page(request, session, "subnets/list.html", subnets=rows, usage=usage.usage(session, rows))


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator, cidr: str = "") -> Response:
    """Show the form of a new subnet; its own DNS and domain are what most subnets need."""
    usual: list[Row] = [{"option": name, "value": ""} for name in ("domain-name-servers", "domain-name")]
    values = {"cidr": cidr, "dhcp_enabled": True, "authoritative": True}
    return form_page(request, session, FORM, values, usual, subnet=None)


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Plan a subnet."""
    try:
        data = parsed(SubnetIn, {"cidr": filled(form, "cidr")["cidr"], **_shape(form)})
        row = subnets.create_subnet(session, actor, data)
    except DomainError as error:
        return _refused(request, session, form, error)
    return _saved(session, row.id)


@router.get("/{subnet_id}/edit")
def show_edit(request: Request, session: Db, actor: Operator, subnet_id: Id) -> Response:
    """Show the form with what is stored."""
    row = subnets.get_subnet(session, subnet_id)
    stored = subnet_out(row).model_dump()
    values = {name: "" if stored[name] is None else stored[name] for name in SHOWN}
    values["relays"] = " ".join(row.relays)
    return form_page(request, session, FORM, {**values, "version": row.version}, row.options, subnet=row)


@router.post("/{subnet_id}/edit")
def update(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Change a subnet."""
    row = subnets.get_subnet(session, subnet_id)
    try:
        kept = subnet_out(row).model_dump(include=NOT_ON_THE_FORM)
        data = parsed(SubnetSettings, {**kept, **_shape(form)})
        subnets.update_subnet(session, actor, subnet_id, data.model_dump(), version_of(form))
    except DomainError as error:
        session.rollback()
        return _refused(request, session, form, error, subnets.get_subnet(session, subnet_id))
    return _saved(session, subnet_id)


def _shape(form: Any) -> dict[str, Any]:
    """Return what the form says; an empty text field means "not set" and is left out."""
    texts = {name: text for name, text in filled(form, *TEXTS).items() if text}
    relays = filled(form, "relays")["relays"].replace(",", " ").split()
    return {**texts, **ticked(form, *SWITCHES), "relays": relays, "options": rows_of(form)}


def _refused(
    request: Request, session: Session, form: Any, error: DomainError, subnet: Subnet | None = None
) -> Response:
    values = {**filled(form, "cidr", *TEXTS, "relays", "version"), **ticked(form, *SWITCHES)}
    return form_page(request, session, FORM, values, rows_of(form), error, SHOWN, subnet=subnet)


@router.get("/{subnet_id}")
def show(request: Request, session: Db, actor: Viewer, subnet_id: Id, part: Part = 0) -> Response:
    """Show a subnet: counts, address grid, pools, reservations."""
    return _detail(request, session, subnets.get_subnet(session, subnet_id), part=max(0, part))


@router.post("/{subnet_id}/pools")
def add_pool(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Make a pool in the subnet."""
    values = filled(form, *POOL_FIELDS)
    try:
        data = parsed(PoolIn, {**values, "subnet_id": subnet_id, "kind": values["kind"] or "dynamic"})
        pools.create_pool(session, actor, data)
    except DomainError as error:
        row = subnets.get_subnet(session, subnet_id)
        return _detail(request, session, row, 422, values=values, problems=problems_of(error, POOL_FIELDS))
    return _saved(session, subnet_id)


@router.get("/{subnet_id}/pools/{pool_id}")
def show_pool(request: Request, session: Db, actor: Operator, subnet_id: Id, pool_id: Id) -> Response:
    """Show the form of a pool."""
    row = pools.get_pool(session, pool_id)
    values = {"start": str(row.first), "end": str(row.last), "kind": row.kind, "version": row.version}
    return _pool_page(request, session, row, values, row.options)


@router.post("/{subnet_id}/pools/{pool_id}")
def update_pool(request: Request, session: Db, actor: Operator, subnet_id: Id, pool_id: Id, form: Form) -> Response:
    """Change a pool's range, kind or options."""
    typed = filled(form, *POOL_FIELDS)
    values = {**typed, "version": version_of(form)}
    try:
        wish = {**typed, "subnet_id": subnet_id, "options": rows_of(form)}
        pools.update_pool(session, actor, pool_id, parsed(PoolIn, wish), version_of(form))
    except DomainError as error:
        session.rollback()
        return _pool_page(request, session, pools.get_pool(session, pool_id), values, rows_of(form), error)
    return _saved(session, subnet_id)


def _pool_page(
    request: Request,
    session: Session,
    row: Pool,
    values: dict[str, Any],
    options: list[Row],
    error: DomainError | None = None,
) -> Response:
    subnet = subnets.get_subnet(session, row.subnet_id)
    fields = (*POOL_FIELDS, "options")
    return form_page(request, session, "subnets/pool.html", values, options, error, fields, subnet=subnet)


@router.post("/{subnet_id}/pools/{pool_id}/delete")
def delete_pool(session: Db, actor: Operator, subnet_id: Id, pool_id: Id) -> Response:
    """Remove a pool."""
    pools.delete_pool(session, actor, pool_id)
    return _saved(session, subnet_id)


@router.post("/{subnet_id}/dhcp")
def switch_dhcp(session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Switch DHCP of the subnet on or off."""
    subnets.update_subnet(session, actor, subnet_id, {"dhcp_enabled": form.get("enabled") == "1"})
    return _saved(session, subnet_id)


@router.post("/{subnet_id}/delete")
def delete(session: Db, actor: Operator, subnet_id: Id) -> Response:
    """Remove the subnet with all that is in it."""
    subnets.delete_subnet(session, actor, subnet_id)
    return RedirectResponse(f"/subnets?saved={audit.current_revision(session)}", 303)


def _saved(session: Session, subnet_id: int) -> Response:
    return RedirectResponse(f"/subnets/{subnet_id}?saved={audit.current_revision(session)}", 303)


def _detail(
    request: Request, session: Session, row: Subnet, status: int = 200, part: int = 0, **form: Any
) -> Response:
    size = int(row.last) - int(row.first) + 1
    promised = reservations.list_reservations(session, row.id)
    return page(
        request,
        session,
        "subnets/detail.html",
        status,
        subnet=row,
        used=usage.usage(session, [row])[row.id],
        cells=addresses.grid(session, row, part),
        part=part,
        parts=-(-size // addresses.GRID_CELLS),
        pools=pools.list_pools(session, row.id),
        reservations=promised,
        states=reservations.states(session, promised),
        **{"values": {}, "problems": {}, **form},
    )

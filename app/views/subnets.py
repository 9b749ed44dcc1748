"""Pages of subnets: list, new, and one with its grid and pools."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Subnet
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, audit, pools, reservations, subnets
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views.forms import filled, options_from, problems_of
from app.views.render import Id, Part, page

router = APIRouter(prefix="/subnets", include_in_schema=False)
SUBNET_FIELDS = ("cidr", "name", "gateway", "dns", "domain", "lease_time", "interface", "relays")
POOL_FIELDS = ("start", "end", "kind")


@router.get("")
def list_subnets(request: Request, session: Db, actor: Viewer) -> Response:
    """Show all subnets with their use."""
    rows = subnets.list_subnets(session)
    return page(request, session, "subnets/list.html", subnets=rows, usage=subnets.usage(session, rows))


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator) -> Response:
    """Show the form of a new subnet."""
    return page(request, session, "subnets/form.html", values={}, problems={})


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Plan a subnet."""
    values = filled(form, *SUBNET_FIELDS)
    shape = {
        "cidr": values["cidr"],
        "name": values["name"],
        "gateway": values["gateway"],
        "interface": values["interface"],
        "lease_time": values["lease_time"],
        "relays": values["relays"].replace(",", " ").split(),
        "options": options_from(values),
    }
    try:
        row = subnets.create_subnet(session, actor, parsed(SubnetIn, shape))
    except DomainError as error:
        problems = problems_of(error, SUBNET_FIELDS)
        return page(request, session, "subnets/form.html", 422, values=values, problems=problems)
    return _saved(session, row.id)


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
        used=subnets.usage(session, [row])[row.id],
        cells=addresses.grid(session, row, part),
        part=part,
        parts=-(-size // addresses.GRID_CELLS),
        pools=pools.list_pools(session, row.id),
        reservations=promised,
        states=reservations.states(session, promised),
        **{"values": {}, "problems": {}, **form},
    )

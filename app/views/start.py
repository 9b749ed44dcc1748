"""The first steps after the first sign-in: choose a network, look for another server, make subnet and pool."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app import links
from app.auth.deps import Db, Form, Operator
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import pools, subnets, workers
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views import custom_values
from app.views.forms import filled, problems_of, saved
from app.views.preferences import gettext as _
from app.views.render import page

router = APIRouter(prefix="/start", include_in_schema=False)
FIELDS: Final = ("cidr", "name", "gateway", "start", "end", "dns", "domain")
NAMES: Final = {"options": "dns"}


@router.get("")
def show(request: Request, session: Db, actor: Operator, interface: str = "") -> Response:
    """Show the host's networks, then the form filled from the chosen one."""
    found = links.read_links()
    chosen = next((link for link in found if link.name == interface), None)
    values = suggestion(chosen.addresses[0]) if chosen and chosen.addresses else {}
    return _page(request, session, found, interface, values)


def suggestion(own: IPv4Interface) -> dict[str, str]:
    """Return a subnet and pool for the network of an interface: the upper half, away from the low addresses
    that people give to their own devices, and never the interface's own."""
    network = own.network
    if network.num_addresses < 8:
        return {"cidr": str(network)}
    first, last = _range(network, own.ip)
    gateway = network[1] if network[1] != own.ip else own.ip
    return {
        "cidr": str(network), "gateway": str(gateway), "start": str(first), "end": str(last),
        "dns": str(gateway), "name": "",
    }  # fmt: skip


def _range(network: IPv4Network, own: IPv4Address) -> tuple[IPv4Address, IPv4Address]:
    size = min(network.num_addresses, 4096)
    first, last = network[size // 2], network[size - 2]
    if first <= own <= last:
        above = int(last) - int(own) > int(own) - int(first)
        return (own + 1, last) if above else (first, own - 1)
    return first, last


@router.post("/look")
def look(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Look for another DHCP server on an interface."""
    session.rollback()  # nobody waits for the database's write lock meanwhile
    name = str(form.get("interface", ""))
    shown: dict[str, Any] = {"looked": True, "servers": [], "fault": "", "interface": name}
    try:
        if name not in {link.name for link in links.read_links()}:
            raise OSError(_("There is no such interface."))
        own = {str(a.ip) for link in links.read_links() for a in link.addresses}
        shown["servers"] = [found for found in links.find_servers(name) if found.server not in own]
    except PermissionError:
        shown["fault"] = _("Looking needs the right to send raw packets, which this server lacks.")
    except OSError as error:
        shown["fault"] = str(error)
    return page(request, session, "start/look.html", part="look", **shown)


@router.post("")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Make the subnet with its pool and the usual options."""
    values = filled(form, *FIELDS)
    resource = "subnets"
    try:
        row = subnets.create_subnet(session, actor, parsed(SubnetIn, {**_subnet(values), **_custom(session, form)}))
        resource = "pools"
        if values["start"] or values["end"]:
            pool = {"subnet_id": row.id, "start": values["start"], "end": values["end"]}
            pools.create_pool(session, actor, parsed(PoolIn, {**pool, **_custom(session, form, resource)}))
    except DomainError as error:
        session.rollback()
        shown = (*FIELDS, "options", *custom_values.inputs(custom_values.fields(session, resource)))
        problems = problems_of(custom_values.moved(error, resource), shown)
        if "options" in problems:
            problems["dns"] = problems.pop("options")
        interface = str(form.get("interface", ""))
        return _page(
            request, session, links.read_links(), interface, {**values, **custom_values.kept(form)}, problems, 422
        )
    return saved(session, f"/subnets/{row.id}")


def _custom(session: Session, form: Any, resource: str = "subnets") -> dict[str, Any]:
    return {"custom_fields": custom_values.typed(form, custom_values.asked(session, resource))}


def _subnet(values: dict[str, str]) -> dict[str, Any]:
    options: list[dict[str, Any]] = []
    if values["dns"]:
        options.append({"option": "domain-name-servers", "value": values["dns"].replace(",", " ").split()})
    if values["domain"]:
        options.append({"option": "domain-name", "value": values["domain"]})
    return {"cidr": values["cidr"], "name": values["name"], "gateway": values["gateway"], "options": options}


def _page(
    request: Request, session: Session, found: list[links.Link], interface: str, values: dict[str, str],
    problems: Any = None, status: int = 200,
) -> Response:  # fmt: skip
    served = {name for row in workers.list_workers(session) if workers.is_live(row) for name in row.interfaces}
    shown: dict[str, Any] = {"links": found, "interface": interface, "values": values, "problems": problems or {}}
    shown["custom"] = [*custom_values.asked(session, "subnets"), *custom_values.asked(session, "pools")]
    return page(request, session, "start/show.html", status, **shown, served=served)

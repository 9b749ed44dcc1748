"""The page of one subnet: its addresses as a grid, and a tab for each thing in it."""

from ipaddress import IPv4Network, ip_network
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Subnet
from app.schemas.effective import EffectiveQuery
from app.services import activity, addresses, impact, leases, outline, pools, reservations, standings, subnets
from app.services.density import taken_in
from app.services.effective import effective
from app.services.errors import Invalid
from app.services.leases import LeaseFilters
from app.services.patch import parsed
from app.services.rows import picture
from app.services.usage import usage as count_usage
from app.views import effects, use
from app.views.forms import problems_of
from app.views.preferences import gettext as _
from app.views.render import Id, page

router = APIRouter(prefix="/subnets", include_in_schema=False)
CELLS: Final = 256
BUCKETS: Final = 256
RECENT: Final = 100
ASKED: Final = ("ip", "mac", "vendor_class", "requested")


@router.get("/{subnet_id}")
def show(request: Request, session: Db, actor: Viewer, subnet_id: Id, at: str = "", view: str = "") -> Response:
    """Show every address of the subnet; of a large one, its parts first."""
    row = subnets.get_subnet(session, subnet_id)
    network = ip_network(row.cidr)
    zoom = _zoom(network, at)
    cells = addresses.grid(session, row, _part(row, zoom)) if zoom.num_addresses <= CELLS else []
    if zoom.num_addresses < CELLS < network.num_addresses:
        cells = [cell for cell in cells if cell.ip in {str(ip) for ip in zoom}]
    made = pools.list_pools(session, row.id)
    shown: dict[str, Any] = {
        "zoom": zoom,
        "network": network,
        "cells": cells,
        "buckets": _buckets(session, row, zoom),
        "path": _path(network, zoom),
        "edges": _edges(made),
        "view": "table" if view == "table" else "grid",
        "pools": made,
    }
    return _tab(request, session, row, "addresses", **shown)


def _zoom(network: Any, text: str) -> Any:
    """Return the part of the network that the address names; the whole for anything else."""
    try:
        wanted = ip_network(text)
    except ValueError:
        return network
    return wanted if wanted.version == network.version and wanted.subnet_of(network) else network


def _part(row: Subnet, zoom: Any) -> int:
    return (int(zoom.network_address) - int(row.first)) // CELLS


def _buckets(session: Session, row: Subnet, zoom: Any) -> list[dict[str, Any]]:
    """Return at most 256 equal parts with how many of their addresses are taken; [] when the cells fit."""
    if zoom.num_addresses <= CELLS:
        return []
    bits = min(8, max(1, 24 - zoom.prefixlen)) if isinstance(zoom, IPv4Network) else 8
    parts = list(zoom.subnets(prefixlen_diff=bits))
    counts = taken_in(session, [(part.network_address, part.broadcast_address) for part in parts])
    size = parts[0].num_addresses
    return [{"cidr": str(part), "taken": n, "share": n / size} for part, n in zip(parts, counts, strict=True)]


def _path(network: Any, zoom: Any) -> list[Any]:
    """Return the steps from the whole network to the part that is seen."""
    steps, step = [zoom], zoom
    while step.prefixlen > network.prefixlen:
        step = step.supernet(new_prefix=max(network.prefixlen, step.prefixlen - 8))
        steps.insert(0, step)
    return steps


def _edges(made: list[Any]) -> dict[str, str]:
    """Return where pools begin and end, for their borders in the grid."""
    edges: dict[str, str] = {}
    for pool in made:
        for address, name in ((pool.first, "pool-first"), (pool.last, "pool-last")):
            edges[str(address)] = f"{edges.get(str(address), '')} {name}".strip()
    return edges


@router.get("/{subnet_id}/pools")
def show_pools(request: Request, session: Db, actor: Viewer, subnet_id: Id) -> Response:
    """Show the pools."""
    row = subnets.get_subnet(session, subnet_id)
    made = pools.list_pools(session, row.id)
    told = {
        p.id: effects.sentences(impact.of_change(session, f"pools/{p.id}", picture(p), None)) for p in made[:200]
    }
    return _tab(request, session, row, "pools", pools=made, told=told)


@router.get("/{subnet_id}/reservations")
def show_reservations(request: Request, session: Db, actor: Viewer, subnet_id: Id) -> Response:
    """Show what is promised in the subnet."""
    row = subnets.get_subnet(session, subnet_id)
    promised = reservations.list_reservations(session, row.id)[:1000]
    states = standings.states(session, promised)
    return _tab(request, session, row, "reservations", reservations=promised, states=states)


@router.get("/{subnet_id}/leases")
def show_leases(request: Request, session: Db, actor: Viewer, subnet_id: Id) -> Response:
    """Show the newest leases; the lease page has all of them."""
    row = subnets.get_subnet(session, subnet_id)
    rows = leases.list_leases(session, LeaseFilters(subnet_id=row.id), after=None, limit=RECENT)
    return _tab(request, session, row, "leases", leases=rows)


@router.get("/{subnet_id}/options")
def show_options(request: Request, session: Db, actor: Viewer, subnet_id: Id) -> Response:
    """Show what a client of the subnet is told, byte for byte, and where each value comes from."""
    row = subnets.get_subnet(session, subnet_id)
    asked = {name: request.query_params.get(name, "").strip() or None for name in ASKED}
    shown: dict[str, Any] = {"asked": asked, "found": None, "problems": {}}
    try:
        shown["found"] = effective(session, row.id, parsed(EffectiveQuery, asked))
    except Invalid as error:
        shown["problems"] = problems_of(error, ())
    return _tab(request, session, row, "options", part="effective", **shown)


@router.get("/{subnet_id}/history")
def show_history(request: Request, session: Db, actor: Viewer, subnet_id: Id, range: str = use.DEFAULT) -> Response:
    """Show how full its pools were, and what happened in the subnet last."""
    row = subnets.get_subnet(session, subnet_id)
    over_time = use.shown(session, row, use.range_of(range))
    return _tab(request, session, row, "history", events=activity.events_in(session, row, RECENT), **over_time)


@router.get("/{subnet_id}/audit")
def show_audit(request: Request, session: Db, actor: Viewer, subnet_id: Id) -> Response:
    """Show who changed the subnet."""
    row = subnets.get_subnet(session, subnet_id)
    return _tab(request, session, row, "audit", entries=activity.changes_of(session, f"subnets/{row.id}", RECENT))


@router.get("/{subnet_id}/states")
def states(session: Db, actor: Viewer, subnet_id: Id, at: str = "") -> JSONResponse:
    """Return the state of each cell of a part, so that an open grid can catch up."""
    row = subnets.get_subnet(session, subnet_id)
    cells = addresses.grid(session, row, _part(row, _zoom(ip_network(row.cidr), at)))
    return JSONResponse({cell.ip: cell.state for cell in cells})


def _tab(request: Request, session: Session, row: Subnet, tab: str, part: str = "", **shown: Any) -> Response:
    labels = (
        ("addresses", "", _("Addresses")),
        ("pools", "/pools", _("Pools")),
        ("reservations", "/reservations", _("Reservations")),
        ("leases", "/leases", _("Leases")),
        ("options", "/options", _("Options")),
        ("history", "/history", _("History")),
        ("audit", "/audit", _("Audit")),
    )
    above = [other for other in outline.ancestors(session, str(row.first)) if other.prefix_len < row.prefix_len]
    used = count_usage(session, [row])[row.id]
    values: dict[str, Any] = {"subnet": row, "tab": tab, "tabs": labels, "used": used, "above": above}
    values |= {"outlook": use.outlook_of(session, row), **shown}
    return page(request, session, f"subnets/{tab}.html", part=part, **values)

"""The page of one subnet: its addresses as a grid, and a tab for each thing in it."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Subnet
from app.schemas.effective import EffectiveQuery
from app.services import activity, grid, impact, leases, outline, pools, reservations, standings, subnets
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
RECENT: Final = 100
ASKED: Final = ("ip", "mac", "vendor_class", "requested")


@router.get("/{subnet_id}")
def show(request: Request, session: Db, actor: Viewer, subnet_id: Id, at: str = "", view: str = "") -> Response:
    """Show every address of the subnet; of a large one, its parts first."""
    row = subnets.get_subnet(session, subnet_id)
    network = ip_network(row.cidr)
    zoom = _zoom(network, at)
    seen = grid.grid(session, row, str(zoom[0]), str(zoom[-1]))
    path = _path(network, zoom)
    made = pools.list_pools(session, row.id)
    shown: dict[str, Any] = {
        "zoom": zoom,
        "network": network,
        "cells": seen.cells or [],
        "buckets": [_Part(bucket, zoom) for bucket in seen.buckets or ()],
        "path": path,
        "out": path[-2] if len(path) > 1 else None,
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


def _length_of(bucket: grid.Bucket) -> int:
    """Return the prefix length of a bucket, which is a whole prefix."""
    return bucket.first.max_prefixlen - (int(bucket.last) - int(bucket.first)).bit_length()


class _Part:
    """A bucket with the prefix that it is, for its link, and the part of it that its neighbours do not share."""

    def __init__(self, bucket: grid.Bucket, zoom: Any) -> None:
        self.first, self.usage = bucket.first, bucket.usage
        self.cidr: IPv4Network | IPv6Network = ip_network(f"{bucket.first}/{_length_of(bucket)}")
        sign, bits = (".", 8) if self.cidr.version == 4 else (":", 16)
        groups = self.cidr.network_address.exploded.split(sign)
        own = groups[zoom.prefixlen // bits : -(-self.cidr.prefixlen // bits)]
        self.label = sign.join(group.lstrip("0") or "0" for group in own)
        used = bucket.usage
        self.taken = used.leased + used.reserved + used.static + used.gateway + used.declined
        self.whole = used.pool or used.total


def _path(network: Any, zoom: Any) -> list[Any]:
    """Return the steps from the whole network to the part that is seen, as the buckets lead there."""
    lengths = range(network.prefixlen, zoom.prefixlen, 8)
    return [*(zoom.supernet(new_prefix=length) for length in lengths), zoom]


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
    zoom = _zoom(ip_network(row.cidr), at)
    if zoom.num_addresses > grid.CELLS:
        return JSONResponse({})
    cells = grid.grid(session, row, str(zoom[0]), str(zoom[-1])).cells or []
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

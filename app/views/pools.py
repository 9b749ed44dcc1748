"""Pages of pools: new and edit, with a live check of overlaps and of what clients will notice."""

from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator
from app.models import Pool, Subnet
from app.schemas.pools import PoolIn
from app.services import client_classes, pools, subnets
from app.services.errors import DomainError
from app.services.patch import parsed
from app.services.rows import Stale
from app.views import custom_values
from app.views.forms import filled, form_page, saved, tried, version_of
from app.views.options import Row, rows_of
from app.views.render import Id, OptionalId

router = APIRouter(prefix="/subnets/{subnet_id}/pools", include_in_schema=False)
FIELDS = (
    "start",
    "end",
    "kind",
    "clients",
    "client_class",
    "next_server",
    "server_name",
    "boot_file",
    "description",
)
SHOWN = (*FIELDS, "tags", "options")
FORM = "subnets/pool.html"


@router.get("/new")
def show_new(
    request: Request, session: Db, actor: Operator, subnet_id: Id, start: str = "", end: str = "", kind: str = ""
) -> Response:
    """Show the form, filled with the range that was dragged, else with the largest gap."""
    subnet = subnets.get_subnet(session, subnet_id)
    if not start:
        start, end = _largest_gap(session, subnet)
    values = {"start": start, "end": end, "kind": kind or "dynamic", "clients": "all"}
    values |= custom_values.defaults(custom_values.fields(session, "pools"))
    return _page(request, session, subnet, values, [])


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Make a pool in the subnet."""
    try:
        pools.create_pool(session, actor, _shape(session, form, subnet_id))
    except DomainError as error:
        session.rollback()
        subnet = subnets.get_subnet(session, subnet_id)
        return _page(request, session, subnet, _typed(form), rows_of(form), error)
    return saved(session, f"/subnets/{subnet_id}")


@router.post("/check")
def check(
    request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form, pool_id: OptionalId = 0
) -> Response:
    """Say whether the typed range would be taken, and which clients would notice; nothing is kept."""

    def work() -> None:
        data = _shape(session, form, subnet_id)
        if pool_id:
            pools.update_pool(session, actor, pool_id, data)
        else:
            pools.create_pool(session, actor, data)

    return tried(request, session, work, size=_size(form))


@router.get("/{pool_id}")
def show(request: Request, session: Db, actor: Operator, subnet_id: Id, pool_id: Id) -> Response:
    """Show the form of a pool."""
    row = pools.get_pool(session, pool_id)
    values = {name: getattr(row, name) or "" for name in FIELDS[2:]}
    values |= {"start": str(row.first), "end": str(row.last), "version": row.version, "tags": " ".join(row.tags)}
    values |= custom_values.filled("pools", row.custom_fields)
    return _page(request, session, subnets.get_subnet(session, row.subnet_id), values, row.options, pool=row)


@router.post("/{pool_id}")
def update(request: Request, session: Db, actor: Operator, subnet_id: Id, pool_id: Id, form: Form) -> Response:
    """Change a pool's range, kind or options."""
    try:
        data = _shape(session, form, subnet_id)
        pools.update_pool(session, actor, pool_id, data, version_of(form))
    except DomainError as error:
        session.rollback()
        row = pools.get_pool(session, pool_id)
        values = {**_typed(form), "version": version_of(form)}
        current = None
        if isinstance(error, Stale):
            current = {"start": str(row.first), "end": str(row.last), "kind": row.kind}
            values["version"] = row.version
        subnet = subnets.get_subnet(session, row.subnet_id)
        return _page(request, session, subnet, values, rows_of(form), error, row, current)
    return saved(session, f"/subnets/{subnet_id}/pools")


@router.post("/{pool_id}/delete")
def delete(session: Db, actor: Operator, subnet_id: Id, pool_id: Id) -> Response:
    """Remove a pool."""
    pools.delete_pool(session, actor, pool_id)
    return saved(session, f"/subnets/{subnet_id}/pools")


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *FIELDS, "tags"), **custom_values.kept(form)}


def _shape(session: Session, form: Any, subnet_id: int) -> PoolIn:
    """Return the typed pool; a prefix in the first field stands for its whole range."""
    typed = filled(form, *FIELDS)
    if "/" in typed["start"] and not typed["end"]:
        try:
            network = ip_network(typed["start"], strict=False)
            typed["start"], typed["end"] = str(network[0]), str(network[-1])
        except ValueError:
            pass  # the check of the field says what is wrong with it
    kept = {"kind": typed["kind"] or "dynamic", "clients": typed["clients"] or "all"}
    custom = custom_values.typed(form, custom_values.fields(session, "pools"))
    tags = str(form.get("tags", "")).replace(",", " ").split()
    more = {"tags": tags, "subnet_id": subnet_id, "options": rows_of(form), "custom_fields": custom}
    return parsed(PoolIn, {**typed, **kept, **more})


def _size(form: Any) -> int:
    try:
        first, last = (ip_address(str(form.get(name, "")).strip()) for name in ("start", "end"))
    except ValueError:
        return 0
    return max(0, int(last) - int(first) + 1)


def _largest_gap(session: Session, subnet: Subnet) -> tuple[str, str]:
    """Return the ends of the largest range that no pool and no edge of the subnet covers."""
    if not isinstance(subnet.first, IPv4Address):
        return "", ""
    low, high = int(subnet.first), int(subnet.last)
    taken = [(int(pool.first), int(pool.last)) for pool in pools.list_pools(session, subnet.id)]
    if subnet.prefix_len < 31:
        taken += [(low, low), (high, high)]
    if subnet.gateway:
        taken.append((int(subnet.gateway), int(subnet.gateway)))
    best, position = (0, -1), low
    for first, last in [*sorted(taken), (high + 1, high + 1)]:
        if first - position > best[1] - best[0] + 1:
            best = (position, first - 1)
        position = max(position, last + 1)
    return (str(IPv4Address(best[0])), str(IPv4Address(best[1]))) if best[1] >= best[0] else ("", "")


def _page(
    request: Request,
    session: Session,
    subnet: Subnet,
    values: dict[str, Any],
    options: list[Row],
    error: DomainError | None = None,
    pool: Pool | None = None,
    current: dict[str, Any] | None = None,
) -> Response:
    others = [row for row in pools.list_pools(session, subnet.id) if pool is None or row.id != pool.id]
    more = {
        "subnet": subnet,
        "pool": pool,
        "others": others,
        "current": current,
        "classes": client_classes.list_classes(session),
    }
    return form_page(request, session, FORM, values, options, error, SHOWN, "pools", **more)

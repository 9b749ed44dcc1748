"""Pages of subnets: list, new, edit."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Pool, Subnet
from app.schemas.subnets import SubnetIn, SubnetSettings, subnet_out
from app.services import client_classes, outline, subnets, totals
from app.services.errors import DomainError
from app.services.last_leases import LAST_LEASES, LastLeases
from app.services.outline import Outline, Place
from app.services.patch import parsed
from app.services.rows import Stale
from app.services.search import subnets_like
from app.services.usage import usage_of
from app.services.use_history import outlooks, peak_shares
from app.views import custom_values, tables
from app.views.forms import filled, form_page, not_yet, saved, ticked, tried, version_of
from app.views.options import Row, rows_of
from app.views.preferences import gettext as _
from app.views.render import Id, OptionalId, inner, page
from app.views.tables import PAGE_ROWS, Column, Table

router = APIRouter(prefix="/subnets", include_in_schema=False)
TEXTS = (
    "name", "description", "vlan", "gateway", "interface", "shared_network", "lease_time", "min_lease_time",
    "max_lease_time", "renew_time", "rebind_time", "next_server", "server_name", "boot_file",
    "client_class", "rapid_commit", "bootp", "random_macs", "min_secs", "offer_delay_ms",
)  # fmt: skip
SWITCHES = ("dhcp_enabled", "authoritative", "ping_check", "known_clients_only", "ignore_client_id")
SHOWN = ("cidr", *TEXTS, *SWITCHES, "relays", "tags", "options")
NOT_ON_THE_FORM = set(SubnetSettings.model_fields) - {*SHOWN, "custom_fields"}
FORM = "subnets/form.html"
COLUMNS: Final = (
    Column("cidr", "Prefix", sortable=True),
    Column("name", "Name", sortable=True),
    Column("vlan", "VLAN", sortable=True),
    Column("shared_network", "Shared network", shown=False),
    Column("gateway", "Gateway", shown=False),
    Column("pools", "Pools", number=True),
    Column("use", "Use of the pools", sortable=True),
    Column("peak", "Peak of 7 days", sortable=True, number=True),
    Column("full", "Full in", number=True, shown=False),
    Column("leased", "Leased", sortable=True, number=True),
    Column("reserved", "Reserved", number=True, shown=False),
    Column("static", "Static", number=True, shown=False),
    Column("declined", "Declined", number=True, shown=False),
    Column("free", "Free", sortable=True, number=True),
    Column("last", "Last lease"),
    Column("dhcp", "DHCP"),
)
SETTINGS: Final = select(Subnet.id, Subnet.gateway, Subnet.shared_network, Subnet.dhcp_enabled)
"""What a row shows beyond its place and its use."""
MAX_FOLDED: Final = 300
"""No more branches than these are folded one by one; their ids stand in the address of the page."""
BY_USE: Final = ("use", "peak", "leased", "free")


@router.get("")
def list_subnets(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the subnets: as a tree with the free gaps, or as a flat list in any order."""
    table = tables.read(request, COLUMNS, "view", "within", "fold", sort="cidr", path="/subnets")
    table.carried |= {name: table.params[name] for name in ("view", "within", "fold")}
    everything = outline.whole(session)
    found = _found(everything, table)
    if request.query_params.get("format") == "csv":
        return tables.csv_answer("subnets", CSV_HEADS, _csv_rows(session, found))
    tree = table.params["view"] != "flat" and table.sort == "cidr" and not table.params["q"]
    folded = _folded(table.params["fold"]) if tree else set()
    places = _ordered(session, unfolded(found, folded), table)
    after = request.query_params.get("after", "")
    start = int(after) if after.isdecimal() and len(after) < 9 else 0
    part = places[start : start + PAGE_ROWS]
    table.paged(after, str(start + PAGE_ROWS) if start + PAGE_ROWS < len(places) else None)
    within = everything.known.get(_number(table.params["within"]))
    shown: dict[str, Any] = {
        "t": table, "places": part, "tree": tree, "total": len(places), "any": bool(everything),
        "parents": everything.inside, "within": within, "folded": folded, "fold_url": _fold_url(table, folded),
        "top": _branches(found)[:MAX_FOLDED], **_details(session, part),
        "gaps": _gaps(unfolded(everything, folded - _around(everything.known, within)), part) if tree else {},
    }  # fmt: skip
    return page(request, session, "subnets/list.html", part="found", **shown)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _folded(text: str) -> set[int]:
    """Return the ids of the branches that are folded, as the address of the page tells."""
    return {_number(part) for part in text.split(",")[:MAX_FOLDED]} - {0}


def _fold_url(table: Table, folded: set[int]) -> Callable[[int], str]:
    """Return what gives the address with one more branch folded, or with it open again."""
    return lambda id_: table.url(fold=",".join(map(str, sorted(folded ^ {id_}))))


def unfolded(places: Outline, folded: set[int]) -> Outline:
    """Return the places that are in no folded branch; places are in the order of the tree."""
    if not folded:
        return places
    seen = Outline()
    hidden_below: int | None = None
    for place in places:
        if hidden_below is not None and place.depth > hidden_below:
            continue
        hidden_below = place.depth if place.id in folded else None
        seen.append(place)
    return seen


def _branches(places: list[Place]) -> list[int]:
    """Return the ids of the outermost places that have others inside."""
    outermost = min((place.depth for place in places), default=0)
    return [
        place.id for place, following in itertools.pairwise(places)
        if place.depth == outermost and following.parent == place.id
    ]  # fmt: skip


def _around(known: dict[int, Place], place: Place | None) -> set[int]:
    """Return the ids of a place and of those around it."""
    found: set[int] = set()
    while place is not None:
        found.add(place.id)
        place = known.get(place.parent or 0)
    return found


def _found(places: Outline, table: Table) -> Outline:
    within = _number(table.params["within"])
    if within:
        top = next((place for place in places if place.id == within), None)
        places = Outline(p for p in places if top and p.id != within and outline.holds(top, p))
    return Outline(outline.matching(places, table.params["q"])) if table.params["q"] else places


def _ordered(session: Session, places: list[Place], table: Table) -> list[Place]:
    name = table.sort.removeprefix("-")
    if name == "cidr":
        return places[::-1] if table.sort == "-cidr" else places
    known = _by_use(session, name) if name in BY_USE else {}
    keys = {"name": lambda p: p.name.lower() or None, "vlan": lambda p: p.vlan}
    return tables.ordered(places, table.sort, keys | dict.fromkeys(BY_USE, lambda p: known.get(p.id)))


def _by_use(session: Session, name: str) -> dict[int, float]:
    """Return a figure of each subnet's pools by its id; one without pools has only the leases."""
    counted = totals.of_subnets(session)
    if name == "leased":
        return {id_: leased for id_, _, leased, _ in counted}
    if name == "free":
        return {id_: free for id_, pool, _, free in counted if pool}
    used = {id_: (pool - free) / pool for id_, pool, _, free in counted if pool}
    if name == "use":
        return used
    return {id_: max(share, used.get(id_, 0.0)) for id_, share in peak_shares(session).items()}


def _details(session: Session, part: Sequence[Place]) -> dict[str, Any]:
    ids, spans = [place.id for place in part], {place.id: (place.first, place.last) for place in part}
    known: LastLeases | None = session.info.get(LAST_LEASES)
    counts = select(Pool.subnet_id, func.count()).where(Pool.subnet_id.in_(ids)).group_by(Pool.subnet_id)
    return {
        "rows": {row.id: row for row in session.execute(SETTINGS.where(Subnet.id.in_(ids)))},
        "pools": {row[0]: row[1] for row in session.execute(counts)},
        "usage": usage_of(session, spans),
        "last": known.of(session, spans) if known else {},
        "outlooks": outlooks(session, Subnet, ids),
    }


def _gaps(seen: Outline, part: Sequence[Place]) -> dict[str, dict[int, list[str]]]:
    """Return what is free: `before` a row of the part, and `after` the row that ends its parent."""
    before: dict[int, list[str]] = {}
    after: dict[int, list[str]] = {}
    wanted = {place.parent for place in part if place.parent} | {place.id for place in part}
    for parent in sorted(wanted & seen.inside.keys(), key=lambda id_: seen.known[id_].depth):
        free = outline.gaps(seen.known[parent], seen.inside[parent])
        if 0 in free:
            after[seen.ends[parent]] = free.pop(0)
        before |= free
    return {"before": before, "after": after}


CSV_HEADS: Final = ("prefix", "name", "vlan", "gateway", "dhcp", "pool", "leased", "reserved", "free")


def _csv_rows(session: Session, places: Sequence[Place]) -> Iterator[tuple[object, ...]]:
    rows = {row.id: row for row in session.execute(SETTINGS)}
    usage = usage_of(session, {p.id: (p.first, p.last) for p in places})
    lines = [
        (p.cidr, p.name, p.vlan or "", rows[p.id].gateway or "", "on" if rows[p.id].dhcp_enabled else "off",
         usage[p.id].pool, usage[p.id].leased, usage[p.id].reserved, usage[p.id].free)
        for p in places
    ]  # fmt: skip
    return iter(lines)


@router.get("/choices")
def show_choices(session: Db, actor: Viewer, q: Annotated[str, Query(max_length=200)] = "") -> JSONResponse:
    """Return the subnets that a field offers while somebody types."""
    hits = subnets_like(session, q.strip()) if q.strip() else []
    return JSONResponse([{"cidr": hit.title, "name": hit.note} for hit in hits])


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator, cidr: str = "") -> Response:
    """Show the form of a new subnet; its own DNS and domain are what most subnets need."""
    usual: list[Row] = [{"option": name, "value": ""} for name in ("domain-name-servers", "domain-name")]
    values = {"cidr": cidr, "dhcp_enabled": True, "authoritative": True}
    values |= custom_values.defaults(custom_values.fields(session, "subnets"))
    return form_page(request, session, FORM, values, usual, resource="subnets", subnet=None, **_classes(session))


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Plan a subnet."""
    try:
        row = subnets.create_subnet(session, actor, _wished(session, form))
    except DomainError as error:
        return _refused(request, session, form, error)
    return saved(session, f"/subnets/{row.id}")


@router.post("/check")
def check(request: Request, session: Db, actor: Operator, form: Form, subnet_id: OptionalId = 0) -> Response:
    """Say which clients would notice the typed subnet; nothing is kept."""
    if not subnet_id and not filled(form, "cidr")["cidr"]:
        waiting = _("As soon as the prefix is there, you see here which clients would notice.")
        return not_yet(request, session, waiting)

    def work() -> None:
        if subnet_id:
            data = _settings(session, form, subnets.get_subnet(session, subnet_id))
            subnets.update_subnet(session, actor, subnet_id, data)
        else:
            subnets.create_subnet(session, actor, _wished(session, form))

    return tried(request, session, work)


@router.get("/{subnet_id}/edit")
def show_edit(request: Request, session: Db, actor: Operator, subnet_id: Id) -> Response:
    """Show the form with what is stored."""
    row = subnets.get_subnet(session, subnet_id)
    return form_page(
        request,
        session,
        FORM,
        {**_values(row), **custom_values.filled("subnets", row.custom_fields), "version": row.version},
        row.options,
        resource="subnets",
        subnet=row,
        **_classes(session),
    )


def _classes(session: Session) -> dict[str, Any]:
    return {"classes": client_classes.list_classes(session)}


def _values(row: Subnet) -> dict[str, Any]:
    """Return what is stored as the form shows it."""
    stored = subnet_out(row).model_dump()
    values = {name: "" if stored[name] is None else stored[name] for name in SHOWN}
    return {**values, "relays": " ".join(row.relays), "tags": " ".join(row.tags)}


@router.post("/{subnet_id}/edit")
def update(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Change a subnet."""
    row = subnets.get_subnet(session, subnet_id)
    try:
        subnets.update_subnet(session, actor, subnet_id, _settings(session, form, row), version_of(form))
    except DomainError as error:
        session.rollback()
        return _refused(request, session, form, error, subnets.get_subnet(session, subnet_id))
    return saved(session, f"/subnets/{subnet_id}")


def _wished(session: Session, form: Any) -> SubnetIn:
    return parsed(SubnetIn, {"cidr": filled(form, "cidr")["cidr"], **_shape(session, form)})


def _settings(session: Session, form: Any, row: Subnet) -> dict[str, Any]:
    """Return the typed settings, with those of the subnet that the form does not show."""
    kept = subnet_out(row).model_dump(include=NOT_ON_THE_FORM)
    return parsed(SubnetSettings, {**kept, **_shape(session, form)}).model_dump()


def _shape(session: Session, form: Any) -> dict[str, Any]:
    relays, tags = (str(form.get(name, "")).replace(",", " ").split() for name in ("relays", "tags"))
    texts = filled(form, *TEXTS)
    counted = {name: texts.pop(name) or "0" for name in ("min_secs", "offer_delay_ms")}
    custom = custom_values.typed(form, custom_values.fields(session, "subnets"))
    more = {"relays": relays, "tags": tags, "options": rows_of(form), "custom_fields": custom}
    return {**texts, **counted, **ticked(form, *SWITCHES), **more}


def _refused(
    request: Request, session: Session, form: Any, error: DomainError, row: Subnet | None = None
) -> Response:
    values = {**filled(form, "cidr", *TEXTS, "relays", "tags", "version"), **ticked(form, *SWITCHES)}
    values |= custom_values.kept(form)
    stale = isinstance(error, Stale) and row is not None
    if stale and row is not None:
        values["version"] = row.version
    current = {k: v for k, v in _values(row).items() if k in values} if stale and row else None
    return form_page(
        request,
        session,
        FORM,
        values,
        rows_of(form),
        error,
        SHOWN,
        resource="subnets",
        subnet=row,
        current=current,
        **_classes(session),
    )


@router.post("/{subnet_id}/dhcp")
def switch_dhcp(session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Switch DHCP of the subnet on or off, and go back to where that was wished."""
    subnets.update_subnet(session, actor, subnet_id, {"dhcp_enabled": form.get("enabled") == "1"})
    return saved(session, inner(str(form.get("back", "")), f"/subnets/{subnet_id}"))


@router.post("/{subnet_id}/delete")
def delete(session: Db, actor: Operator, subnet_id: Id) -> Response:
    """Remove the subnet with all that is in it."""
    subnets.delete_subnet(session, actor, subnet_id)
    return saved(session, "/subnets")

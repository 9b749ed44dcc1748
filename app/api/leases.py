"""JSON routes of leases and events."""

from ipaddress import ip_address

from fastapi import APIRouter

from app.api.paging import EventId, KnownParameters, Limit, OptionalId, Page, bad_parameter
from app.auth.deps import Db, Operator, Viewer
from app.schemas.leases import EventOut, LeaseOut, event_out, lease_out
from app.services import events, leases
from dhcpd.protocol.addresses import parse_mac

router = APIRouter(tags=["leases"], dependencies=[KnownParameters])


@router.get("/leases", operation_id="list_leases")
def list_leases(
    session: Db, actor: Viewer, q: str = "", state: str | None = None, subnet_id: OptionalId = None,
    mac: str | None = None, limit: Limit = 100, cursor: str | None = None, count: str = "none",
) -> Page[LeaseOut]:  # fmt: skip
    """List leases in the order of addresses."""
    filters = leases.LeaseFilters(q, state, subnet_id, _mac(mac))
    rows = leases.list_leases(session, filters, after=_address("cursor", cursor), limit=limit + 1)
    following = str(rows[limit - 1].ip) if len(rows) > limit else None
    total = leases.count_leases(session, filters) if count == "exact" else None
    return Page(items=[lease_out(row) for row in rows[:limit]], next_cursor=following, total=total)


@router.get("/leases/{ip}", operation_id="get_lease")
def get_lease(session: Db, actor: Viewer, ip: str) -> LeaseOut:
    """Return the last lease of an address."""
    return lease_out(leases.get_lease(session, ip))


@router.delete("/leases/{ip}", operation_id="release_lease", status_code=202)
def release_lease(session: Db, actor: Operator, ip: str) -> dict[str, int]:
    """Ask the worker to release an address; the client is not told and keeps it until its renewal fails."""
    return {"command_id": leases.order(session, actor, ip, "release").id}


@router.post("/leases/{ip}/quarantine", operation_id="quarantine_lease", status_code=202)
def quarantine_lease(session: Db, actor: Operator, ip: str) -> dict[str, int]:
    """Ask the worker to keep an address from everybody for the quarantine time."""
    return {"command_id": leases.order(session, actor, ip, "quarantine").id}


@router.get("/events", operation_id="list_events")
def list_events(
    session: Db, actor: Viewer, ip: str | None = None, mac: str | None = None, cursor: EventId = None,
    limit: Limit = 100,
) -> Page[EventOut]:  # fmt: skip
    """List what happened: the newest first, or in order from a cursor (an event id) on."""
    wanted = _address("ip", ip)
    rows = events.list_events(
        session, after_id=cursor, ip=str(wanted) if wanted else None, mac=_mac(mac), limit=limit
    )
    following = str(rows[-1].id) if cursor is not None and len(rows) == limit else None
    return Page(items=[event_out(row) for row in rows], next_cursor=following)


def _mac(text: str | None) -> bytes | None:
    try:
        return parse_mac(text) if text else None
    except ValueError as error:
        raise bad_parameter("mac", str(error)) from None


def _address(name: str, text: str | None):  # type: ignore[no-untyped-def]  # either family
    try:
        return ip_address(text) if text else None
    except ValueError as error:
        raise bad_parameter(name, str(error)) from None

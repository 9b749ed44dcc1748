"""One address: who has it, for how long, what is promised, what happened to it."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Lease, Reservation
from app.models.base import utc_now
from app.schemas.addresses import AddressIn
from app.services import activity, addresses, subnets
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views import custom_values
from app.views.forms import filled, problems_of, saved
from app.views.render import page, wants_part

router = APIRouter(prefix="/addresses", include_in_schema=False)
EVENTS_SHOWN = 8
FIELDS = ("hostname", "owner", "notes")


@router.get("/{ip}")
def show(request: Request, session: Db, actor: Viewer, ip: str) -> Response:
    """Show an address; htmx and the grid ask for the drawer's content only."""
    return _page(request, session, ip)


@router.post("/{ip}/static")
def note_static(request: Request, session: Db, actor: Operator, ip: str, form: Form) -> Response:
    """Note the address as in use outside DHCP."""
    try:
        custom = custom_values.typed(form, custom_values.fields(session, "addresses"))
        more = {**filled(form, *FIELDS), "custom_fields": custom}
        addresses.put_address(session, actor, ip, parsed(AddressIn, {**_kept(session, ip), **more}))
    except DomainError as error:
        session.rollback()
        known = (*FIELDS, *custom_values.inputs(custom_values.fields(session, "addresses")))
        problems = problems_of(custom_values.moved(error, "addresses"), known)
        typed = {**filled(form, *FIELDS), **custom_values.kept(form)}
        return _page(request, session, ip, 422, values=typed, problems=problems)
    return saved(session, f"/addresses/{ip}")


@router.post("/{ip}/forget")
def forget(session: Db, actor: Operator, ip: str) -> Response:
    """Forget that the address is in use outside DHCP."""
    addresses.delete_address(session, actor, ip)
    return saved(session, f"/addresses/{ip}")


def _kept(session: Session, ip: str) -> dict[str, Any]:
    """Return what is known of the address and not on the form."""
    found = addresses.get_address(session, ip)
    return {"tags": found.tags, "mac": found.mac} if found.state in ("static", "discovered") else {}


def _page(request: Request, session: Session, ip: str, status: int = 200, **form: Any) -> Response:
    found = addresses.get_address(session, ip)
    address = ip_address(ip)
    subnet = subnets.get_subnet(session, found.subnet_id)
    lease = session.get(Lease, address)
    promised = session.get(Reservation, found.reservation_id) if found.reservation_id else None
    custom = custom_values.fields(session, "addresses")
    known = {"hostname": found.hostname, "owner": found.owner, "notes": found.notes}
    known |= custom_values.filled("addresses", found.custom_fields)
    shown: dict[str, Any] = {
        "cell": found, "subnet": subnet, "lease": lease, "reservation": promised,
        "clock": _clock(session, lease, subnet), "events": activity.events_of(session, address, EVENTS_SHOWN),
        "level": 2 if wants_part(request) else 1, "problems": {},
        "values": known if found.state == "static" else custom_values.defaults(custom), "custom": custom, **form,
    }  # fmt: skip
    return page(request, session, "addresses/detail.html", status, part="drawer", **shown)


def _clock(session: Session, lease: Lease | None, subnet: Any) -> dict[str, Any] | None:
    """Return the moments of an active lease, and how far along each is, from 0 at its renewal to 1 at its end."""
    if lease is None or lease.state != "active" or lease.expires_at is None:
        return None
    whole = (lease.expires_at - lease.renewed_at).total_seconds()
    if whole <= 0:
        return None
    t1 = min(subnet.renew_time or whole / 2, whole)
    t2 = min(subnet.rebind_time or whole * 7 / 8, whole)

    def at(seconds: float) -> datetime:
        return lease.renewed_at + timedelta(seconds=seconds)

    passed = min(1.0, (utc_now() - lease.renewed_at).total_seconds() / whole)
    return {"t1": at(t1), "t2": at(t2), "t1_share": t1 / whole, "t2_share": t2 / whole, "passed": passed}

"""One action on many rows of a table: chosen one by one, or all that the filter finds."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator
from app.models import Lease, Pool, Reservation, Subnet
from app.services import bulk, leases, outline, preview, reservation_list
from app.services.actors import Actor
from app.services.errors import DomainError
from app.services.grants import limited
from app.services.impact import Effect
from app.services.leases import LeaseFilters
from app.services.subnet_choice import narrowed
from app.views.forms import problems_of
from app.views.leases import STATES, address_of
from app.views.preferences import gettext as _
from app.views.render import done, inner, page

router = APIRouter(prefix="/bulk", include_in_schema=False)
MATCHING: Final = ("q", "subnet", "state", "within")
RELEASABLE: Final = ("active", "declined", "conflict")
TAGGING: Final = ("tag", "untag")
NAMED: Final = 24
"""So many of the objects are named before the change."""
BACK: Final = {"reservations": "/reservations", "leases": "/leases", "subnets": "/subnets", "pools": "/subnets"}


@router.post("/{resource}")
def change(request: Request, session: Db, actor: Operator, resource: str, form: Form) -> Response:
    """Say what the change would do, and make it once that was confirmed."""
    action, tag = str(form.get("action", "")), str(form.get("tag", "")).strip()
    keys = _keys(session, actor, resource, form)
    count = str(form.get("confirmed", ""))
    try:
        if count == str(len(keys)):
            bulk.change(session, actor, resource, action, keys, tag)
            return done(_back(form, resource), _("Done: %(n)s objects changed.") % {"n": len(keys)})
        asks_first = action in TAGGING and not count
        effects = [] if asks_first else _effects(session, actor, resource, action, keys, tag)
        problems: Any = {}
    except DomainError as error:
        session.rollback()
        effects, problems = [], problems_of(error, ())
    shown: dict[str, Any] = {
        "resource": resource if resource in BACK else "subnets", "action": action, "tag": tag, "keys": keys,
        "names": _names(session, actor, resource, keys[:NAMED]), "effects": effects, "problems": problems,
        "matching": bool(form.get("matching")), "filters": {name: form.get(name, "") for name in MATCHING},
        "back": _back(form, resource),
    }  # fmt: skip
    return page(request, session, "bulk/confirm.html", 422 if problems else 200, **shown)


def _back(form: Any, resource: str) -> str:
    return inner(str(form.get("back", "")), BACK.get(resource, "/"))


def _keys(session: Session, actor: Actor, resource: str, form: Any) -> list[str]:
    """Return the chosen objects; of all that match, one more than allowed tells that they are too many."""
    if not form.get("matching"):
        return [str(key) for key in dict.fromkeys(form.getlist("key"))]
    q = str(form.get("q", "")).strip()
    with limited(session, actor.ranges):
        number = narrowed(session, str(form.get("subnet", "")))
        if resource == "reservations":
            found = reservation_list.filtered(session, q, number, str(form.get("state", "")))
            query = found.query.with_only_columns(Reservation.id).order_by(Reservation.id)
            return [str(row) for row in session.scalars(query.limit(bulk.MAX_OBJECTS + 1))]
        if resource == "leases":
            state = str(form.get("state", ""))
            filters = LeaseFilters(q, state if state in STATES else None, number)
            rows = leases.list_leases(session, filters, after=None, limit=bulk.MAX_OBJECTS + 1)
            releasing = form.get("action") == "release"
            return [str(row.ip) for row in rows if not releasing or row.state in RELEASABLE]
        if resource == "subnets":
            return [str(place.id) for place in _places(session, q, str(form.get("within", "")))]
    return []


def _places(session: Session, text: str, within: str) -> list[outline.Place]:
    places: list[outline.Place] = outline.whole(session)
    top = next((place for place in places if str(place.id) == within), None)
    if top is not None:
        places = [place for place in places if place.id != top.id and outline.holds(top, place)]
    found = outline.matching(places, text) if text else places
    return found[: bulk.MAX_OBJECTS + 1]


def _effects(session: Session, actor: Actor, resource: str, action: str, keys: list[str], tag: str) -> list[Effect]:
    """Return what clients would notice; an order to the worker is told by the leases that it is about."""
    work = lambda: bulk.change(session, actor, resource, action, keys, tag)  # noqa: E731  # tried, then taken back
    if resource != "leases":
        return preview.effects(session, work)
    preview.effects(session, work)
    ips = [ip for key in keys if (ip := address_of(key)) is not None]
    own = (Lease.ip.in_(ips), Lease.state == "active")
    count, until, ending = session.execute(
        select(func.count(), func.max(Lease.expires_at), func.count(Lease.expires_at)).where(*own)
    ).one()
    return [Effect(action, count, until, count - ending, ())] if count else []


def _names(session: Session, actor: Actor, resource: str, keys: list[str]) -> list[str]:
    """Return what people call the objects."""
    if resource == "leases":
        return keys
    numbers = [int(key) for key in keys if key.isdecimal() and len(key) < 10]
    with limited(session, actor.ranges):
        if resource == "reservations":
            promised = session.scalars(select(Reservation).where(Reservation.id.in_(numbers)))
            return [" ".join(filter(None, (str(row.ip or ""), row.hostname))) for row in promised]
        if resource == "pools":
            ranges = session.scalars(select(Pool).where(Pool.id.in_(numbers)).order_by(Pool.first))
            return [f"{row.first} – {row.last}" for row in ranges]
        rows = session.scalars(select(Subnet).where(Subnet.id.in_(numbers)).order_by(Subnet.first))
        return [f"{row.cidr} {row.name}".strip() for row in rows]

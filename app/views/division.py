"""The page on which a subnet is split, merged with its neighbours, or given another size."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator
from app.models import Subnet
from app.services import division, outline, resizing, subnets
from app.services.actors import Actor
from app.services.errors import DomainError, Invalid, Problem
from app.views.forms import problems_of, saved, tried
from app.views.preferences import gettext as _
from app.views.render import Id, page

router = APIRouter(prefix="/subnets/{subnet_id}/divide", include_in_schema=False)
STEPS: Final = 4
"""Lengths are offered up to so many bits longer: 16 parts."""


@router.get("")
def show(request: Request, session: Db, actor: Operator, subnet_id: Id) -> Response:
    """Show what can be made of the subnet."""
    return _page(request, session, subnets.get_subnet(session, subnet_id))


@router.post("/try")
def try_it(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Say whether it can be done, and which clients would notice; nothing is kept."""
    return tried(request, session, lambda: _work(session, actor, subnet_id, form)())


@router.post("")
def divide(request: Request, session: Db, actor: Operator, subnet_id: Id, form: Form) -> Response:
    """Split, merge or resize."""
    try:
        _work(session, actor, subnet_id, form)()
    except DomainError as error:
        session.rollback()
        return _page(request, session, subnets.get_subnet(session, subnet_id), problems_of(error, ()), 422)
    if form.get("do") == "split":
        return saved(session, "/subnets")
    return saved(session, f"/subnets/{subnet_id}")


def _work(session: Session, actor: Actor, subnet_id: int, form: Any) -> Callable[[], object]:
    """Return the wish of the form as work to do."""
    wish, number = str(form.get("do", "")), str(form.get("prefix_len", ""))
    if wish == "split" and number.isdecimal() and len(number) < 4:
        link = bool(form.get("same_link"))
        return lambda: division.split(session, actor, subnet_id, prefix_len=int(number), same_link=link)
    if wish == "merge":
        others = [int(text) for text in form.getlist("with") if str(text).isdecimal()]
        return lambda: division.merge_subnets(session, actor, subnet_id, others)
    if wish == "resize":
        try:
            cidr = str(ip_network(str(form.get("cidr", "")).strip()))
        except ValueError:
            raise Invalid(Problem("cidr", "cidr", _("Write the new prefix like 10.0.0.0/23."))) from None
        return lambda: resizing.resize(session, actor, subnet_id, cidr)
    raise Invalid(Problem("", "wish", _("Choose what is to be done.")))


def _page(request: Request, session: Session, row: Subnet, problems: Any = None, status: int = 200) -> Response:
    network = ip_network(row.cidr)
    most = min(network.max_prefixlen, row.prefix_len + STEPS)
    lengths = [(n, 2 ** (n - row.prefix_len)) for n in range(row.prefix_len + 1, most + 1)]
    shown: dict[str, Any] = {"subnet": row, "lengths": lengths, "neighbours": _neighbours(session, row)}
    shown["larger"] = str(network.supernet()) if row.prefix_len else ""
    return page(request, session, "subnets/divide.html", status, problems=problems or {}, **shown)


def _neighbours(session: Session, row: Subnet) -> list[outline.Place]:
    """Return the subnets beside this one inside the prefix that is one bit shorter."""
    if not row.prefix_len:
        return []
    whole = ip_network(row.cidr).supernet()
    low, high = whole.network_address, whole.broadcast_address
    within = (Subnet.first.between(low, high), Subnet.last <= high)
    return [place for place in outline.outline(session, *within) if place.id != row.id]

"""Pages of shared networks: several subnets on one link, and the options that all of them share."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.schemas.shared_networks import SharedNetworkIn
from app.services import shared_networks, subnets
from app.services.errors import DomainError, NotFound
from app.services.patch import parsed
from app.views.forms import form_page, saved, tried
from app.views.options import rows_of
from app.views.render import page

router = APIRouter(prefix="/shared-networks", include_in_schema=False)
FORM = "shared_networks/form.html"


@router.get("")
def list_shared_networks(request: Request, session: Db, actor: Viewer) -> Response:
    """Show each link that carries several subnets."""
    stored = {row.name: row for row in shared_networks.list_shared_networks(session)}
    members: dict[str, list[Any]] = {name: [] for name in stored}
    for name, row in subnets.on_shared_networks(session):
        members.setdefault(name, []).append(row)
    return page(request, session, "shared_networks/list.html", members=members, stored=stored)


@router.get("/edit")
def show(request: Request, session: Db, actor: Operator, name: str) -> Response:
    """Show the options of a link."""
    return form_page(request, session, FORM, {}, _options(session, name), link=name)


@router.post("/edit")
def save(request: Request, session: Db, actor: Operator, name: str, form: Form) -> Response:
    """Replace the options of a link; its boot fields stay."""
    try:
        shared_networks.put_shared_network(session, actor, name[:120], _wished(session, name, form))
    except DomainError as error:
        session.rollback()
        return form_page(request, session, FORM, {}, rows_of(form), error, ("options",), link=name)
    return saved(session, "/shared-networks")


@router.post("/check")
def check(request: Request, session: Db, actor: Operator, name: str, form: Form) -> Response:
    """Say which clients would notice the typed options; nothing is kept."""

    def work() -> None:
        shared_networks.put_shared_network(session, actor, name[:120], _wished(session, name, form))

    return tried(request, session, work)


def _wished(session: Session, name: str, form: Any) -> SharedNetworkIn:
    return parsed(SharedNetworkIn, {**_boot(session, name), "options": rows_of(form)})


def _boot(session: Session, name: str) -> dict[str, Any]:
    try:
        row = shared_networks.get_shared_network(session, name)
    except NotFound:
        return {}
    return {"next_server": row.next_server, "server_name": row.server_name, "boot_file": row.boot_file}


def _options(session: Session, name: str) -> list[dict[str, Any]]:
    try:
        return shared_networks.get_shared_network(session, name).options
    except NotFound:
        return []

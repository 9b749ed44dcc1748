"""The page of clients that nobody answers."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.schemas.denied_clients import DeniedClientIn, denied_client_out
from app.services import denied_clients
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.views.forms import filled, not_yet, problems_of, saved, tried
from app.views.preferences import gettext as _
from app.views.render import Id, page

router = APIRouter(prefix="/denied-clients", include_in_schema=False)
SHOWN = 500
FIELDS = ("mac", "description")


@router.get("")
def list_denied_clients(request: Request, session: Db, actor: Viewer, mac: str = "") -> Response:
    """Show who is denied, and a form to deny another."""
    return _page(request, session, values={"mac": mac})


@router.post("")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Deny a client, or all of one maker."""
    values = filled(form, *FIELDS)
    try:
        denied_clients.create_denied_client(session, actor, parsed(DeniedClientIn, values))
    except DomainError as error:
        session.rollback()
        return _page(request, session, 422, values=values, problems=problems_of(error, FIELDS))
    return saved(session, "/denied-clients")


@router.post("/check")
def check(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Say which clients would not be answered any more; nothing is kept."""
    values = filled(form, *FIELDS)
    if not values["mac"]:
        waiting = _("As soon as the address is there, you see here which clients would notice.")
        return not_yet(request, session, waiting)

    def work() -> None:
        denied_clients.create_denied_client(session, actor, parsed(DeniedClientIn, values))

    return tried(request, session, work)


@router.post("/{client_id}/delete")
def delete(session: Db, actor: Operator, client_id: Id) -> Response:
    """Answer a client again."""
    row = denied_clients.get_denied_client(session, client_id)
    denied_clients.delete_denied_client(session, actor, row)
    return saved(session, "/denied-clients")


def _page(request: Request, session: Session, status: int = 200, **form: Any) -> Response:
    rows = cut(session, denied_clients.LISTING, Wish(limit=SHOWN)).rows
    shown: dict[str, Any] = {"clients": [denied_client_out(row) for row in rows], "problems": {}, **form}
    return page(request, session, "denied_clients/list.html", status, **shown)

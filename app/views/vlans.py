"""Pages of VLANs: their numbers by group, and the subnets on each."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Vlan
from app.schemas.labels import VlanIn, vlan_out
from app.services import vlans
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.views import custom_values
from app.views.forms import filled, problems_of, saved, version_of
from app.views.render import Id, page

router = APIRouter(prefix="/vlans", include_in_schema=False)
TEXTS: Final = ("vid", "group", "name", "description")
SHOWN: Final = 100


@router.get("")
def list_vlans(request: Request, session: Db, actor: Viewer, q: str = "", after: str = "") -> Response:
    """Show the VLANs by group and number."""
    return _list(request, session, q=q, after=after)


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator) -> Response:
    """Show the form of a new VLAN."""
    return _form(request, session, custom_values.defaults(custom_values.fields(session, "vlans")), None)


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Make a VLAN."""
    try:
        vlans.create_vlan(session, actor, _shape(session, form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, form, None, error)
    return saved(session, "/vlans")


@router.get("/{vlan_id}")
def show(request: Request, session: Db, actor: Operator, vlan_id: Id) -> Response:
    """Show the form of a VLAN."""
    row = vlans.get_vlan(session, vlan_id)
    values = {name: getattr(row, name) for name in (*TEXTS, "version")} | {"tags": ", ".join(row.tags)}
    return _form(request, session, {**values, **custom_values.filled("vlans", row.custom_fields)}, row)


@router.post("/{vlan_id}")
def update(request: Request, session: Db, actor: Operator, vlan_id: Id, form: Form) -> Response:
    """Change a VLAN; its subnets follow."""
    try:
        vlans.update_vlan(session, actor, vlan_id, _shape(session, form), version_of(form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, form, vlans.get_vlan(session, vlan_id), error)
    return saved(session, "/vlans")


@router.post("/{vlan_id}/delete")
def delete(request: Request, session: Db, actor: Operator, vlan_id: Id) -> Response:
    """Remove a VLAN that no subnet is on."""
    try:
        vlans.delete_vlan(session, actor, vlan_id)
    except DomainError as error:
        session.rollback()
        return _list(request, session, 409, problems=problems_of(error, ()))
    return saved(session, "/vlans")


def _shape(session: Session, form: Any) -> VlanIn:
    tags = [name for name in str(form.get("tags", "")).split(",") if name.strip()]
    custom = custom_values.typed(form, custom_values.fields(session, "vlans"))
    return parsed(VlanIn, {**filled(form, *TEXTS), "tags": tags, "custom_fields": custom})


def _list(
    request: Request, session: Session, status: int = 200, q: str = "", after: str = "", **more: Any
) -> Response:
    filters = (("q", q),) if q else ()
    found = cut(session, vlans.LISTING, Wish(filters, cursor=after, limit=SHOWN))
    counts = vlans.subnet_counts(session, found.rows)
    rows = [vlan_out(row, counts[row.id]) for row in found.rows]
    shown: dict[str, Any] = {"rows": rows, "next": found.next_cursor, "q": q, "problems": {}, **more}
    return page(request, session, "vlans/list.html", status, **shown)


def _form(
    request: Request, session: Session, values: Any, row: Vlan | None, error: DomainError | None = None
) -> Response:
    known = custom_values.fields(session, "vlans")
    fields = (*TEXTS, "tags", *custom_values.inputs(known))
    problems = problems_of(custom_values.moved(error, "vlans"), fields) if error else {}
    shown: dict[str, Any] = {"values": values, "row": row, "problems": problems, "custom": known}
    return page(request, session, "vlans/form.html", 422 if error else 200, **shown)

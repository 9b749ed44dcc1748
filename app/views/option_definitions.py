"""Pages of options that the catalogue does not know: defined once, then set like any other."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Admin, Db, Form, Viewer
from app.models import OptionDefinition
from app.schemas.option_definitions import OptionDefinitionIn, option_definition_out
from app.services import option_definitions
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.services.rows import check_version
from app.views.forms import filled, problems_of, saved, ticked, version_of
from app.views.render import Id, page
from dhcpd.protocol.catalogue import RECORD
from dhcpd.protocol.suboptions import SUBOPTIONS
from dhcpd.protocol.values import KINDS

router = APIRouter(prefix="/option-definitions", include_in_schema=False)
TEXTS: Final = ("space", "code", "name", "kind", "description")
FIELDS: Final = (*TEXTS, "fields", "array")
SHOWN: Final = 500


@router.get("")
def list_definitions(request: Request, session: Db, actor: Viewer, after: str = "") -> Response:
    """Show the options that users defined."""
    return _list(request, session, after=after)


@router.get("/new")
def show_new(request: Request, session: Db, actor: Admin) -> Response:
    """Show the form of a new definition."""
    return _form(request, session, {"space": "dhcp4", "kind": "text"}, None)


@router.post("/new")
def create(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Define an option."""
    try:
        option_definitions.create_definition(session, actor, _shape(form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, _typed(form), None, error)
    return saved(session, "/option-definitions")


@router.get("/{definition_id}")
def show(request: Request, session: Db, actor: Admin, definition_id: Id) -> Response:
    """Show the form of a definition."""
    row = option_definitions.get_definition(session, definition_id)
    values = {name: getattr(row, name) for name in (*TEXTS, "array", "version")}
    lines = "\n".join(f"{field['name']} {field['kind']}" for field in row.fields)
    return _form(request, session, {**values, "fields": lines}, row)


@router.post("/{definition_id}")
def update(request: Request, session: Db, actor: Admin, definition_id: Id, form: Form) -> Response:
    """Change a definition; a new name goes wherever the option is set."""
    row = option_definitions.get_definition(session, definition_id)
    try:
        check_version(row.version, version_of(form))
        option_definitions.update_definition(session, actor, row, _shape(form))
    except DomainError as error:
        session.rollback()
        stored = option_definitions.get_definition(session, definition_id)
        return _form(request, session, _typed(form), stored, error)
    return saved(session, "/option-definitions")


@router.post("/{definition_id}/delete")
def delete(request: Request, session: Db, actor: Admin, definition_id: Id) -> Response:
    """Remove a definition whose option is set nowhere."""
    row = option_definitions.get_definition(session, definition_id)
    try:
        option_definitions.delete_definition(session, actor, row)
    except DomainError as error:
        session.rollback()
        return _list(request, session, 409, problems=problems_of(error, ()))
    return saved(session, "/option-definitions")


def _shape(form: Any) -> OptionDefinitionIn:
    lines = [line.split(None, 1) for line in str(form.get("fields", "")).splitlines() if line.strip()]
    fields = [{"name": words[0], "kind": words[1].strip() if len(words) > 1 else ""} for words in lines]
    return parsed(OptionDefinitionIn, {**filled(form, *TEXTS), **ticked(form, "array"), "fields": fields})


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *TEXTS, "version", "fields"), **ticked(form, "array")}


def _list(request: Request, session: Session, status: int = 200, after: str = "", **more: Any) -> Response:
    found = cut(session, option_definitions.LISTING, Wish(cursor=after, limit=SHOWN))
    rows = [option_definition_out(row) for row in found.rows]
    shown: dict[str, Any] = {"rows": rows, "next": found.next_cursor, "problems": {}, **more}
    return page(request, session, "option_definitions/list.html", status, **shown)


def _form(
    request: Request,
    session: Session,
    values: dict[str, Any],
    row: OptionDefinition | None,
    error: DomainError | None = None,
) -> Response:
    shown: dict[str, Any] = {
        "values": values,
        "row": row,
        "problems": problems_of(error, FIELDS) if error else {},
        "kinds": sorted((*KINDS, RECORD, SUBOPTIONS)),
        "carried": sorted(KINDS.values(), key=lambda kind: kind.name),
    }
    return page(request, session, "option_definitions/form.html", 422 if error else 200, **shown)

"""Pages of custom fields: what else is to be known of an object."""

from typing import Any, Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Admin, Db, Form, Viewer
from app.models import CustomField
from app.schemas.labels import CustomFieldIn, FieldType, Resource, custom_field_out
from app.services import custom_fields
from app.services.errors import DomainError
from app.services.patch import parsed
from app.views.forms import filled, problems_of, saved, ticked, version_of
from app.views.render import Id, page

router = APIRouter(prefix="/custom-fields", include_in_schema=False)
TEXTS: Final = ("resource", "name", "label", "type", "description")
FIELDS: Final = (*TEXTS, "default", "choices")
FLAGS: Final = {"true": True, "false": False}


@router.get("")
def list_custom_fields(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the fields by what they belong to."""
    rows = custom_fields.list_custom_fields(session)
    used = custom_fields.used(session, rows)
    shown = [custom_field_out(row, used[row.id]) for row in rows]
    return page(request, session, "custom_fields/list.html", rows=shown)


@router.get("/new")
def show_new(request: Request, session: Db, actor: Admin) -> Response:
    """Show the form of a new field."""
    return _form(request, session, {"resource": "subnets", "type": "text"}, None)


@router.post("/new")
def create(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Define a field."""
    try:
        custom_fields.create_custom_field(session, actor, _shape(form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, _typed(form), None, error)
    return saved(session, "/custom-fields")


@router.get("/{field_id}")
def show(request: Request, session: Db, actor: Admin, field_id: Id) -> Response:
    """Show the form of a field."""
    row = custom_fields.get_custom_field(session, field_id)
    values = {name: getattr(row, name) for name in (*TEXTS, "required", "version")}
    default = "" if row.default is None else str(row.default)
    default = default.lower() if row.type == "boolean" else default
    return _form(request, session, {**values, "default": default, "choices": "\n".join(row.choices)}, row)


@router.post("/{field_id}")
def update(request: Request, session: Db, actor: Admin, field_id: Id, form: Form) -> Response:
    """Change a field whose values still fit."""
    try:
        custom_fields.update_custom_field(session, actor, field_id, _shape(form), version_of(form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, _typed(form), custom_fields.get_custom_field(session, field_id), error)
    return saved(session, "/custom-fields")


@router.post("/{field_id}/delete")
def delete(session: Db, actor: Admin, field_id: Id) -> Response:
    """Remove a field with its values, which the audit keeps."""
    custom_fields.delete_custom_field(session, actor, field_id)
    return saved(session, "/custom-fields")


def _shape(form: Any) -> CustomFieldIn:
    texts = filled(form, *TEXTS)
    choices = [line.strip() for line in str(form.get("choices", "")).splitlines() if line.strip()]
    default = _default(texts["type"], str(form.get("default", "")).strip())
    return parsed(CustomFieldIn, {**texts, **ticked(form, "required"), "choices": choices, "default": default})


def _default(type_: str, text: str) -> Any:
    """Return a default as its type writes it; what is none of the type is left to the service to refuse."""
    if type_ == "integer" and text.removeprefix("-").isdecimal():
        return int(text)
    return FLAGS.get(text.lower(), text or None) if type_ == "boolean" else text or None


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *FIELDS, "version"), **ticked(form, "required")}


def _form(
    request: Request,
    session: Session,
    values: dict[str, Any],
    row: CustomField | None,
    error: DomainError | None = None,
) -> Response:
    shown: dict[str, Any] = {
        "values": values,
        "row": row,
        "problems": problems_of(error, FIELDS) if error else {},
        "resources": get_args(Resource),
        "types": get_args(FieldType),
    }
    return page(request, session, "custom_fields/form.html", 422 if error else 200, **shown)

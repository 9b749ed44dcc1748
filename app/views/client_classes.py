"""Pages of client classes: clients that are alike, and what they get; network boot by one form."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import ClientClass
from app.schemas.client_classes import ClientClassIn
from app.schemas.clients import ClientFacts
from app.schemas.pxe import PxePreset
from app.services import client_classes, clients, pxe
from app.services.errors import DomainError
from app.services.patch import parsed
from app.services.rows import check_version
from app.views.forms import filled, form_page, problems_of, saved, ticked, version_of
from app.views.options import rows_of
from app.views.render import Id, page
from dhcpd.engine.conditions import OPERATORS
from dhcpd.engine.facts import FIELDS

router = APIRouter(prefix="/client-classes", include_in_schema=False)
FORM: Final = "client_classes/form.html"
TEXTS: Final = ("name", "description", "position", "expression", "next_server", "server_name", "boot_file")
FACTS: Final = ("mac", "vendor_class", "user_class", "hostname", "architecture", "relay", "circuit_id")
SHOWN: Final = (*TEXTS, "drop", "options")
BOOT: Final = tuple(PxePreset.model_fields)


@router.get("")
def list_classes(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the classes in the order in which their settings win."""
    return page(request, session, "client_classes/list.html", classes=client_classes.list_classes(session))


@router.get("/new")
def show_new(request: Request, session: Db, actor: Operator) -> Response:
    """Show the form of a new class."""
    return form_page(request, session, FORM, {"position": 100}, [], row=None, **_more())


@router.post("/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Make a class."""
    try:
        client_classes.create_class(session, actor, _shape(form))
    except DomainError as error:
        session.rollback()
        return _refused(request, session, form, error, None)
    return saved(session, "/client-classes")


@router.post("/test")
def test(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Say whether a described client would be in the typed class, and why."""
    shown: dict[str, Any] = {"test": None, "problems": {}}
    facts = {name: text for name, text in filled(form, *(f"t_{name}" for name in FACTS)).items() if text}
    try:
        client = parsed(ClientFacts, {name.removeprefix("t_"): text for name, text in facts.items()})
        shown["test"] = clients.try_classes(session, client, str(form.get("expression", "")) or None)
    except DomainError as error:
        shown["problems"] = problems_of(error, ())
        shown["fault"] = next((p for p in error.problems if p.field == "expression"), None)
    session.rollback()
    return page(request, session, "client_classes/test.html", part="result", **shown)


@router.get("/boot")
def show_boot(request: Request, session: Db, actor: Operator) -> Response:
    """Show the form that makes the classes for network boot."""
    return page(request, session, "client_classes/boot.html", values={"prefix": "pxe"}, problems={})


@router.post("/boot")
def make_boot(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Make the classes for network boot, or bring them up to date."""
    values = filled(form, *BOOT)
    try:
        pxe.make_classes(session, actor, parsed(PxePreset, values))
    except DomainError as error:
        session.rollback()
        problems = problems_of(error, BOOT)
        return page(request, session, "client_classes/boot.html", 422, values=values, problems=problems)
    return saved(session, "/client-classes")


@router.get("/{class_id}")
def show(request: Request, session: Db, actor: Operator, class_id: Id) -> Response:
    """Show the form of a class."""
    row = client_classes.get_class(session, class_id)
    values = {name: getattr(row, name) for name in (*TEXTS, "drop", "version")}
    return form_page(request, session, FORM, values, row.options, row=row, **_more())


@router.post("/{class_id}")
def update(request: Request, session: Db, actor: Operator, class_id: Id, form: Form) -> Response:
    """Change a class."""
    row = client_classes.get_class(session, class_id)
    try:
        check_version(row.version, version_of(form))
        client_classes.update_class(session, actor, row, _shape(form))
    except DomainError as error:
        session.rollback()
        return _refused(request, session, form, error, client_classes.get_class(session, class_id))
    return saved(session, "/client-classes")


@router.post("/{class_id}/delete")
def delete(session: Db, actor: Operator, class_id: Id) -> Response:
    """Remove a class that nothing refers to."""
    client_classes.delete_class(session, actor, client_classes.get_class(session, class_id))
    return saved(session, "/client-classes")


def _shape(form: Any) -> ClientClassIn:
    texts = {name: text for name, text in filled(form, *TEXTS).items() if text}
    return parsed(ClientClassIn, {**texts, **ticked(form, "drop"), "options": rows_of(form)})


def _more() -> dict[str, Any]:
    return {
        "readable": {name: field.kind for name, field in FIELDS.items()},
        "operators": OPERATORS,
        "facts": FACTS,
    }


def _refused(
    request: Request, session: Session, form: Any, error: DomainError, row: ClientClass | None
) -> Response:
    values = {**filled(form, *TEXTS, "version"), **ticked(form, "drop")}
    return form_page(request, session, FORM, values, rows_of(form), error, SHOWN, row=row, **_more())

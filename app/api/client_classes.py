"""JSON routes of client classes."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from app.api.resource import Natural, Resource
from app.auth.deps import Db, Operator, Viewer
from app.models import ClientClass
from app.schemas.client_classes import ClassTest, ClientClassIn, ClientClassOut, client_class_out
from app.schemas.clients import ClientFacts
from app.schemas.pxe import PxePreset
from app.services import client_classes as classes
from app.services import clients, pxe
from app.services.scopes import scope_of


class ClassQuery(ClientFacts):
    """A client, and an expression to try on it before it is saved."""

    expression: str | None = None


def _show(session: Session, rows: Sequence[ClientClass]) -> list[ClientClassOut]:
    users = classes.users(session, rows)
    return [client_class_out(row, [scope_of(user).title for user in users[row.name]]) for row in rows]


RESOURCE = Resource(
    path="client-classes",
    noun="client class",
    plural="client classes",
    listing=classes.LISTING,
    shape=ClientClassOut,
    show=_show,
    get=classes.get_class,
    accepts=ClientClassIn,
    create=classes.create_class,
    update=classes.update_class,
    delete=classes.delete_class,
    natural=Natural(
        "/by-name/{name}", ("name",), dict, lambda session, data: classes.find_class(session, data.name)
    ),
)
router = RESOURCE.router()


@router.get("/test", operation_id="test_client_classes")
def test_client_classes(session: Db, actor: Viewer, client: Annotated[ClassQuery, Query()]) -> ClassTest:
    """Tell which classes a client would be in, and why."""
    facts = ClientFacts.model_validate(client.model_dump(exclude={"expression"}))
    return clients.try_classes(session, facts, client.expression)


@router.post("/presets/pxe", operation_id="make_pxe_classes", status_code=201)
def make_pxe_classes(session: Db, actor: Operator, data: PxePreset) -> list[ClientClassOut]:
    """Make the classes for network boot, or bring them up to date: BIOS, UEFI, HTTP boot, iPXE."""
    return _show(session, pxe.make_classes(session, actor, data))

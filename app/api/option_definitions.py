"""JSON routes of the catalogue of options, and of the user's own definitions."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.listing import Page
from app.api.resource import Resource
from app.api.route import ApiRoute
from app.auth.deps import Db, Viewer
from app.schemas.option_definitions import (
    OptionDefinitionIn,
    OptionDefinitionOut,
    OptionOut,
    option_definition_out,
)
from app.services import option_definitions as definitions
from app.services import options

RESOURCE = Resource(
    path="option-definitions",
    noun="option definition",
    plural="option definitions",
    listing=definitions.LISTING,
    shape=OptionDefinitionOut,
    show=lambda session, rows: [option_definition_out(row) for row in rows],
    get=definitions.get_definition,
    accepts=OptionDefinitionIn,
    create=definitions.create_definition,
    update=definitions.update_definition,
    delete=definitions.delete_definition,
    writes="admin",
)
router = RESOURCE.router()
catalogue = APIRouter(prefix="/options", tags=["options"], route_class=ApiRoute)


@catalogue.get("", operation_id="list_options")
def list_options(
    session: Db,
    actor: Viewer,
    q: Annotated[str, Query(max_length=100, description="code, or part of a name or description")] = "",
    space: Annotated[str | None, Query(max_length=40, description="dhcp4 or a vendor space")] = None,
    settable: Annotated[bool | None, Query(description="those that users set")] = None,
) -> Page[OptionOut]:
    """Return the catalogue: IANA's options, common private ones, vendors' sub-options and the user's own."""
    return Page(items=options.list_options(session, q, space, settable), next_cursor=None)

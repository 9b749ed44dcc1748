"""JSON route of the settings in force."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.paging import Id
from app.api.route import ApiRoute
from app.auth.deps import Db, Viewer
from app.schemas.effective import EffectiveOut, EffectiveQuery
from app.services import effective

router = APIRouter(prefix="/subnets", tags=["subnets"], route_class=ApiRoute)


@router.get("/{subnet_id:int}/effective-options", operation_id="get_effective_options")
def get_effective_options(
    session: Db, actor: Viewer, subnet_id: Id, query: Annotated[EffectiveQuery, Query()]
) -> EffectiveOut:
    """Tell what a client of the subnet gets, octets included, and which scope each setting comes from."""
    return effective.effective(session, subnet_id, query)

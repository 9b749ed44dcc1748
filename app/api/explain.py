"""JSON route of the question what a client will receive."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.route import ApiRoute
from app.auth.deps import Db, Viewer
from app.schemas.explain import ExplainOut, ExplainQuery
from app.services import explain as service

router = APIRouter(prefix="/explain", tags=["explain"], route_class=ApiRoute)


@router.get("", operation_id="explain")
def explain(session: Db, actor: Viewer, query: Annotated[ExplainQuery, Query()]) -> ExplainOut:
    """Tell what a client would receive now and why, step by step; nothing is sent and nothing changes."""
    return service.explain(session, query)

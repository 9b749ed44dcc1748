"""The page that explains the REST API and lets one try it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.deps import Viewer
from app.views.render import bare

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def explorer(request: Request, actor: Viewer) -> Response:
    """Show every operation with its parameters, shapes and errors; calls are made as who is signed in."""
    return bare(request, "explorer.html", csrf=getattr(request.state, "csrf", ""))

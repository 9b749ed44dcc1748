"""JSON route of the search over everything."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.api.route import ApiRoute
from app.auth.deps import Db, Viewer
from app.schemas.search import HitOut, Hits
from app.services import search
from app.services.search import Hit

PATHS: Final = {"address": "addresses", "subnet": "subnets", "lease": "leases", "reservation": "reservations"}
router = APIRouter(prefix="/search", tags=["search"], route_class=ApiRoute)


@router.get("", operation_id="search")
def find(session: Db, actor: Viewer, q: Annotated[str, Query(min_length=1, max_length=200)]) -> Hits:
    """Find by any address, prefix, MAC in any spelling, client-id or part of a name."""
    hits = search.search(session, q.replace("\0", ""))
    return Hits(items=[_shown(hit) for hit in hits])


def _shown(hit: Hit) -> HitOut:
    href = f"/api/v1/{PATHS[hit.kind]}/{hit.key}"
    return HitOut(type=PATHS[hit.kind], title=hit.title, note=hit.note, matched=hit.matched, href=href)

"""What does an open page hear? Lease events in order, at most four messages a second (SSE)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from app.auth.deps import Viewer
from app.database import SessionFactory, unit_of_work
from app.schemas.leases import event_out
from app.services import events, subnets
from app.services.leases import LeaseFilters, count_leases
from app.stream.hub import Hub

PAUSE_S: Final = 0.25
HEARTBEAT_S: Final = 15.0
BATCH: Final = 500
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(include_in_schema=False)


@router.get("/stream")
async def stream(request: Request, actor: Viewer, after: int | None = None) -> StreamingResponse:
    """Tell events after Last-Event-ID, else after `after`, else from now on."""
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() and len(last) < 19 else after
    lines = messages(request.app.state.hub, request.app.state.sessions, start)
    return StreamingResponse(lines, media_type="text/event-stream", headers=HEADERS)


async def messages(hub: Hub, factory: SessionFactory, after: int | None) -> AsyncIterator[str]:
    """Yield SSE messages until the server stops; `id:` is the newest event told."""
    yield "retry: 1000\n\n"
    last = hub.latest if after is None else after
    while not hub.stopping:
        if not await hub.wait(last, HEARTBEAT_S):
            yield ": still here\n\n"
            continue
        newest, data = await asyncio.to_thread(read_batch, factory, last)
        if newest > last:
            last = newest
            yield f"id: {last}\nevent: leases\ndata: {data}\n\n"
        await asyncio.sleep(PAUSE_S)


def read_batch(factory: SessionFactory, after: int) -> tuple[int, str]:
    """Return the newest id of the next events and their JSON."""
    with unit_of_work(factory, writing=False) as session:
        rows = events.list_events(session, after_id=after, limit=BATCH)
        if not rows:
            return after, "{}"
        told = [event_out(row).model_dump(mode="json") for row in rows]
        return rows[-1].id, json.dumps({"events": told, **_counts(session, {r.subnet_id for r in rows})})


def _counts(session: Session, subnet_ids: set[int]) -> dict[str, object]:
    rows = [row for row in subnets.list_subnets(session) if row.id in subnet_ids]
    found = subnets.usage(session, rows)
    usage = {key: {"leased": one.leased, "free": one.free, "declined": one.declined} for key, one in found.items()}
    return {"usage": usage, "active": count_leases(session, LeaseFilters(state="active"))}

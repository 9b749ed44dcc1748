"""The live stream: server-sent events with ids, so that a browser that was away misses nothing."""

import json
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.auth.deps import Viewer
from app.services.actors import Actor
from app.services.grants import holds
from app.stream.hub import Hub

router = APIRouter()
HEARTBEAT_S = 15.0


@router.get("/stream", include_in_schema=False)
@router.get("/api/v1/stream", operation_id="stream", tags=["events"], response_class=StreamingResponse)
async def stream(request: Request, actor: Viewer, after: int | None = None) -> StreamingResponse:
    """Send lease events as they happen; Last-Event-ID, else `after`, resumes behind that event."""
    hub: Hub = request.app.state.hub
    sent = request.headers.get("last-event-id", "")
    last = int(sent) if sent.isdecimal() else hub.last_id if after is None else after
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_messages(hub, last, actor), media_type="text/event-stream", headers=headers)


async def _messages(hub: Hub, last: int, actor: Actor) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    if await run_in_threadpool(hub.lost, last):
        last = hub.last_id
        yield f"id: {last}\nevent: reset\ndata: \n\n"
    while not hub.stopping:
        batch = await hub.after(last, HEARTBEAT_S)
        if batch:
            last = batch[-1][0]
            body = json.dumps([item for _, item in batch if _sees(actor, item)], separators=(",", ":"))
            yield f"id: {last}\nevent: leases\ndata: {body}\n\n"
        elif not hub.stopping:
            yield ": heartbeat\n\n"


def _sees(actor: Actor, item: dict[str, Any]) -> bool:
    """Tell whether the event lies where the caller may look."""
    ip = ip_address(item["ip"])
    return holds(actor.ranges, [(ip, ip)])

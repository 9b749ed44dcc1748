"""The live stream: server-sent events with ids, so that a browser that was away misses nothing."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.auth.deps import Db, Viewer, is_unchanged
from app.services import subnets
from app.services.actors import Actor, require_scope
from app.services.errors import Problem
from app.services.grants import Ranges, holds, meet
from app.services.listing import Unreadable
from app.stream.hub import TOPICS, Hub, wait
from app.stream.log import Item, Log
from app.stream.states import used

router = APIRouter()
HEARTBEAT_S: Final = 15.0
RECHECK_S: Final = 15.0
"""So long at most a stream outlives the rights of its caller, and the time to the next message or heartbeat."""
POSITION: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")
SCOPE_OF: Final = {"audit": "audit", "usage": "subnets", "worker": "workers"}
"""What a token must be able to read beside the stream itself."""


@dataclass(slots=True)
class Listener:
    """What one stream has sent: the last id of each log, the last number of each state."""

    hub: Hub
    topics: Sequence[str]
    ranges: Ranges | None
    lease: int
    audit: int
    usage: int
    worker: int = 0

    @property
    def position(self) -> str:
        """The id of a message: where the log of leases is, and that of the audit if it is sent."""
        return f"{self.lease}-{self.audit}" if "audit" in self.topics else str(self.lease)

    def sees(self, item: Item) -> bool:
        """Tell whether the item lies where the caller may look, and wants to."""
        return self.ranges is None or (item.place is not None and holds(self.ranges, [item.place]))


@router.get("/stream", include_in_schema=False)
@router.get("/api/v1/stream", operation_id="stream", tags=["events"], response_class=StreamingResponse)
def stream(
    request: Request,
    session: Db,
    actor: Viewer,
    topics: Annotated[str, Query(max_length=100, description=f"comma separated: {', '.join(TOPICS)}")] = "lease",
    subnet_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> StreamingResponse:
    """Send what happens as it happens; Last-Event-ID, else `after`, resumes behind that lease event.

    Events: `leases` (as in /events), `audit` (as in /audit, without the pictures), `usage` (of subnets in which
    something happened; with subnet_id its present use at once), `workers` (all at once, then those that changed),
    and `reset` when what was missed is not there any more. A caller who is limited to subnets hears of these alone.
    The stream ends within half a minute when the caller's session or token ends, or their rights change.
    """
    chosen = _topics(actor, topics)
    ranges = meet(actor.ranges, _range_of(session, subnet_id))
    listener = _listener(request, session, chosen, ranges, after)
    first = used(session, [subnets.get_subnet(session, subnet_id)]) if subnet_id and "usage" in chosen else []
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    messages = _messages(listener, first, lambda: is_unchanged(request, actor))
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


def _topics(actor: Actor, text: str) -> list[str]:
    wanted = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for topic in wanted:
        if topic not in TOPICS:
            raise Unreadable(Problem("topics", "unknown", f"{topic!r} is none of {', '.join(TOPICS)}."))
        if topic in SCOPE_OF:
            require_scope(actor, SCOPE_OF[topic], "read")
    if not wanted:
        raise Unreadable(Problem("topics", "required", f"Name some of {', '.join(TOPICS)}."))
    return wanted


def _range_of(session: Session, subnet_id: int | None) -> Ranges | None:
    if subnet_id is None:
        return None
    row = subnets.get_subnet(session, subnet_id)
    return ((row.first, row.last),)


def _listener(
    request: Request, session: Session, topics: Sequence[str], ranges: Ranges | None, after: int | None
) -> Listener:
    hub: Hub = request.app.state.hub
    sent = POSITION.fullmatch(request.headers.get("last-event-id", ""))
    lease = int(sent[1]) if sent else hub.leases.newest(session) if after is None else after
    audit = int(sent[2]) if sent and sent[2] else hub.audit.newest(session)
    return Listener(hub, topics, ranges, lease, audit, hub.usage.number)


async def _messages(to: Listener, first: Sequence[Item], may_go_on: Callable[[], bool]) -> AsyncIterator[str]:
    checked = time.monotonic()
    with to.hub.listening(to.topics):
        yield "retry: 1000\n\n"
        if "lease" in to.topics and await run_in_threadpool(to.hub.leases.lost, to.lease):
            to.lease = to.hub.leases.last_id
            yield f"id: {to.position}\nevent: reset\ndata: \n\n"
        if seen := [item for item in first if to.sees(item)]:
            yield _message(to, "usage", seen)
        while not to.hub.stopping:
            if time.monotonic() - checked >= RECHECK_S:
                if not await run_in_threadpool(may_go_on):
                    return
                checked = time.monotonic()
            sent, arrived = False, to.hub.arrived
            async for message in _news(to):
                sent = True
                yield message
            if not sent and not await wait(arrived, HEARTBEAT_S) and not to.hub.stopping:
                yield ": heartbeat\n\n"


async def _news(to: Listener) -> AsyncIterator[str]:
    """Yield what has come since the last message, each topic in a message of its own."""
    if "lease" in to.topics and (batch := await _after(to.hub.leases, to.lease)):
        to.lease = batch[-1].id
        yield _message(to, "leases", [item for item in batch if to.sees(item)])
    if "audit" in to.topics and (batch := await _after(to.hub.audit, to.audit)):
        to.audit = batch[-1].id
        yield _message(to, "audit", [item for item in batch if to.sees(item)])
    if "usage" in to.topics:
        batch, to.usage = to.hub.usage.after(to.usage), to.hub.usage.number
        if seen := [item for item in batch if to.sees(item)]:
            yield _message(to, "usage", seen)
    if "worker" in to.topics:
        batch, to.worker = to.hub.workers.after(to.worker), to.hub.workers.number
        if batch:
            yield _message(to, "workers", batch)


async def _after(log: Log, last: int) -> list[Item]:
    kept = log.kept(last)
    return await run_in_threadpool(log.read, last) if kept is None else kept


def _message(to: Listener, event: str, items: Sequence[Item]) -> str:
    body = json.dumps([item.data for item in items], separators=(",", ":"))
    return f"id: {to.position}\nevent: {event}\ndata: {body}\n\n"

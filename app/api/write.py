"""What may every write be told? Try it only, repeat it safely, wait until it is served."""

import json
import time
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import anyio
from fastapi import Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.auth.deps import Caller, Db
from app.database import unit_of_work
from app.schemas.changes import Lag
from app.services import kept_answers, workers
from app.services.errors import Conflict, Problem

NO_STORE: Final = "no-store"
"""Cache-Control of an answer that holds a secret: it is not kept here either."""
WAIT_S: Final = 2.0
POLL_S: Final = 0.05
KEPT_HEADERS: Final = ("location", "etag", "leaseboard-revision")


class Repeated(Exception):
    """The request was answered before; carries that answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Write:
    """How a write is meant."""

    session: Session
    caller: str
    dry_run: bool
    wait: bool
    key: str | None


def begin_write(
    request: Request,
    session: Db,
    actor: Caller,
    dry_run: Annotated[bool, Query(description="check it and tell what it would change; change nothing")] = False,
    wait: Annotated[
        Literal["applied"] | None, Query(description="answer once every live worker serves it, else 202 after 2 s")
    ] = None,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="on POST: the same key gets the same answer for 24 hours")
    ] = None,
    change_message: Annotated[str | None, Header(max_length=500, description="why, for the audit")] = None,
    if_match: Annotated[str | None, Header(max_length=500, description="refuse (412) with another ETag")] = None,
) -> None:
    """Read how the write is meant; raises Repeated (answered before) or Invalid (a key that was used otherwise)."""
    caller = f"{actor.user_id or actor.name}"
    key = (idempotency_key or None) if request.method == "POST" and not dry_run else None
    request.state.write = Write(session, caller, dry_run, wait is not None, key)
    if key is None:
        return
    found = kept_answers.claim(session, caller, key, request.state.digest)
    if found is not None and not found.body and found.status == 201:
        raise Conflict(Problem("", "answered_once", "It is done; its answer held a secret, which is shown once."))
    if found is not None:
        headers = {**found.headers, "Idempotency-Replayed": "true"}
        raise Repeated(Response(found.body or None, found.status, headers, media_type="application/json"))


def keep_answer(write: Write, response: Response) -> None:
    """Keep the answer, in the transaction of the write itself."""
    if write.key is not None:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        secret = response.headers.get("cache-control") == NO_STORE
        body = "" if secret else bytes(response.body).decode()
        kept_answers.keep(write.session, write.caller, write.key, response.status_code, headers, body)


async def wait_until_applied(request: Request, revision: int, response: Response) -> Response:
    """Return the answer once every live worker serves the revision; after 2 s, 202 with who lags."""
    deadline = time.monotonic() + WAIT_S
    while True:
        lag = await run_in_threadpool(_lag, request, revision)
        if lag.applied and lag.applied == lag.live:
            return response
        if time.monotonic() >= deadline:
            break
        await anyio.sleep(POLL_S)
    lag.result = json.loads(bytes(response.body)) if response.body else None
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return JSONResponse(lag.model_dump(mode="json"), 202, headers)


def _lag(request: Request, revision: int) -> Lag:
    with unit_of_work(request.app.state.sessions, writing=False) as session:
        live = [row for row in workers.list_workers(session) if workers.is_live(row)]
        behind = {row.id: row.revision_applied for row in live if row.revision_applied < revision}
    return Lag(revision=revision, live=len(live), applied=len(live) - len(behind), behind=behind)

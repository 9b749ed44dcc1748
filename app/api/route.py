"""What do all JSON routes do alike? Unknown parameters, media types, trial runs, repeats and waiting."""

import time
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any, Final

from fastapi import Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from app.api.listing import CUSTOM_FIELDS
from app.api.trial import dry_run
from app.api.write import Repeated, Write, begin_write, keep_answer, wait_until_applied
from app.auth.deps import COOKIE, SAFE, remote_of
from app.services.audit import CHANGES, REVISION
from app.services.labels import CUSTOM
from app.services.listing import unreadable

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
MAX_BODY_BYTES: Final = 10_000_000
JSON_TYPES: Final = ("application/json", "application/merge-patch+json")


def only_known(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a typing error must not widen a list."""
    route = request.scope["route"]
    known = {p["name"] for p in (route.openapi_extra or {}).get("parameters", [])}
    pending = [route.dependant]
    while pending:
        dependant = pending.pop()
        for field in dependant.query_params:
            known.update(getattr(field.field_info.annotation, "model_fields", (field.alias,)))
        pending += dependant.dependencies
    takes_custom = CUSTOM_FIELDS in known
    for name in request.query_params:
        if name not in known and not (takes_custom and name.startswith(CUSTOM)):
            raise unreadable(name, f"there is no parameter {name!r} here")


def check_media_type(request: Request, takes_json: bool) -> None:
    """Refuse a body that is not JSON (415)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if takes_json and kind not in JSON_TYPES and request.state.has_body:
        raise HTTPException(415, f"Send {JSON_TYPES[0]}, not {kind or 'a body without a type'}.")


def limited(request: Request, most_bytes: int) -> Request:
    """Return the request with a body that may not grow beyond the limit (413)."""
    told, read = request.headers.get("content-length", ""), 0
    refusal = HTTPException(413, f"A body has at most {most_bytes} bytes.")
    if told.isdecimal() and int(told) > most_bytes:
        raise refusal

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > most_bytes:
            raise refusal
        return message

    return Request(request.scope, receive)


class ApiRoute(APIRoute):
    """A JSON route. A write can be tried (`dry_run`), repeated (`Idempotency-Key`) and waited for (`wait`)."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        self.writes = not set(more.get("methods") or ("GET",)) <= set(SAFE)
        begin = [Depends(begin_write)] if self.writes else []
        more["dependencies"] = [Depends(only_known), *(more.get("dependencies") or []), *begin]
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        """Return what answers a request, from its body to its commit."""
        handle = super().get_route_handler()
        takes_json, most_bytes = self.body_field is not None, self.max_body_size or MAX_BODY_BYTES

        async def answer(request: Request) -> Response:
            allowed, told = request.app.state.rates.take(_caller(request), now=time.monotonic())
            if not allowed:
                raise HTTPException(429, "Too many requests; wait a little.", told)
            response = await (write(request) if self.writes else read(request))
            response.headers.update(told)
            return response

        async def read(request: Request) -> Response:
            return _unless_known(request, await handle(request))

        async def write(request: Request) -> Response:
            request = limited(request, most_bytes)
            body = await request.body()
            request.state.has_body = bool(body)
            check_media_type(request, takes_json)
            request.state.digest = sha256(f"{request.method} {request.url}\n".encode() + body).hexdigest()
            try:
                response = await handle(request)
            except Repeated as repeated:
                return repeated.answer
            meant: Write = request.state.write
            response = await run_in_threadpool(_finish, meant, response)
            revision = meant.session.info.get(REVISION)
            if meant.wait and revision is not None and not meant.dry_run:
                request.state.turn.leave()
                return await wait_until_applied(request, revision, response)
            return response

        return answer


def _caller(request: Request) -> str:
    """Return what requests are counted by: the token or session that was sent, else the address."""
    sent = request.headers.get("authorization") or request.cookies.get(COOKIE)
    return sha256(sent.encode()).hexdigest() if sent else remote_of(request)


def _unless_known(request: Request, response: Response) -> Response:
    """Return 304 when the caller has this state already."""
    etag = response.headers.get("etag")
    if etag is not None and etag in [e.strip() for e in request.headers.get("if-none-match", "").split(",")]:
        return Response(None, 304, {"ETag": etag})
    return response


def _finish(write: Write, response: Response) -> Response:
    """End the transaction: undo a trial and tell what it did, else keep the answer and commit."""
    session = write.session
    if write.dry_run:
        entries = session.info.get(CHANGES, [])
        session.flush()
        told = dry_run(session, entries)
        session.rollback()
        return JSONResponse(told.model_dump(mode="json"))
    if REVISION in session.info:
        response.headers["Leaseboard-Revision"] = str(session.info[REVISION])
    keep_answer(write, response)
    session.commit()
    return response

"""Who is calling, and in which transaction? Dependencies of the JSON routes and the pages."""

import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from app.auth.errors import BadCsrf, NotSignedIn
from app.database import unit_of_work
from app.models import User
from app.services import sessions, tokens
from app.services.actors import Actor, require, require_scope
from app.services.grants import Ranges, limit, meet, ranges_of

API: Final = "/api/v1/"
COOKIE: Final = "leaseboard_session"
MAX_MESSAGE: Final = 500
SAFE: Final = ("GET", "HEAD", "OPTIONS")


async def read_form(request: Request) -> FormData:
    """Return the form of a browser's write; empty for anything else."""
    kind = request.headers.get("content-type", "")
    is_form = kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))
    return await request.form(max_fields=200, max_files=0) if is_form else FormData()


async def admitted(request: Request, form: Annotated[FormData, Depends(read_form)]) -> AsyncIterator[None]:
    """Hold the request until it may work on the database.

    The form comes first: no stranger may keep a place, or the database's write lock, by sending one slowly.
    """
    turn = request.state.turn = await request.app.state.gate.enter(writing=request.method not in SAFE)
    try:
        yield
    finally:
        turn.leave()


def session_for_request(
    request: Request, turn: Annotated[None, Depends(admitted, scope="function")]
) -> Iterator[Session]:
    """Yield the transaction of the request; it is committed before the answer leaves."""
    with unit_of_work(request.app.state.sessions, writing=request.method not in SAFE) as session:
        yield session


Db = Annotated[Session, Depends(session_for_request, scope="function")]


def current_actor(request: Request, session: Db, form: Annotated[FormData, Depends(read_form)]) -> Actor:
    """Return the caller by bearer token or session cookie; raises NotSignedIn, BadCsrf or Forbidden.

    A read of somebody who is limited to some subnets finds nothing else from here on. A write sees all that its
    rules must see, and is refused when it changes what lies outside (services/audit.py).
    """
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    by_token = kind.lower() == "bearer"
    actor = _by_token(request, session, secret.strip()) if by_token else _by_cookie(request, session, form)
    resource, verb = resource_of(request.url.path), "read" if request.method in SAFE else "write"
    if (resource, verb) != ("me", "read"):
        require_scope(actor, resource, verb)
    if request.method in SAFE:
        limit(session, actor.ranges)
    request.state.actor = actor
    return actor


def is_unchanged(request: Request, actor: Actor) -> bool:
    """Tell whether the caller of a long answer has the same rights still, by the same token or session."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    with unit_of_work(request.app.state.sessions, writing=False) as session:
        try:
            if kind.lower() == "bearer":
                return _by_token(request, session, secret.strip()) == actor
            return _by_cookie(request, session, FormData()) == actor
        except NotSignedIn:
            return False


def resource_of(path: str) -> str:
    """Return the resource that token scopes name: `/api/v1/leases/10.0.0.1` is of `leases`, a page of `pages`."""
    if path == "/metrics":
        return "metrics"
    return path.removeprefix(API).split("/")[0] if path.startswith(API) else "pages"


def _by_token(request: Request, session: Session, secret: str) -> Actor:
    token = tokens.find(session, secret, remote_of(request))
    if token is None:
        raise NotSignedIn
    request.app.state.uses.note(token)
    ranges = meet(ranges_of(session, token.user.subnets), ranges_of(session, token.subnets))
    return _actor(request, token.user, ranges, token.name, tuple(token.scopes))


def _by_cookie(request: Request, session: Session, form: FormData) -> Actor:
    login = sessions.find(session, request.cookies.get(COOKIE, ""))
    if login is None:
        raise NotSignedIn
    request.app.state.uses.note(login)
    request.state.csrf = login.csrf
    if request.method not in SAFE:
        sent = request.headers.get("x-csrf-token") or form.get("csrf_token") or ""
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), login.csrf.encode()):
            raise BadCsrf
    return _actor(request, login.user, ranges_of(session, login.user.subnets))


def recognised(request: Request, session: Session) -> Actor | None:
    """Return who is signed in at a page that may not have asked; None = nobody."""
    try:
        return _by_cookie(request, session, FormData())
    except BadCsrf:
        return getattr(request.state, "actor", None)
    except NotSignedIn:
        return None


def remote_of(request: Request) -> str:
    """Return the address that the request comes from."""
    return request.client.host if request.client else ""


def _actor(
    request: Request, user: User, ranges: Ranges | None, token: str | None = None, scopes: tuple[str, ...] = ()
) -> Actor:
    message = request.headers.get("change-message", "")[:MAX_MESSAGE]
    return Actor(user.name, user.role, user.id, token, request.state.request_id, message, ranges, scopes)


def _with_role(role: str) -> Callable[..., Actor]:
    def dependency(actor: Annotated[Actor, Depends(current_actor)]) -> Actor:
        require(actor, role)
        return actor

    return dependency


Caller = Annotated[Actor, Depends(current_actor)]
Viewer = Annotated[Actor, Depends(_with_role("viewer"))]
Operator = Annotated[Actor, Depends(_with_role("operator"))]
Admin = Annotated[Actor, Depends(_with_role("admin"))]
Form = Annotated[Any, Depends(read_form)]

"""JSON routes of tokens and of browser sessions: each caller's own, all of them for an admin."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.listing import Page, list_parameters
from app.api.paging import Id
from app.api.route import ApiRoute
from app.api.write import NO_STORE
from app.auth.deps import Db, Viewer
from app.models import LoginSession, Token, User
from app.schemas.users import NewTokenOut, SessionOut, TokenIn, TokenOut, session_out, token_out
from app.services import sessions, tokens
from app.services.actors import Actor
from app.services.errors import NotFound, Problem
from app.services.listing import cut, read_wish
from app.services.tokens import TokenLimits

router = APIRouter(prefix="/tokens", tags=["tokens"], route_class=ApiRoute)
logins = APIRouter(prefix="/sessions", tags=["sessions"], route_class=ApiRoute)


def _own(actor: Actor, model: type[Token] | type[LoginSession]) -> list[Any]:
    """An admin sees everybody's, others their own."""
    return [] if actor.role == "admin" else [model.user_id == actor.user_id]


@router.get("", operation_id="list_tokens", openapi_extra={"parameters": list_parameters(tokens.LISTING)})
def list_tokens(request: Request, session: Db, actor: Viewer) -> Page[TokenOut]:
    """List the caller's tokens without their secrets; an admin sees all."""
    wish = read_wish(request.query_params.multi_items())
    found = cut(session, tokens.LISTING, wish, *_own(actor, Token))
    return Page(items=[token_out(row) for row in found.rows], next_cursor=found.next_cursor, total=found.total)


@router.post("", operation_id="create_token", status_code=201)
def create_token(session: Db, actor: Viewer, data: TokenIn, response: Response) -> NewTokenOut:
    """Make a token; its secret is in this answer and nowhere else."""
    user = session.get(User, data.user_id or actor.user_id)
    if user is None:
        raise NotFound(Problem("user_id", "not_found", f"There is no user {data.user_id}."))
    limits = TokenLimits(data.scopes, data.subnets, data.allowed_networks)
    row, secret = tokens.create_token(session, actor, user, data.name, data.expires_at, limits)
    response.headers["Location"] = f"/api/v1/tokens/{row.id}"
    response.headers["Cache-Control"] = NO_STORE
    return NewTokenOut(**token_out(row).model_dump(), token=secret)


@router.get("/{token_id:int}", operation_id="get_token")
def get_token(session: Db, actor: Viewer, token_id: Id) -> TokenOut:
    """Return a token without its secret."""
    return token_out(tokens.get_token(session, actor, token_id))


@router.delete("/{token_id:int}", operation_id="delete_token", status_code=204)
def delete_token(session: Db, actor: Viewer, token_id: Id) -> None:
    """Revoke a token."""
    tokens.delete_token(session, actor, token_id)


@logins.get("", operation_id="list_sessions", openapi_extra={"parameters": list_parameters(sessions.LISTING)})
def list_sessions(request: Request, session: Db, actor: Viewer) -> Page[SessionOut]:
    """List the caller's signed-in browsers; an admin sees all."""
    wish = read_wish(request.query_params.multi_items())
    found = cut(session, sessions.LISTING, wish, *_own(actor, LoginSession))
    return Page(items=[session_out(row) for row in found.rows], next_cursor=found.next_cursor, total=found.total)


@logins.delete("/{session_id:int}", operation_id="revoke_session", status_code=204)
def revoke_session(session: Db, actor: Viewer, session_id: Id) -> None:
    """Sign a browser out from afar."""
    sessions.revoke(session, actor, session_id)

"""Pages of tokens, sessions, users and the caller's own password."""

from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.deps import COOKIE, Admin, Db, Form, Viewer
from app.models import LoginSession, Subnet, Token, User
from app.models.base import utc_now
from app.schemas.users import PasswordIn, TokenIn, UserIn, UserSettings
from app.services import sessions, subnets, tokens, users
from app.services.actors import ROLES, Actor
from app.services.errors import DomainError, Invalid, Problem
from app.services.patch import parsed
from app.services.subnet_choice import NONE, choice, narrowed
from app.services.tokens import TokenLimits
from app.views.forms import filled, problems_of
from app.views.preferences import gettext as _
from app.views.render import Id, done, page

router = APIRouter(include_in_schema=False)
EXPIRIES: Final = ("30", "90", "365", "")
TOKEN_FIELDS: Final = ("name", "days", "scope", "allowed_networks")
USER_FIELDS: Final = ("name", "role", "password")


@router.get("/tokens")
def list_tokens(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the caller's tokens; an admin sees everybody's."""
    return _tokens(request, session, actor)


@router.post("/tokens")
def create_token(request: Request, session: Db, actor: Viewer, form: Form) -> Response:
    """Make a token and show its secret, this once."""
    values = filled(form, *TOKEN_FIELDS)
    try:
        if actor.user_id is None:
            raise Invalid(Problem("", "user", _("Only a person can make a token here.")))
        expires = utc_now() + timedelta(days=int(values["days"])) if values["days"] in EXPIRIES[:3] else None
        networks = values["allowed_networks"].replace(",", " ").split()
        scopes = [values["scope"]] if values["scope"] else []
        data = parsed(
            TokenIn, {"name": values["name"], "expires_at": expires, "scopes": scopes, "allowed_networks": networks}
        )
        limits = TokenLimits(data.scopes, None, data.allowed_networks)
        user = session.get_one(User, actor.user_id)
        _row, secret = tokens.create_token(session, actor, user, data.name, data.expires_at, limits)
    except DomainError as error:
        session.rollback()
        return _tokens(request, session, actor, 422, values=values, problems=problems_of(error, TOKEN_FIELDS))
    return _tokens(request, session, actor, secret=secret)


@router.post("/tokens/{token_id}/delete")
def delete_token(session: Db, actor: Viewer, token_id: Id) -> Response:
    """Revoke a token."""
    tokens.delete_token(session, actor, token_id)
    return done("/tokens", _("The token is revoked; whatever used it is refused from now on."))


def _tokens(request: Request, session: Session, actor: Actor, status: int = 200, **more: Any) -> Response:
    query = select(Token).order_by(Token.id)
    rows = session.scalars(query if actor.role == "admin" else query.where(Token.user_id == actor.user_id)).all()
    shown = {"tokens": rows, "values": {"days": "90"}, "problems": {}, "secret": "", "now": utc_now(), **more}
    return page(request, session, "access/tokens.html", status, **shown)


@router.get("/sessions")
def list_sessions(request: Request, session: Db, actor: Viewer) -> Response:
    """Show where the caller is signed in."""
    query = select(LoginSession).where(LoginSession.expires_at > utc_now()).order_by(LoginSession.id.desc())
    if actor.role != "admin":
        query = query.where(LoginSession.user_id == actor.user_id)
    own = sessions.digest(request.cookies.get(COOKIE, ""))
    return page(request, session, "access/sessions.html", sessions=session.scalars(query).all(), own=own)


@router.post("/sessions/{session_id}/delete")
def end_session(session: Db, actor: Viewer, session_id: Id) -> Response:
    """Sign a browser out from afar."""
    sessions.revoke(session, actor, session_id)
    return done("/sessions", _("That browser is signed out."))


@router.get("/password")
def show_password(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the form of the caller's own password."""
    return page(request, session, "access/password.html", values={}, problems={})


@router.post("/password")
def change_password(request: Request, session: Db, actor: Viewer, form: Form) -> Response:
    """Change the caller's own password; every other browser of theirs is signed out."""
    try:
        data = parsed(PasswordIn, filled(form, "password", "current_password"))
        if data.password != str(form.get("again", "")).strip():
            raise Invalid(Problem("again", "differs", _("The two new passwords differ.")))
        user = users.get_user(session, actor.user_id or 0)
        keep = sessions.digest(request.cookies.get(COOKIE, ""))
        users.set_password(session, actor, user, data.password, current=data.current_password, keep=keep)
    except DomainError as error:
        session.rollback()
        problems = problems_of(error, ("password", "current_password", "again"))
        return page(request, session, "access/password.html", 422, values={}, problems=problems)
    return done("/sessions", _("The password is changed; every other browser of yours is signed out."))


@router.get("/users")
def list_users(request: Request, session: Db, actor: Admin) -> Response:
    """Show the accounts."""
    return _users(request, session)


@router.post("/users")
def create_user(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Make an account."""
    values = filled(form, *USER_FIELDS)
    try:
        data = parsed(UserIn, {**values, "subnets": _chosen(session, form)})
        users.create_user(session, actor, data.name, data.password, data.role, subnets=data.subnets)
    except DomainError as error:
        session.rollback()
        return _users(request, session, 422, values=values, problems=problems_of(error, (*USER_FIELDS, "subnets")))
    return done("/users", _("%(name)s can sign in now.") % {"name": values["name"]})


def _chosen(session: Session, form: Any) -> list[int] | None:
    """Return the ids of the subnets that an account is limited to; None = everywhere. Raises Invalid."""
    texts = [text for each in form.getlist("subnets") for text in str(each).replace(",", " ").split()]
    named = [(text, narrowed(session, text)) for text in texts]
    missing = [text for text, number in named if number is None or number == NONE]
    if missing:
        detail = _("There is no subnet %(name)s.") % {"name": ", ".join(missing)}
        raise Invalid(Problem("subnets", "not_found", detail))
    return [number for _text, number in named if number is not None] or None


@router.get("/users/{user_id}")
def show_user(request: Request, session: Db, actor: Admin, user_id: Id) -> Response:
    """Show the form of an account."""
    user = users.get_user(session, user_id)
    return _user(request, session, user, {"name": user.name, "role": user.role, "disabled": user.disabled})


@router.post("/users/{user_id}")
def update_user(request: Request, session: Db, actor: Admin, user_id: Id, form: Form) -> Response:
    """Change an account; with a new password its browsers are signed out."""
    values: dict[str, Any] = {**filled(form, *USER_FIELDS), "disabled": bool(form.get("disabled"))}
    user = users.get_user(session, user_id)
    try:
        wish = {"name": values["name"], "role": values["role"], "disabled": values["disabled"]}
        data = parsed(UserSettings, {**wish, "subnets": _chosen(session, form)})
        users.update_user(session, actor, user, data.model_dump())
        if values["password"]:
            new = parsed(PasswordIn, {"password": values["password"]})
            users.set_password(session, actor, user, new.password)
    except DomainError as error:
        session.rollback()
        problems = problems_of(error, (*USER_FIELDS, "subnets"))
        return _user(request, session, users.get_user(session, user_id), values, problems, 422)
    return done("/users", _("Saved."))


@router.post("/users/{user_id}/delete")
def delete_user(request: Request, session: Db, actor: Admin, user_id: Id) -> Response:
    """Remove an account."""
    user = users.get_user(session, user_id)
    try:
        users.delete_user(session, actor, user)
    except DomainError as error:
        session.rollback()
        return _users(request, session, 422, problems=problems_of(error, ()))
    return done("/users", _("%(name)s is removed; what they did stays in the audit.") % {"name": user.name})


def _users(request: Request, session: Session, status: int = 200, **more: Any) -> Response:
    rows = session.scalars(select(User).order_by(User.name)).all()
    seen = select(LoginSession.user_id, LoginSession.last_used_at).where(LoginSession.last_used_at.is_not(None))
    last: dict[int, datetime] = {}
    for user_id, moment in session.execute(seen):
        if moment is not None:
            last[user_id] = max(last.get(user_id, moment), moment)
    limits = {number for row in rows for number in row.subnets or ()}
    known = subnets.labels(session, Subnet.id.in_(limits))
    shown = {"users": rows, "last": last, "subnets": known, "offered": choice(session), "roles": ROLES,
             "values": {"role": "viewer"}, "problems": {}, **more}  # fmt: skip
    return page(request, session, "access/users.html", status, **shown)


def _user(
    request: Request, session: Session, user: User, values: dict[str, Any], problems: Any = None, status: int = 200
) -> Response:
    shown: dict[str, Any] = {
        "user": user,
        "values": values,
        "problems": problems or {},
        "offered": choice(session, user.subnets or ()),
        "roles": ROLES,
    }
    return page(request, session, "access/user.html", status, **shown)

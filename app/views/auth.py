"""Pages of the first run, sign-in and sign-out."""

import hmac
import math
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.auth.deps import COOKIE, Db, Form, Viewer, remote_of
from app.database import unit_of_work
from app.models import User
from app.services import sessions, users
from app.services.actors import Actor
from app.services.errors import DomainError
from app.views.errors import session_ended
from app.views.forms import problems_of
from app.views.preferences import gettext as _
from app.views.render import bare, inner

router = APIRouter(include_in_schema=False)


def _start(request: Request, session: Session, user: User) -> str:
    return sessions.start(session, user, remote_of(request), request.headers.get("user-agent", ""))


def login_page(
    request: Request, problem: str = "", status: int = 200, values: object = None, notice: str = ""
) -> Response:
    """Return the sign-in page; a button leads to the OpenID provider when there is one."""
    oidc = request.app.state.oidc
    button = oidc.settings.button if oidc is not None else ""
    shown = {"values": values or {}, "problem": problem, "notice": notice, "button": button}
    return bare(request, "auth/login.html", status, **shown)


def _must_wait(response: Response, wait_s: float) -> Response:
    response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response


def signed_in(request: Request, secret: str, target: str = "/") -> RedirectResponse:
    """Return the way into the pages, with the cookie of a new session."""
    response = RedirectResponse(target, 303)
    secure = request.app.state.settings.secure_cookies
    age = int(sessions.LIFETIME.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=age, httponly=True, samesite="lax", secure=secure)
    return response


@router.get("/setup")
def show_setup(request: Request, session: Db) -> Response:
    """Show the first-run page while there is no account."""
    if users.count_users(session):
        return RedirectResponse("/login", 303)
    return bare(request, "auth/setup.html", values={}, problems={})


@router.post("/setup")
def set_up(request: Request, session: Db, form: Form) -> Response:
    """Make the first admin, given the code that the server printed."""
    if users.count_users(session):
        return RedirectResponse("/login", 303)
    values, state = dict(form), request.app.state
    wait = state.throttle.wait_s("setup")
    if wait:
        problem = _("Too many wrong codes; try again in %(n)s seconds.") % {"n": math.ceil(wait)}
        return _must_wait(_setup_again(request, values, {"code": problem}, 429), wait)
    code = str(values.get("code", "")).strip()
    if not hmac.compare_digest(code.encode(), state.setup_code.encode()):
        state.throttle.failed("setup")
        problem = _("This is not the code that the server printed at its start.")
        return _setup_again(request, values, {"code": problem})
    name, password = str(values.get("name", "")), str(values.get("password", ""))
    try:
        user = users.create_user(session, Actor(name.strip() or "?", "admin"), name, password, "admin")
    except DomainError as error:
        session.rollback()
        return _setup_again(request, values, problems_of(error, ("name", "password")))
    return signed_in(request, _start(request, session, user), "/start")


def _setup_again(request: Request, values: object, problems: Mapping[str, str], status: int = 422) -> Response:
    return bare(request, "auth/setup.html", status, values=values, problems=problems)


@router.get("/login")
def show_login(request: Request, session: Db) -> Response:
    """Show the sign-in page; `next` is where somebody wanted to go, `ended` tells that they were signed in."""
    if not users.count_users(session):
        return RedirectResponse("/setup", 303)
    query = request.query_params
    notice = session_ended() if query.get("ended") else ""
    return login_page(request, values={"next": query.get("next", "")}, notice=notice)


@router.post("/login")
def log_in(request: Request, form: Form) -> Response:
    """Sign in; five failures of a name or an address within a minute must wait.

    The password is compared outside a write: argon2 takes long, and the worker needs the write lock.
    """
    values, throttle = dict(form), request.app.state.throttle
    name = str(values.get("name", ""))[:80]
    keys = (f"name {name}", f"host {remote_of(request)}")
    wait = max(throttle.wait_s(key) for key in keys)
    if wait:
        problem = _("Too many wrong passwords; try again in %(n)s seconds.") % {"n": math.ceil(wait)}
        return _must_wait(login_page(request, problem, 429, values), wait)
    factory = request.app.state.sessions
    with unit_of_work(factory, writing=False) as session:
        user = users.verify(session, name, str(values.get("password", "")))
    if user is None:
        for key in keys:
            throttle.failed(key)
        problem = _("The name or the password is wrong.")
        return login_page(request, problem, 422, values)
    for key in keys:
        throttle.succeeded(key)
    with unit_of_work(factory) as session:
        secret = _start(request, session, user)
    return signed_in(request, secret, inner(str(values.get("next", "")), "/"))


@router.post("/logout")
def log_out(request: Request, session: Db, actor: Viewer) -> Response:
    """Sign out."""
    sessions.end(session, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response

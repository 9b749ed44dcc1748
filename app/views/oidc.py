"""Sign-in at the OpenID provider: there and back."""

import logging
from typing import Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from app.auth.deps import remote_of
from app.auth.oidc import ATTEMPT_S, Identity, Oidc, Refused
from app.database import unit_of_work
from app.services import external_users, sessions
from app.services.errors import DomainError, Forbidden, NotFound, Problem
from app.views.auth import login_page, signed_in
from app.views.preferences import gettext as _
from app.views.render import inner

router = APIRouter(prefix="/login/oidc", include_in_schema=False)
log = logging.getLogger("leaseboard.oidc")
COOKIE: Final = "leaseboard_oidc"
NEXT: Final = "leaseboard_next"
"""Keeps the page that somebody wanted, while they are at the provider."""
MAX_NEXT: Final = 2000
"""Characters of its address; a longer one is cut."""
STATUS: Final = {"unavailable": 503, "no_role": 403, "disabled": 403}


@router.get("")
async def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    oidc = _provider(request)
    try:
        url, cookie = await oidc.begin(_redirect_uri(request))
    except Refused as refusal:
        return _refused(request, refusal)
    response = RedirectResponse(url, 303)
    secure = request.app.state.settings.secure_cookies
    kept = {COOKIE: cookie, NEXT: quote(inner(request.query_params.get("next", "")[:MAX_NEXT], "/"))}
    for name, value in kept.items():
        response.set_cookie(
            name, value, max_age=ATTEMPT_S, path="/login", httponly=True, samesite="lax", secure=secure
        )
    return response


@router.get("/callback")
async def finish(request: Request) -> Response:
    """Sign in whom the provider sends back."""
    oidc = _provider(request)
    try:
        who = await oidc.finish(request.cookies.get(COOKIE, ""), _redirect_uri(request), request.query_params)
        wanted = inner(unquote(request.cookies.get(NEXT, "")), "/")
        response: Response = signed_in(request, await run_in_threadpool(_start, request, who), wanted)
    except Refused as refusal:
        response = _refused(request, refusal)
    for name in (COOKIE, NEXT):
        response.delete_cookie(name, path="/login")
    return response


def _provider(request: Request) -> Oidc:
    found: Oidc | None = request.app.state.oidc
    if found is None:
        raise NotFound(Problem("", "off", _("Sign-in at a provider is not configured.")))
    return found


def _redirect_uri(request: Request) -> str:
    base = request.app.state.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{router.prefix}/callback"


def _start(request: Request, who: Identity) -> str:
    """Return the secret of a new session; raises Refused."""
    factory, agent = request.app.state.sessions, request.headers.get("user-agent", "")
    if who.role is None:
        with unit_of_work(factory) as session:
            external_users.refuse(session, who.issuer, who.subject)
        raise Refused("no_role", f"{who.name} ({who.subject}) has no role")
    try:
        with unit_of_work(factory) as session:
            user = external_users.come(session, who.issuer, who.subject, who.name, who.role)
            return sessions.start(session, user, remote_of(request), agent)
    except DomainError as error:
        raise Refused("disabled" if isinstance(error, Forbidden) else "account", str(error)) from None


def _refused(request: Request, refusal: Refused) -> Response:
    log.warning("sign-in refused (%s): %s", refusal.code, refusal)
    sentences = {
        "unavailable": _(
            "The sign-in provider does not answer. Try again later, or sign in with a local password."
        ),
        "stale": _("This sign-in was not begun here, or too long ago. Please begin again."),
        "denied": _("The provider did not sign you in."),
        "no_role": _("You are known, but have no role here. Ask an administrator for one."),
        "disabled": _("This account is disabled."),
        "account": str(refusal),
    }
    wrong = _("The provider's answer is not valid; the server's log says why.")
    return login_page(request, sentences.get(refusal.code, wrong), STATUS.get(refusal.code, 422))

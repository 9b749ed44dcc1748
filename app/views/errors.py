"""How does an error reach a person?"""

from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException

from app.auth.deps import COOKIE, SAFE, recognised
from app.auth.errors import BadCsrf, NotSignedIn
from app.database import unit_of_work
from app.services.errors import Conflict, DomainError, Forbidden, NotFound
from app.services.grants import limit
from app.views.preferences import gettext as _
from app.views.render import bare, inner, page, wants_part
from app.views.sentences import said

STATUS: Final = {NotFound: 404, Forbidden: 403, Conflict: 409}


def answer(request: Request, error: Exception) -> Response:
    """Return a page for the error, or its sentence for a part of a page; a stranger is sent to the sign-in."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    status, title, detail = _told(error)
    if wants_part(request):
        return PlainTextResponse(detail or title, status)
    back = _ours(request.headers.get("referer", "")) if isinstance(error, BadCsrf) else ""
    return _page(request, status, title, detail, back)


def _told(error: Exception) -> tuple[int, str, str]:
    """Return the status, what happened, and what to do about it."""
    if isinstance(error, BadCsrf):
        return (
            403,
            _("Please try again"),
            _("This page is of an earlier sign-in. Open it again: what you typed comes back."),
        )
    if isinstance(error, HTTPException):
        title = _("There is no such page") if error.status_code == HTTPStatus.NOT_FOUND else said(str(error.detail))
        return error.status_code, title, _hint(error.status_code)
    if isinstance(error, DomainError):
        status = STATUS.get(type(error), 422)
        told = " ".join(said(problem.detail) for problem in error.problems)
        titles = {403: _("You may not do this"), 404: _("There is no such page")}
        return status, titles.get(status, _("That did not work")), told
    if isinstance(error, RequestValidationError):
        return 400, _("The address of this page makes no sense"), _hint(404)
    if isinstance(error, OperationalError):
        return 503, _("The database does not answer"), _("Try again soon.")
    return 500, _("This is our fault"), _("The server's log says more.")


def _hint(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return _(
            "It may have been removed, or the address is mistyped. Search for it, or go on from the dashboard."
        )
    return ""


def _page(request: Request, status: int, title: str, detail: str, back: str = "") -> Response:
    """Return the error inside the frame of all pages for whoever is signed in, alone for anybody else.

    `back` is the page of the form that was not taken in.
    """
    shown: dict[str, Any] = {"title": title, "detail": detail, "code": status, "request_id": "", "back": back}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        shown["request_id"] = getattr(request.state, "request_id", "")
    with suppress(SQLAlchemyError), unit_of_work(request.app.state.sessions, writing=False) as session:
        actor = request.state.actor = recognised(request, session)
        if actor is not None:
            limit(session, actor.ranges)
            return page(request, session, "error.html", status, **shown)
    return bare(request, "error.html", status, **shown)


def _ours(url: str) -> str:
    """Return the page of ours that an address names; the dashboard when it names none."""
    asked = urlsplit(url)
    return inner(f"{asked.path}?{asked.query}" if asked.query else asked.path, "/")


def session_ended() -> str:
    """Return what is said to whoever was signed in."""
    return _("Your session has ended. Sign in again to go on where you were.")


def _to_sign_in(request: Request) -> Response:
    """Lead to the sign-in and, for whoever was signed in, back to where they were.

    A part of a page is told where that is: the page goes there unless something is typed in it.
    """
    here = _ours(str(request.url))
    if request.method not in SAFE or wants_part(request):
        here = _ours(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    wishes = {"next": here} if here != "/" else {}
    if request.cookies.get(COOKIE):
        wishes["ended"] = "1"
    target = f"/login?{urlencode(wishes)}" if wishes else "/login"
    if wants_part(request):
        return PlainTextResponse(session_ended(), 401, headers={"X-Sign-In": target})
    return RedirectResponse(target, 303)

"""What does a person see when a page can't be shown?"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from app.auth.errors import BadCsrf, NotSignedIn
from app.database import unit_of_work
from app.services import users
from app.services.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from app.views.render import page

STATUS: dict[type[Exception], int] = {
    Forbidden: 403, NotFound: 404, Conflict: 409, Invalid: 422, BadCsrf: 403,
    RequestValidationError: 404, OperationalError: 503,
}  # fmt: skip
SENTENCES = {
    403: "This form is no longer valid. Go back, reload the page and try again.",
    404: "There is no such page.",
    503: "The database does not answer. Try again in a moment.",
}


def answer(request: Request, error: Exception) -> Response:
    """Return the page of an error; who is not signed in is led to the sign-in or the first run."""
    if isinstance(error, NotSignedIn):
        return _to_the_door(request)
    if isinstance(error, HTTPException):
        status, detail = error.status_code, SENTENCES.get(error.status_code, str(error.detail))
    else:
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
        fallback = SENTENCES.get(status, "This is our fault; the server's log says more.")
        detail = str(error) if isinstance(error, DomainError) else fallback
    return page(request, None, "error.html", status_code=status, status=status, detail=detail)


def _to_the_door(request: Request) -> Response:
    with unit_of_work(request.app.state.sessions, writing=False) as session:
        first_run = users.count_users(session) == 0
    return RedirectResponse("/setup" if first_run else "/login", 303)


def install(app: FastAPI) -> None:
    """Answer errors outside /api with pages; inside, the handlers installed before go on."""
    kinds: tuple[type[Exception], ...] = (
        DomainError, NotSignedIn, BadCsrf, HTTPException, RequestValidationError, OperationalError,
    )  # fmt: skip
    for kind in kinds:
        before = app.exception_handlers.get(kind)
        app.add_exception_handler(kind, _chooser(before))


def _chooser(before: Any) -> Any:
    def choose(request: Request, error: Exception) -> Any:
        if before is not None and request.url.path.startswith("/api"):
            return before(request, error)
        return answer(request, error)

    return choose

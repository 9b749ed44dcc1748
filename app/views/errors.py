"""How does an error reach a person?"""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from app.auth.errors import BadCsrf, NotSignedIn
from app.services.errors import Conflict, DomainError, Forbidden, NotFound
from app.views.preferences import gettext as _
from app.views.render import bare
from app.views.sentences import said


def answer(request: Request, error: Exception) -> Response:
    """Return a page for the error; a stranger is sent to the sign-in."""
    if isinstance(error, NotSignedIn):
        return RedirectResponse("/login", 303)  # which sends on to the first run while there is no account
    if isinstance(error, BadCsrf):
        return bare(request, "error.html", 403, title=_("Please try again"), detail=_("The form was too old."))
    if isinstance(error, HTTPException):
        return bare(request, "error.html", error.status_code, title=said(str(error.detail)), detail="")
    if isinstance(error, DomainError):
        status = {NotFound: 404, Forbidden: 403, Conflict: 409}.get(type(error), 422)
        told = " ".join(said(problem.detail) for problem in error.problems)
        return bare(request, "error.html", status, title=_("That did not work"), detail=told)
    if isinstance(error, RequestValidationError):
        return bare(request, "error.html", 400, title=_("The address of this page makes no sense"), detail="")
    if isinstance(error, OperationalError):
        return bare(
            request, "error.html", 503, title=_("The database does not answer"), detail=_("Try again soon.")
        )
    return bare(request, "error.html", 500, title=_("This is our fault"), detail=_("The server's log says more."))

"""How does an error reach a program? application/problem+json (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from app.auth.errors import BadCsrf, NotSignedIn
from app.services.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Problem
from app.services.listing import Unreadable
from app.services.rows import Stale


class ConflictsWith(BaseModel):
    """The object in the way."""

    type: str
    id: str
    href: str


class FieldError(BaseModel):
    """One fault; pointer is a JSON pointer into what was sent, column a place in that text, counted from 1."""

    pointer: str
    code: str
    detail: str
    conflicts_with: ConflictsWith | None = None
    column: int | None = None


class ProblemBody(BaseModel):
    """The body of every error."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] = []
    op: int | None = None
    current: dict[str, Any] | None = None


_STATUS: dict[type[Exception], int] = {
    Unreadable: 400, Stale: 412, Invalid: 422, DataError: 422, NotFound: 404, Conflict: 409, Forbidden: 403,
    NotSignedIn: 401, BadCsrf: 403, IntegrityError: 409, StaleDataError: 412, OperationalError: 503,
}  # fmt: skip


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: list[FieldError] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    op: int | None = None,
    current: dict[str, Any] | None = None,
) -> JSONResponse:
    """Return the answer of an error."""
    title = HTTPStatus(status).phrase
    body = ProblemBody(
        title=title,
        status=status,
        detail=detail,
        code=title.lower().replace(" ", "_"),
        request_id=getattr(request.state, "request_id", ""),
        errors=errors or [],
        op=op,
    ).model_dump(exclude_none=True)
    if current is not None:
        body["current"] = current
    more = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(body, status, media_type="application/problem+json", headers={**(headers or {}), **more})


def answer(request: Request, error: Exception) -> JSONResponse:
    """Translate any known error."""
    if isinstance(error, DomainError):
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        current = error.current if isinstance(error, Stale) else None
        rows = [_field_error(p) for p in error.problems]
        return problem(request, status, str(error), rows, op=error.op, current=current)
    if isinstance(error, RequestValidationError):
        return _unreadable(request, error)
    if isinstance(error, HTTPException):
        return problem(request, error.status_code, str(error.detail), headers=error.headers)
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    sentences = {401: "Sign in, or send a bearer token.", 403: "The CSRF token is missing or wrong.",
                 409: "Somebody else made the same object meanwhile.",
                 412: "Somebody else changed it meanwhile.",
                 422: "The database can't hold such a value.", 503: "The database does not answer."}  # fmt: skip
    return problem(request, status, sentences.get(status, "This is our fault; the server's log says more."))


def _field_error(p: Problem) -> FieldError:
    other = None
    if p.conflict_type is not None and p.conflict_id is not None:
        href = f"/api/v1/{p.conflict_type}/{p.conflict_id}"
        other = ConflictsWith(type=p.conflict_type, id=p.conflict_id, href=href)
    return FieldError(
        pointer=f"/{p.field}" if p.field else "",
        code=p.code,
        detail=p.detail,
        conflicts_with=other,
        column=p.column,
    )


def _unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
    """400 for what can't be parsed and unknown parameters, 422 for what has no meaning."""
    rows = [
        FieldError(
            pointer="/" + "/".join(str(part) for part in row["loc"][1:]),
            code=row["type"],
            detail=str(row["msg"]).removeprefix("Value error, "),
        )
        for row in error.errors()
    ]
    if any(row["loc"][0] == "path" for row in error.errors()):
        return problem(request, 404, "There is no such object.", rows)
    syntax = any(row["loc"][0] in ("query", "header") or row["type"] == "json_invalid" for row in error.errors())
    return problem(request, 400 if syntax else 422, "; ".join(r.detail for r in rows), rows)


def handled() -> tuple[type[Exception], ...]:
    """Return every error that has a translation."""
    return (
        DomainError,
        RequestValidationError,
        HTTPException,
        NotSignedIn,
        BadCsrf,
        StaleDataError,
        DataError,
        IntegrityError,
        OperationalError,
    )

"""Has the caller seen the newest state of an object?"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from app.services.errors import Problem
from app.services.rows import Stale

Shape = TypeVar("Shape", bound=BaseModel)


def etag_of(shape: BaseModel) -> str:
    """Return the strong ETag: the object's version, or a digest of all that is shown when it has none."""
    version = getattr(shape, "version", None)
    if version is not None:
        return f'"{version}"'
    return f'"{sha256(shape.model_dump_json().encode()).hexdigest()[:24]}"'


def tag(response: Response, shape: Shape) -> Shape:
    """Set the ETag of an answer and return its shape."""
    response.headers["ETag"] = etag_of(shape)
    return shape


def check_match(given: Request | str | None, etag: str | None, current: Callable[[], Any]) -> None:
    """Raise Stale with the current state unless If-Match names the ETag, or says nothing.

    An object that is not there has the ETag None: If-Match fails for it, and `If-None-Match: *` only for others.
    """
    wanted = given.headers.get("if-match") if isinstance(given, Request) else given
    absent = given.headers.get("if-none-match", "").strip() == "*" if isinstance(given, Request) else False
    if absent and etag is not None:
        raise _stale("There is such an object already.", current())
    if wanted is None or not wanted.strip():
        return
    names = [name.strip() for name in wanted.split(",")]
    if etag is None:
        raise _stale("There is no such object yet.", None)
    if "*" not in names and etag not in names:
        raise _stale(f"Changed meanwhile: its ETag is {etag} now, not {wanted}.", current())


def _stale(detail: str, current: Any) -> Stale:
    error = Stale(Problem("", "stale", detail))
    error.current = current
    return error

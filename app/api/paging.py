"""How is a list asked for and answered?"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from app.services.rows import check_version

T = TypeVar("T")
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
OptionalId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
EventId = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
PageNumber = Annotated[int, Query(ge=0, le=2**24)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Page(BaseModel, Generic[T]):
    """A part of a list; next_cursor null = the last part; total only with count=exact."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


def bad_parameter(name: str, detail: str) -> RequestValidationError:
    """Return the error of a query parameter that can't be understood (400)."""
    return RequestValidationError([{"loc": ("query", name), "msg": detail, "type": "bad_parameter"}])


def only_known(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a typing error must not widen a list."""
    known: set[str] = set()
    pending = [request.scope["route"].dependant]
    while pending:
        dependant = pending.pop()
        known.update(field.alias for field in dependant.query_params)
        pending += dependant.dependencies
    for name in request.query_params:
        if name not in known:
            raise bad_parameter(name, f"there is no parameter {name!r} here")


KnownParameters = Depends(only_known)


def cut(
    rows: Sequence[Any], cursor: str | None, limit: int, key: Callable[[Any], int]
) -> tuple[list[Any], str | None]:
    """Return the rows after the cursor, at most `limit`, ordered by key, and the next cursor."""
    if cursor is not None and not cursor.isdecimal():
        raise bad_parameter("cursor", "not a cursor of this list")
    start = int(cursor) if cursor else -1
    found = sorted((row for row in rows if key(row) > start), key=key)[: limit + 1]
    more = len(found) > limit
    return found[:limit], str(key(found[limit - 1])) if more else None


def if_match(request: Request) -> int | None:
    """Return the version that an If-Match header names; None = any."""
    value = request.headers.get("if-match", "").strip()
    if value in ("", "*"):
        return None
    text = value.strip('"')
    return int(text) if text.isdecimal() else -1


Version = Annotated[int | None, Depends(if_match)]


def tag(response: Response, version: int) -> None:
    """Set the strong ETag of a single resource."""
    response.headers["ETag"] = f'"{version}"'


__all__ = [
    "EventId",
    "Id",
    "KnownParameters",
    "Limit",
    "OptionalId",
    "Page",
    "PageNumber",
    "Version",
    "bad_parameter",
    "check_version",
    "cut",
    "if_match",
    "tag",
]

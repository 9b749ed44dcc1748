"""How does a list look from outside, and which parameters does it take?"""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from app.services.listing import DEFAULT_LIMIT, MAX_LIMIT, Listing

T = TypeVar("T")
_MEANINGS = {
    "ne": "not equal",
    "in": "one of several, joined by commas",
    "gt": "greater or later",
    "lt": "smaller or earlier",
    "contains": "contains, whatever the case",
    "startswith": "starts with",
    "isnull": "has no value",
    "within": "lies inside this prefix",
    "overlaps": "shares addresses with this prefix",
}


class Page(BaseModel, Generic[T]):
    """A part of a list; next_cursor null = the last part; total only with count=exact."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


def list_parameters(listing: Listing) -> list[dict[str, Any]]:
    """Return the OpenAPI parameters of a list, from the same description that answers it."""
    names = [*listing.fields, *(f"-{name}" for name in listing.fields)]
    text = {"type": "string"}
    paging = [
        _parameter("limit", f"rows at most; {DEFAULT_LIMIT} unless told", {
            "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
        _parameter("cursor", "next_cursor of the part before; the rest of the query stays the same", text),
        _parameter("count", "exact: tell the total as well", {"type": "string", "enum": ["none", "exact"]}),
        {**_parameter("sort", f"fields, - for descending, such as {listing.sort}; null comes last", {
            "type": "array", "items": {"type": "string", "enum": names}, "minItems": 1, "maxItems": 4,
            "uniqueItems": True}), "style": "form", "explode": False},
    ]  # fmt: skip
    if listing.search is not None:
        paging.append(_parameter("q", "free text", {"type": "string", "maxLength": 200}))
    return [*paging, *_network_parameters(listing), *_field_parameters(listing)]


def _network_parameters(listing: Listing) -> list[dict[str, Any]]:
    meanings = {**_MEANINGS, "contains": "holds this address or prefix"}
    schema = {"type": "string", "examples": ["10.0.0.0/24"]}
    return [_parameter(name, meanings[name], schema) for name in listing.networks]


def _field_parameters(listing: Listing) -> list[dict[str, Any]]:
    found = [_parameter(name, "equal", kind.schema) for name, (kind, _) in listing.extra.items()]
    for name, field in listing.fields.items():
        found.append(_parameter(name, "equal", field.kind.schema))
        for operator in field.operators:
            schema = {"in": {"type": "string"}, "isnull": {"type": "boolean"}}.get(operator, field.kind.schema)
            found.append(_parameter(f"{name}__{operator}", _MEANINGS[operator], schema))
    return found


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}

"""How does a list look from outside, and which parameters does it take?"""

from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from app.services.listing import DEFAULT_LIMIT, MAX_LIMIT, Listing

T = TypeVar("T")
CUSTOM_FIELDS: Final = "custom_fields"
"""The parameter of the OpenAPI document that stands for cf_NAME of every custom field."""
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
    found = paging_parameters(names, listing.sort)
    if listing.search is not None:
        found.append(parameter("q", "free text", {"type": "string", "maxLength": 200}))
    custom = [custom_parameter()] if listing.has_custom_fields else []
    return [*found, *_network_parameters(listing), *_field_parameters(listing), *custom]


def paging_parameters(sorts: list[str], usual: str) -> list[dict[str, Any]]:
    """Return the OpenAPI parameters of order and parts that every list takes."""
    text = {"type": "string"}
    return [
        parameter("limit", f"rows at most; {DEFAULT_LIMIT} unless told", {
            "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
        parameter("cursor", "next_cursor of the part before; the rest of the query stays the same", text),
        parameter("count", "exact: tell the total as well", {"type": "string", "enum": ["none", "exact"]}),
        {**parameter("sort", f"fields, - for descending, such as {usual}; null comes last", {
            "type": "array", "items": {"type": "string", "enum": sorts}, "minItems": 1, "maxItems": 4,
            "uniqueItems": True}), "style": "form", "explode": False},
    ]  # fmt: skip


def custom_parameter() -> dict[str, Any]:
    """Return the OpenAPI parameter that stands for one of each custom field: a form whose names begin with cf_."""
    meaning = (
        "custom fields as parameters of their own, such as `cf_site=Bonn` or `cf_rack__gt=7`: `cf_NAME` for equal, "
        "`__ne` and `__isnull`, `__in` (joined by commas), `__gt` and `__lt` for numbers and dates, "
        "`__contains` and `__startswith` for texts; one that is not defined is an error"
    )
    values = {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^cf_"}}
    # The example keeps the explorer from inventing names, which would be refused.
    return {**parameter(CUSTOM_FIELDS, meaning, values), "style": "form", "explode": True, "example": {}}


def _network_parameters(listing: Listing) -> list[dict[str, Any]]:
    meanings = {**_MEANINGS, "contains": "holds this address or prefix"}
    schema = {"type": "string", "examples": ["10.0.0.0/24"]}
    return [parameter(name, meanings[name], schema) for name in listing.networks]


def _field_parameters(listing: Listing) -> list[dict[str, Any]]:
    found = [parameter(name, "equal", kind.schema) for name, (kind, _) in listing.extra.items()]
    for name, field in listing.fields.items():
        found.append(parameter(name, "equal", field.kind.schema))
        for operator in field.operators:
            schema = {"in": {"type": "string"}, "isnull": {"type": "boolean"}}.get(operator, field.kind.schema)
            found.append(parameter(f"{name}__{operator}", _MEANINGS[operator], schema))
    return found


def parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return an optional parameter of a query."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}

"""What does the OpenAPI document say beyond the routes: errors, trial runs, headers, and how to sign in?"""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from app.api.errors import ProblemBody
from app.schemas.changes import DryRun, Lag

DESCRIPTION: Final = """\
One shape everywhere: what works for one resource works for all.

* **Lists** answer `{"items": [...], "next_cursor": ..., "total": ...}`. `limit` (at most 1000), `cursor`,
  `count=exact`, `sort=-expires_at,ip`; filters `field=`, `field__in|ne|gt|lt|contains|startswith|isnull=`,
  `within=`, `contains=`, `overlaps=` and `q=`; a custom field is `cf_NAME=`, with the same suffixes. An unknown
  parameter is an error, never ignored.
* **Writes** take `?dry_run=true` (the diff and which clients notice; nothing changes) and `?wait=applied` (answered
  once every live worker serves it, else 202 after 2 s). `PATCH` is a merge patch, `PUT` makes or replaces by a
  natural key, `POST /{resource}/bulk` is all or nothing. `ETag` with `If-Match`, `Idempotency-Key` on POST,
  `Change-Message` for the audit.
* **Errors** are `application/problem+json` (RFC 9457) with `code`, `request_id` and
  `errors: [{pointer, code, detail, conflicts_with}]`.
* **Times** are UTC, RFC 3339. Addresses and MACs are taken in any usual spelling and given in one.
"""
READ_ERRORS: Final = (400, 401, 403, 404, 405, 422, 429, 503)
WRITE_ERRORS: Final = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 503)
EXAMPLE: Final = {
    "type": "about:blank", "title": "Conflict", "status": 409, "code": "conflict", "request_id": "0f5b7a2c9d1e4f60",
    "detail": "10.0.0.10-10.0.0.20 overlaps the pool 10.0.0.15-10.0.0.30.",
    "errors": [{
        "pointer": "/start", "code": "overlap",
        "detail": "10.0.0.10-10.0.0.20 overlaps the pool 10.0.0.15-10.0.0.30.",
        "conflicts_with": {"type": "pools", "id": "7", "href": "/api/v1/pools/7"},
    }],
}  # fmt: skip
_HEADERS: Final = {
    "ETag": "the state of the object, for If-Match",
    "Location": "where the object is",
    "Leaseboard-Revision": "the revision of the configuration that the write made",
    "RateLimit": "requests left, and the seconds until all are back",
    "X-Request-ID": "what the log and the audit call this request",
}


def install(app: FastAPI) -> None:
    """Let the application's document say all of it."""
    build = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(build())
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    document["info"]["description"] = DESCRIPTION
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (ProblemBody, DryRun, Lag):
        _add_schema(schemas, model)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemBody"]["examples"] = [EXAMPLE]
    components["headers"] = {n: {"description": d, "schema": {"type": "string"}} for n, d in _HEADERS.items()}
    components["responses"] = {str(status): _problem(status) for status in WRITE_ERRORS}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "a token: `Authorization: Bearer lb_...`"},
        "session": {"type": "apiKey", "in": "cookie", "name": "leaseboard_session",
                    "description": "a signed-in browser; writes also need X-CSRF-Token"},
    }  # fmt: skip
    document["security"] = [{"token": []}, {"session": []}]
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete_operation(operation, method)
    return document


def _add_schema(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    made = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update({name: part for name, part in made.pop("$defs", {}).items() if name not in schemas})
    schemas[model.__name__] = made


def _problem(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    found: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
    if status == 429:
        found["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return found


def _complete_operation(operation: dict[str, Any], method: str) -> None:
    responses: dict[str, Any] = operation["responses"]
    for status in [status for status in responses if status.startswith("4") or status == "default"]:
        del responses[status]
    writes = method not in ("get", "head")
    for bad in WRITE_ERRORS if writes else READ_ERRORS:
        responses[str(bad)] = {"$ref": f"#/components/responses/{bad}"}
    for good in [status for status in responses if status.startswith("2")]:
        names = ("RateLimit", "X-Request-ID", *(("Leaseboard-Revision",) if writes else ()))
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        responses[good]["headers"] = {**headers, **responses[good].get("headers", {})}
    if writes:
        _allow(responses, "200", "a trial run", "DryRun")
        _allow(responses, "202", "saved, but not every live worker serves it yet", "Lag")
    elif "304" not in responses:
        responses["304"] = {"description": "the state of If-None-Match is the newest"}
    body = operation.get("requestBody", {}).get("content", {})
    if "application/merge-patch+json" in body:
        body["application/json"] = body["application/merge-patch+json"]


def _allow(responses: dict[str, Any], status: str, description: str, name: str) -> None:
    """Let an answer also be of another shape."""
    found = responses.setdefault(status, {"description": description, "content": {"application/json": {}}})
    content = found.setdefault("content", {}).setdefault("application/json", {})
    shape, other = content.get("schema"), {"$ref": f"#/components/schemas/{name}"}
    content["schema"] = {"anyOf": [shape, other]} if shape else other

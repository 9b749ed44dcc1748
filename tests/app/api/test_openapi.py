"""Does the document say all, and does no change break a client of the API unannounced?"""

import json
import re
from typing import Any

import pytest

from tests.app.api.openapi_document import STORED, today

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return today()


def operations(document: Document) -> dict[str, Any]:
    """Return each operation by its method and path."""
    return {f"{m} {path}": op for path, found in document["paths"].items() for m, op in found.items()}


def resolve(document: Document, schema: Any) -> Any:
    """Return the schema that a reference names."""
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def bodies(document: Document, operation: Any) -> dict[str, Any]:
    """Return the schema of the request body ("in") and of each good answer ("200", ...)."""
    parts: dict[str, Any] = {"in": operation.get("requestBody", {})} | {
        status: resolve(document, answer) for status, answer in operation["responses"].items() if status < "3"
    }
    found: dict[str, Any] = {}
    for name, part in parts.items():
        contents = list(part.get("content", {}).values())
        found[name] = contents[0].get("schema") if contents else None
    return found


def broken(old: Document, new: Document) -> list[str]:
    """Return what a client that relies on the old document no longer finds, or must newly send."""
    found, there = [], operations(new)
    for name, before in operations(old).items():
        if name not in there:
            found.append(f"{name} is gone")
            continue
        after = there[name]
        if before.get("operationId") != after.get("operationId"):
            found.append(f"{name} has another operation id")
        found += [f"{name}: {fault}" for fault in broken_parameters(before, after)]
        shapes = bodies(new, after)
        for part, schema in bodies(old, before).items():
            faults = broken_schema(old, new, schema, shapes.get(part), part == "in", 0)
            found += [f"{name} {part}: {fault}" for fault in faults]
    return found


def broken_parameters(before: Any, after: Any) -> list[str]:
    """Return parameters that are gone, or must newly be sent."""
    old = {(p["in"], p["name"]): p for p in before.get("parameters", [])}
    new = {(p["in"], p["name"]): p for p in after.get("parameters", [])}
    gone = [f"parameter {name} is gone" for _, name in old.keys() - new.keys()]
    needed = [key for key, p in new.items() if p.get("required") and not old.get(key, {}).get("required")]
    return gone + [f"parameter {name} is required now" for _, name in needed]


def broken_schema(old: Document, new: Document, before: Any, after: Any, sent: bool, depth: int) -> list[str]:
    """Return fields that are gone, changed their type or, in what is sent, are newly required."""
    before, after = resolve(old, before), resolve(new, after)
    if not isinstance(before, dict) or not before or depth > 6:
        return []
    if not isinstance(after, dict):
        return ["it is gone"]
    if "anyOf" in before and "anyOf" in after:
        pairs = zip(before["anyOf"], after["anyOf"], strict=False)
        return [f for a, b in pairs for f in broken_schema(old, new, a, b, sent, depth + 1)]
    if before.get("type") != after.get("type"):
        return [f"the type was {before.get('type')} and is {after.get('type')}"]
    found = []
    if sent:
        found += [f"{n} is required now" for n in set(after.get("required", [])) - set(before.get("required", []))]
        found += [f"{v} is not allowed now" for v in set(before.get("enum", [])) - set(after.get("enum", []) or [])]
    for name, field in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            found.append(f"{name} is gone")
            continue
        faults = broken_schema(old, new, field, after["properties"][name], sent, depth + 1)
        found += [f"{name}: {fault}" for fault in faults]
    return found + broken_schema(old, new, before.get("items"), after.get("items"), sent, depth + 1)


def test_no_client_is_broken_unannounced(document: Document) -> None:
    faults = broken(json.loads(STORED.read_text()), document)
    assert not faults, "announce it in CHANGELOG.md, then `make openapi`:\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d["paths"].pop("/api/v1/pools"), "get /api/v1/pools is gone"),
        (lambda d: d["components"]["schemas"]["PoolOut"]["properties"].pop("end"), "end is gone"),
        (lambda d: d["components"]["schemas"]["PoolOut"]["properties"]["id"].update(type="string"), "id: the type"),
        (lambda d: d["components"]["schemas"]["PoolIn"]["required"].append("kind"), "kind is required now"),
        (lambda d: d["paths"]["/api/v1/pools"]["get"]["parameters"].pop(), "is gone"),
        (lambda d: d["paths"]["/api/v1/pools"]["get"].update(operationId="x"), "another operation id"),
    ],
)
def test_breaking_change_is_found(document: Document, change: Any, fault: str) -> None:
    changed = json.loads(json.dumps(document))
    change(changed)
    assert any(fault in found for found in broken(document, changed))
    assert broken(document, document) == []


def test_every_operation_says_what_it_does_and_how_it_fails(document: Document) -> None:
    ids = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(ids)) == len(ids)
    for name, operation in operations(document).items():
        assert operation["tags"], name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"]), name
        assert operation.get("description", "").endswith((".", ")")), name
        assert {"400", "401", "403", "404", "429", "503"} <= operation["responses"].keys(), name
        if not name.startswith("get "):
            names = {p["name"] for p in operation["parameters"]}
            assert {"dry_run", "wait", "idempotency-key", "if-match", "change-message"} <= names, name

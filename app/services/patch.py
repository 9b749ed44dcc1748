"""What is an object after a merge patch?"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.services.errors import Invalid, Problem

Model = TypeVar("Model", bound=BaseModel)


def merged(shape: type[Model], before: Mapping[str, Any], patch: Mapping[str, Any]) -> Model:
    """Return the checked result of a merge patch (RFC 7396); null restores a field's default. Raises Invalid."""
    return parsed(shape, _merge(before, patch))


def _merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the target with what the patch says: null removes, an object changes the object in its place."""
    found = dict(target)
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            inner = found.get(name)
            found[name] = _merge(inner if isinstance(inner, Mapping) else {}, value)
        else:
            found[name] = value
    return found


def parsed(shape: type[Model], values: Mapping[str, Any]) -> Model:
    """Return the checked shape; raises Invalid with a problem for each field."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        problems = (
            Problem(
                "/".join(str(part) for part in row["loc"]),
                row["type"],
                str(row["msg"]).removeprefix("Value error, "),
            )
            for row in error.errors()
        )
        raise Invalid(*problems) from None

"""What is an object after a merge patch?"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.services.errors import Invalid, Problem

Model = TypeVar("Model", bound=BaseModel)


def merged(shape: type[Model], before: Mapping[str, Any], patch: Mapping[str, Any]) -> Model:
    """Return the checked result of a merge patch (RFC 7396); null restores a field's default. Raises Invalid."""
    target = {name: value for name, value in before.items() if name not in patch}
    return parsed(shape, {**target, **{name: value for name, value in patch.items() if value is not None}})


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

"""How do custom fields stand in a form, and where do their faults stand?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from app.models import CustomField
from app.services.errors import DomainError

PREFIX: Final = "custom-"
"""Before the name of a custom field: the name of its input."""


def inputs(definitions: Iterable[CustomField]) -> tuple[str, ...]:
    """Return the names of the inputs."""
    return tuple(PREFIX + definition.name for definition in definitions)


def typed(form: Mapping[str, Any], definitions: Iterable[CustomField]) -> dict[str, Any]:
    """Return the values of a form by field; what is no number of a number's field is kept for the error."""
    return {d.name: _read(d, str(form.get(PREFIX + d.name, "")).strip()) for d in definitions}


def _read(definition: CustomField, text: str) -> Any:
    if definition.type == "integer" and text.removeprefix("-").isdecimal():
        return int(text)
    if definition.type == "boolean":
        return {"true": True, "false": False}.get(text)
    return text or None


def filled(values: Mapping[str, Any]) -> dict[str, str]:
    """Return stored values as a form shows them."""
    return {PREFIX + name: str(v).lower() if isinstance(v, bool) else str(v) for name, v in values.items()}


def moved(error: DomainError) -> DomainError:
    """Return the error with the problems of custom fields at their inputs."""
    fields = (problem.field.replace("custom_fields/", PREFIX, 1) for problem in error.problems)
    return type(error)(*(replace(p, field=field) for p, field in zip(error.problems, fields, strict=True)))

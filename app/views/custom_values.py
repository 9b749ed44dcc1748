"""How do custom fields stand in a form, and where do their faults stand?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.models import CustomField
from app.services import labels
from app.services.errors import DomainError


def input_of(resource: str, name: str) -> str:
    """Return the name of the input of a custom field."""
    return f"custom-{resource}-{name}"


def fields(session: Session, resource: str) -> list[CustomField]:
    """Return the custom fields of a resource, in the order of a form."""
    return list(labels.definitions(session, resource).values())


def asked(session: Session, resource: str) -> list[CustomField]:
    """Return those that an object cannot be made without."""
    return [field for field in fields(session, resource) if field.required and field.default is None]


def inputs(definitions: Iterable[CustomField]) -> tuple[str, ...]:
    """Return the names of the inputs."""
    return tuple(input_of(definition.resource, definition.name) for definition in definitions)


def typed(form: Mapping[str, Any], definitions: Iterable[CustomField]) -> dict[str, Any]:
    """Return the values of a form by field; what is no number of a number's field is kept for the error."""
    return {d.name: _read(d, str(form.get(input_of(d.resource, d.name), "")).strip()) for d in definitions}


def _read(definition: CustomField, text: str) -> Any:
    if definition.type == "integer" and text.removeprefix("-").isdecimal():
        return int(text)
    if definition.type == "boolean":
        return {"true": True, "false": False}.get(text)
    return text or None


def defaults(definitions: Iterable[CustomField]) -> dict[str, str]:
    """Return what a form of a new object begins with."""
    return {input_of(d.resource, d.name): _shown(d.default) for d in definitions if d.default is not None}


def filled(resource: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return stored values as a form shows them."""
    return {input_of(resource, name): _shown(value) for name, value in values.items()}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def kept(form: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed, for the form to show again."""
    return {name: str(value) for name, value in form.items() if name.startswith("custom-")}


def moved(error: DomainError, resource: str) -> DomainError:
    """Return the error with the problems of custom fields at their inputs."""
    problems = (replace(p, field=_input_at(p.field, resource)) for p in error.problems)
    return type(error)(*problems)


def _input_at(field: str, resource: str) -> str:
    before, found, name = field.partition("custom_fields/")
    return input_of(resource, name) if found and not before else field

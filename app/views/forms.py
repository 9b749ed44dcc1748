"""What was typed, and what was wrong with it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.errors import Problem


@dataclass(frozen=True, slots=True)
class FormState:
    """A form as it is shown: values as typed, problems by field."""

    values: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    fields: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """Return what to show in a field."""
        value = self.values.get(name)
        return "" if value is None or value is False else str(value)

    def at(self, name: str) -> list[Problem]:
        """Return the problems of a field; an item of a list belongs to the list's field."""
        return [p for p in self.problems if p.field == name or p.field.startswith(f"{name}/")]

    def rest(self) -> list[Problem]:
        """Return the problems that belong to none of the form's fields."""
        return [p for p in self.problems if not any(p in self.at(name) for name in self.fields)]


def texts(form: Any) -> dict[str, str]:
    """Return the text fields of a submitted form, without the CSRF token."""
    return {name: value for name, value in form.items() if isinstance(value, str) and name != "csrf_token"}


def checked(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the values with checkboxes as booleans; an absent one is off."""
    return {**values, **{name: name in values for name in names}}

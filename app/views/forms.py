"""How does a form become a shape, and where do its faults stand?"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from app.services.errors import DomainError

Problems = dict[str, Markup]
"""Field name -> sentence; the empty name is for the form as a whole."""
PAGES = {"subnets": "/subnets/{}", "reservations": "/reservations#r{}", "leases": "/leases?q={}"}
"""Where a person sees the object that is in the way."""


def problems_of(error: DomainError, shown: tuple[str, ...]) -> Problems:
    """Return each problem beside its field, with a field that the form does not show at its top."""
    found: Problems = {}
    for problem in error.problems:
        name = problem.field.split("/")[0]
        key = name if name in shown else ""
        sentence = Markup("{}").format(problem.detail)
        if problem.conflict_type in PAGES:
            href = PAGES[problem.conflict_type].format(problem.conflict_id)
            sentence += Markup(' <a href="{}">Show it</a>').format(href)
        found[key] = found[key] + " " + sentence if key in found else sentence
    return found


def filled(form: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Return the named fields as text."""
    return {name: str(form.get(name, "")).strip() for name in names}


def ticked(form: Mapping[str, Any], *names: str) -> dict[str, bool]:
    """Return the named check boxes."""
    return {name: bool(form.get(name)) for name in names}


def version_of(form: Mapping[str, Any]) -> int | None:
    """Return the version that the form was filled from; None = the form says none."""
    text = str(form.get("version", ""))
    return int(text) if text.isdecimal() else None

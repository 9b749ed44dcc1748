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


def options_from(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the option rows of the three fields that most subnets need."""
    rows: list[dict[str, Any]] = []
    if values.get("dns"):
        addresses = values["dns"].replace(",", " ").split()
        rows.append({"option": "domain-name-servers", "value": addresses})
    if values.get("domain"):
        rows.append({"option": "domain-name", "value": values["domain"]})
    return rows

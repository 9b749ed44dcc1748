"""How does a form become a shape, and where do its faults stand?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services import audit, preview
from app.services.errors import DomainError, Problem
from app.services.impact import Effect
from app.views import custom_values
from app.views.options import Row, for_form
from app.views.preferences import gettext as _
from app.views.render import lead_on, page
from app.views.sentences import said
from app.views.words import LIMITS, PATTERNS, PLAINLY

BREAK: Final = Markup("<br>")
Problems = dict[str, Markup]
"""Field name -> sentence; the empty name is for the form as a whole."""
PAGES = {
    "subnets": "/subnets/{}", "reservations": "/reservations#r{}", "leases": "/leases?q={}",
    "client-classes": "/client-classes/{}", "option-definitions": "/option-definitions/{}",
    "webhooks": "/webhooks/{}", "alert-rules": "/alert-rules/{}",
    "vlans": "/vlans/{}", "tags": "/tags/{}", "custom-fields": "/custom-fields/{}",
}  # fmt: skip
"""Where a person sees the object that is in the way."""


def problems_of(error: DomainError, shown: tuple[str, ...]) -> Problems:
    """Return each problem beside its field, with a field that the form does not show at its top."""
    found: Problems = {}
    for problem in error.problems:
        name = problem.field.split("/")[0]
        key = name if name in shown else ""
        sentence = Markup("{}").format(plainly(problem))
        if problem.conflict_type in PAGES:
            href = PAGES[problem.conflict_type].format(problem.conflict_id)
            sentence += Markup(' <a href="{}">{}</a>').format(href, _("Show it"))
        found[key] = found[key] + BREAK + sentence if key in found else sentence
    return found


def plainly(problem: Problem) -> str:
    """Return what is wrong in the viewer's language, without words of a program."""
    is_blank = problem.code == "string_too_short" and " 1 " in problem.detail
    plain = PLAINLY.get("missing" if is_blank else problem.code)
    if plain is not None:
        return _(plain)
    number = problem.detail.rpartition(" ")[2] if problem.code != "string_too_long" else problem.detail.split()[-2]
    if problem.code in LIMITS:
        return _(LIMITS[problem.code]) % {"n": number}
    _before, _quote, pattern = problem.detail.removesuffix("'").partition("match pattern '")
    return _(PATTERNS[pattern]) if pattern in PATTERNS else said(problem.detail)


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


def saved(session: Session, path: str) -> Response:
    """Lead on after a save, to a page that tells when the workers serve the revision it made."""
    return lead_on(path, saved=audit.current_revision(session))


def foreseen(
    request: Request, session: Session, effects: Callable[[], Sequence[Effect]], **shown: Any
) -> HTMLResponse:
    """Say which clients would notice what is typed, or why it can't be taken in; nothing is kept."""
    try:
        found: dict[str, Any] = {"effects": effects()}
    except DomainError as error:
        found = {"problems": problems_of(error, ())}
    session.rollback()
    return page(request, session, "partials/impact.html", part="impact", **found, **shown)


def tried(request: Request, session: Session, work: Callable[[], object], **shown: Any) -> HTMLResponse:
    """Say which clients would notice the work that is typed, which is made and taken back."""
    return foreseen(request, session, lambda: preview.effects(session, work), **shown)


def not_yet(request: Request, session: Session, waiting: str) -> HTMLResponse:
    """Say what is `waiting` to be typed before it can be told who would notice."""
    return page(request, session, "partials/impact.html", part="impact", waiting=waiting)


def _faults(error: DomainError) -> tuple[dict[int, str], DomainError]:
    """Return what is wrong with single options by the index of their row, and the other problems."""
    found: dict[int, str] = {}
    others = []
    for problem in error.problems:
        parts = problem.field.split("/")
        if parts[0] == "options" and len(parts) > 1 and parts[1].isdecimal():
            found[int(parts[1])] = f"{found.get(int(parts[1]), '')} {said(problem.detail)}".strip()
        else:
            others.append(problem)
    return found, type(error)(*others)


def form_page(
    request: Request,
    session: Session,
    name: str,
    values: Mapping[str, Any],
    options: Sequence[Row],
    error: DomainError | None = None,
    fields: tuple[str, ...] = (),
    resource: str = "",
    **more: Any,
) -> HTMLResponse:
    """Return a form with options: what is stored or, with an error, what was typed and why it is refused.

    resource: whose custom fields the form has.
    """
    custom = custom_values.fields(session, resource)
    if error is not None:
        error = custom_values.moved(error, resource)
    faults, error = _faults(error) if error is not None and "options" in fields else ({}, error)
    problems = problems_of(error, (*fields, *custom_values.inputs(custom))) if error else {}
    if more.get("current"):
        problems.pop("", None)  # both versions are shown side by side
    rows = for_form([{**row, "problem": faults.get(index)} for index, row in enumerate(options)])
    shown: dict[str, Any] = {"values": values, "problems": problems, "options": rows, **more}
    shown["custom"] = custom
    return page(request, session, name, 422 if error else 200, **shown)

"""The page of the global scope."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Admin, Db, Form, Viewer
from app.schemas.settings import SettingsShape
from app.services import impact, settings
from app.services.errors import DomainError
from app.services.impact import Effect
from app.services.patch import merged
from app.services.rows import picture
from app.views.forms import filled, foreseen, form_page, saved, ticked
from app.views.options import rows_of
from app.views.preferences import gettext as _

router = APIRouter(prefix="/settings", include_in_schema=False)
FORM: Final = "settings/form.html"
TEXTS: Final = (
    "lease_time", "min_lease_time", "max_lease_time", "renew_time", "rebind_time", "offer_hold_s", "decline_hold_s",
    "next_server", "boot_file", "random_macs", "starvation_defence", "known_reserve_percent", "client_rate_limit",
    "interface_rate_limit", "clients_per_port", "event_retention_days",
)  # fmt: skip
SWITCHES: Final = ("rapid_commit", "bootp", "limit_relayed")
SHOWN: Final = (*TEXTS, *SWITCHES, "leasequery_requesters", "options")


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in SettingsShape.model_fields.items()}


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what holds for every subnet."""
    row = settings.get_settings(session)
    values = {**picture(row), "leasequery_requesters": " ".join(row.leasequery_requesters)}
    return form_page(request, session, FORM, values, row.options, **_more())


@router.post("")
def save(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Change it."""
    try:
        settings.update_settings(session, actor, _wished(session, form))
    except DomainError as error:
        session.rollback()
        return form_page(request, session, FORM, _typed(form), rows_of(form), error, SHOWN, **_more())
    return saved(session, "/settings")


@router.post("/check")
def check(request: Request, session: Db, actor: Admin, form: Form) -> Response:
    """Say which clients would notice; nothing is kept."""
    session.rollback()  # of many clients it takes a while: nobody waits for the database's write lock meanwhile

    def effects() -> list[Effect]:
        return impact.of_change(session, "settings", *settings.changed(session, _wished(session, form)))

    return foreseen(request, session, effects)


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *TEXTS, "leasequery_requesters"), **ticked(form, *SWITCHES)}


def _wished(session: Session, form: Any) -> dict[str, Any]:
    values, before = _typed(form), picture(settings.get_settings(session))
    known = {name: before[name] for name in SettingsShape.model_fields}
    wish: dict[str, Any] = {name: values[name] or None for name in TEXTS}
    wish |= {name: values[name] for name in SWITCHES}
    requesters = values["leasequery_requesters"].replace(",", " ").split()
    data = merged(SettingsShape, known, {**wish, "leasequery_requesters": requesters, "options": rows_of(form)})
    return data.model_dump()


def _more() -> dict[str, Any]:
    macs = (("allow", _("served")), ("known", _("only with a reservation")), ("deny", _("not served")))
    defence = (
        ("off", _("off")),
        ("links", _("for clients that no relay stands before")),
        ("everywhere", _("everywhere")),
    )
    return {"defaults": _defaults(), "mac_choices": macs, "defence_choices": defence}

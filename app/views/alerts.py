"""Pages of alerts: what is wrong now, what was, and which rules watch for it."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.models import Alert, AlertRule, Pool, Subnet
from app.notify import rules
from app.schemas.alerts import AlertRuleIn
from app.services import subnets
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.services.rows import Stale, check_version
from app.services.subnet_choice import choice, meant
from app.views.forms import filled, problems_of, saved, ticked, version_of
from app.views.render import Id, page

router = APIRouter(include_in_schema=False)
SHOWN: Final = 100
STATES: Final = ("firing", "resolved")
KINDS: Final = ("pool_usage", "client_refused", "address_conflict", "worker_behind", "worker_silent")
TEXTS: Final = ("name", "kind", "threshold", "clear", "subnet_id")
FIELDS: Final = (*TEXTS, "emails")


@router.get("/alerts")
def list_alerts(request: Request, session: Db, actor: Viewer, state: str = "", after: str = "") -> Response:
    """Show what is wrong, before what was."""
    filters = (("state", state),) if state in STATES else ()
    found = cut(session, rules.ALERTS, Wish(filters, sort="state,-id", cursor=after, limit=SHOWN))
    known = {row.id: row for row in cut(session, rules.LISTING, Wish(limit=rules.MAX_RULES)).rows}
    shown: dict[str, Any] = {
        "alerts": found.rows,
        "rules": known,
        "links": _links(session, found.rows),
        "state": state if filters else "",
        "next": found.next_cursor,
    }
    return page(request, session, "alerts/list.html", part="found", **shown)


@router.get("/alerts/firing")
def show_firing(request: Request, session: Db, actor: Viewer) -> Response:
    """Show how many alerts fire, for the badge of an open page."""
    return page(request, session, "partials/firing.html", part="badge", firing=rules.count_firing(session))


def _links(session: Session, alerts: Sequence[Alert]) -> dict[int, str]:
    """Return for each alert the page of what it is about."""
    numbers = {int(a.object.partition("/")[2]) for a in alerts if a.object.startswith("pools/")}
    pools = select(Pool.id, Pool.subnet_id).where(Pool.id.in_(numbers))
    homes: dict[int, int] = {row.id: row.subnet_id for row in session.execute(pools)}
    found: dict[int, str] = {}
    for alert in alerts:
        kind, _, name = alert.object.partition("/")
        if kind == "pools" and int(name) in homes:
            found[alert.id] = f"/subnets/{homes[int(name)]}/pools"
        elif kind == "clients":
            found[alert.id] = f"/history?q={name}"
        elif kind == "leases":
            found[alert.id] = f"/addresses/{name}"
        elif kind == "workers":
            found[alert.id] = "/server"
    return found


@router.get("/alert-rules")
def list_rules(request: Request, session: Db, actor: Viewer) -> Response:
    """Show what is watched."""
    rows = rules.shown(session, cut(session, rules.LISTING, Wish(limit=rules.MAX_RULES)).rows)
    known = subnets.labels(session, Subnet.id.in_({row.subnet_id for row in rows if row.subnet_id}))
    return page(request, session, "alerts/rules.html", rules=rows, subnets=known)


@router.get("/alert-rules/new")
def show_new(request: Request, session: Db, actor: Operator, kind: str = "pool_usage") -> Response:
    """Show the form of a new rule."""
    values = {"kind": kind if kind in KINDS else KINDS[0], "threshold": "90", "clear": "85", "enabled": True}
    return _form(request, session, values, None)


@router.post("/alert-rules/new")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Watch one more thing."""
    try:
        rules.create_rule(session, actor, _shape(session, form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, _typed(form), None, error)
    return saved(session, "/alert-rules")


@router.get("/alert-rules/{rule_id}")
def show(request: Request, session: Db, actor: Operator, rule_id: Id) -> Response:
    """Show the form of a rule."""
    row = rules.get_rule(session, rule_id)
    return _form(request, session, _values(row), row)


def _values(row: AlertRule) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in (*TEXTS, "enabled", "version")}
    return {**values, "emails": ", ".join(row.emails)}


@router.post("/alert-rules/{rule_id}")
def update(request: Request, session: Db, actor: Operator, rule_id: Id, form: Form) -> Response:
    """Change what is watched."""
    row = rules.get_rule(session, rule_id)
    try:
        check_version(row.version, version_of(form))
        rules.update_rule(session, actor, row, _shape(session, form))
    except DomainError as error:
        session.rollback()
        return _form(request, session, _typed(form), rules.get_rule(session, rule_id), error)
    return saved(session, "/alert-rules")


@router.post("/alert-rules/{rule_id}/delete")
def delete(session: Db, actor: Operator, rule_id: Id) -> Response:
    """Watch it no longer."""
    rules.delete_rule(session, actor, rules.get_rule(session, rule_id))
    return saved(session, "/alert-rules")


def _shape(session: Session, form: Any) -> AlertRuleIn:
    texts = {name: text for name, text in filled(form, *TEXTS).items() if text}
    if texts.get("kind") != "pool_usage":
        texts.pop("clear", None)
    if texts.get("kind") not in ("pool_usage", "client_refused"):
        texts.pop("subnet_id", None)
    texts |= {"subnet_id": meant(session, texts["subnet_id"])} if "subnet_id" in texts else {}
    emails = str(form.get("emails", "")).replace(",", " ").split()
    return parsed(AlertRuleIn, {**texts, **ticked(form, "enabled"), "emails": emails})


def _typed(form: Any) -> dict[str, Any]:
    return {**filled(form, *FIELDS, "version"), **ticked(form, "enabled")}


def _form(
    request: Request,
    session: Session,
    values: dict[str, Any],
    row: AlertRule | None,
    error: DomainError | None = None,
) -> Response:
    stale = isinstance(error, Stale) and row is not None
    shown: dict[str, Any] = {
        "values": {**values, "version": row.version} if stale and row is not None else values,
        "current": _values(row) if stale and row is not None else None,
        "row": row,
        "kinds": KINDS,
        "offered": choice(session, [values.get("subnet_id", "")]),
        "problems": problems_of(error, FIELDS) if error else {},
    }
    return page(request, session, "alerts/form.html", 422 if error else 200, **shown)

"""The page that answers "what will this client receive, and why?", octet by octet."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Lease, Subnet
from app.schemas.effective import EffectiveQuery
from app.schemas.explain import ExplainOut, ExplainQuery
from app.services import activity, nesting, subnets
from app.services import explain as service
from app.services.effective import effective
from app.services.errors import DomainError
from app.services.patch import parsed
from app.services.subnet_choice import choice, meant
from app.views.dissection import dissect
from app.views.forms import problems_of
from app.views.preferences import gettext as _
from app.views.render import page
from app.views.sentences import said
from dhcpd.protocol.addresses import parse_mac

router = APIRouter(prefix="/explain", include_in_schema=False)
FIELDS: Final = tuple(ExplainQuery.model_fields)
MORE: Final = tuple(name for name in FIELDS if name not in ("mac", "subnet_id", "relay", "message", "hostname"))
"""Questions of those who know what a packet holds."""
CLIENTS: Final = 5
"""So many of the newest clients are offered to ask about."""
_ONE: Final = re.compile(r"\b([Ss]ubnet) (\d+)\b")
_ALL: Final = re.compile(r"^(Subnets on this link: )([\d, ]+)\.$")
_LINKED: Final = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the question, and the answer as soon as the question says who asks."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    asked["subnet_id"] = meant(session, asked["subnet_id"])
    if not asked["subnet_id"] and not asked["relay"]:
        asked["subnet_id"] = str(_home(session, asked["mac"]) or subnets.first_served(session) or "")
    shown: dict[str, Any] = {
        "asked": asked,
        "offered": choice(session, [asked["subnet_id"]], Subnet.dhcp_enabled.is_(True)),
        "problems": {},
        "told": None,
        "more": any(asked[name] for name in MORE if asked[name] != "0"),
        "clients": activity.recent_leases(session, before=None, limit=CLIENTS)[0],
    }
    if asked["mac"]:
        try:
            shown |= _answer(session, parsed(ExplainQuery, {k: v for k, v in asked.items() if v}))
        except DomainError as error:
            shown["problems"] = problems_of(error, FIELDS)
    return page(request, session, "explain/show.html", part="told", **shown)


def _home(session: Session, mac: str) -> int | None:
    """Return the subnet of the client's newest lease, if it ever had one."""
    try:
        own = Lease.mac == parse_mac(mac)
    except ValueError:
        return None
    return session.scalar(select(Lease.subnet_id).where(own).order_by(Lease.renewed_at.desc()).limit(1))


def _answer(session: Session, query: ExplainQuery) -> dict[str, Any]:
    told = service.explain(session, query)
    reply = bytes.fromhex(told.reply) if told.reply else b""
    known = _mentioned(session, told)
    return {
        "told": told,
        "steps": [(step.topic, _step(known, step.text)) for step in told.trace[:-1]],
        "sources": _sources(session, query, told),
        "parts": dissect(reply) if reply else [],
        "size": len(reply),
    }


def _mentioned(session: Session, told: ExplainOut) -> dict[int, Subnet]:
    """Return the subnets that the steps name by their ids."""
    named = [found[2] for step in told.trace for found in (*_ONE.finditer(step.text), *_ALL.finditer(step.text))]
    ids = {int(number) for text in named for number in text.split(",") if number.strip()}
    return {row.id: row for row in subnets.named(session, ids)}


def _step(known: Mapping[int, Subnet], text: str) -> Markup:
    """Return a step in the viewer's language, with subnets by their prefixes, each with its link."""

    if service.INTERFACE in text:
        return Markup(escape(_("It is plugged in at the subnet that you chose.")))

    def cidr(number: str) -> str:
        row = known.get(int(number))
        return row.cidr if row is not None else number

    text = _ONE.sub(lambda found: f"{found[1]} {cidr(found[2])}", text)
    text = _ALL.sub(lambda found: f"{found[1]}{', '.join(cidr(n.strip()) for n in found[2].split(','))}.", text)
    ids = {row.cidr: row.id for row in known.values()}
    told = escape(said(text))

    def link(found: re.Match[str]) -> str:
        number = ids.get(found[0])
        return f'<a href="/subnets/{number}">{found[0]}</a>' if number else found[0]

    return Markup(_LINKED.sub(link, told))


def _sources(session: Session, query: ExplainQuery, told: ExplainOut) -> dict[int, Any]:
    """Return for each option of the answer the scope that says it, where one does."""
    home = nesting.home_of(session, IPv4Address(told.ip)) if told.ip is not None else None
    if home is None:
        return {}
    facts = query.model_dump(include=set(EffectiveQuery.model_fields))
    try:
        found = effective(session, home.id, parsed(EffectiveQuery, {**facts, "ip": told.ip}))
    except DomainError:
        return {}
    return {option.code: option.source for option in found.options}

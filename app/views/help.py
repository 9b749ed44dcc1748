"""Help: the terms of the field in a plain sentence each, and a walk through the last real exchange."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Lease, LeaseEvent
from app.schemas.explain import ExplainOut, ExplainQuery
from app.services import events, explain, subnets
from app.services.errors import DomainError, NotFound
from app.services.patch import parsed
from app.views.preferences import gettext as _
from app.views.render import page
from dhcpd.protocol.addresses import format_mac

router = APIRouter(prefix="/help", include_in_schema=False)
LOOKED_AT: Final = 200
WANTED: Final = "1,3,6,15,42,119,121"
"""What most clients ask for."""


@router.get("")
def show(request: Request, session: Db, actor: Viewer) -> Response:
    """Show the walk, with the newest lease that was given, and the terms."""
    shown: dict[str, Any] = {"terms": _terms(), **_example(session)}
    return page(request, session, "help/show.html", **shown)


def _example(session: Session) -> dict[str, Any]:
    """Return the newest lease that a client was given, with its subnet; {} while there is none."""
    found: list[LeaseEvent] = events.list_events(session, limit=LOOKED_AT)
    event = next((e for e in found if e.reason == "assigned"), None)
    lease = session.get(Lease, event.ip) if event else None
    if event is None or lease is None:
        return {"event": None}
    try:
        subnet = subnets.get_subnet(session, event.subnet_id)
    except NotFound:
        return {"event": None}
    return {"event": event, "lease": lease, "subnet": subnet, "answer": _answer(session, lease)}


def _answer(session: Session, lease: Lease) -> ExplainOut | None:
    """Return what the server answers this client's REQUEST, by the settings of now; None = it can't be told."""
    where = {"relay": str(lease.relay)} if lease.relay else {"subnet_id": lease.subnet_id}
    said = {"mac": format_mac(lease.mac), "client_id": lease.client_id.hex() or None, "hostname": lease.hostname}
    try:
        asked = {**where, **said, "message": "request", "requested_ip": str(lease.ip), "wanted": WANTED}
        return explain.explain(session, parsed(ExplainQuery, asked))
    except DomainError:
        return None


def _terms() -> list[tuple[str, str]]:
    return [
        (_("Packet"), _("A small message that one device sends to another over the network.")),
        (_("IP address"), _("The number by which a device is reached on the network, such as 10.0.0.57.")),
        (_("MAC address"), _("The number that the maker gave to a network card; a phone may make one up.")),
        (
            _("DHCP"),
            _("The way in which a device gets its address and settings by itself."),
        ),
        (
            _("Lease"),
            _("The promise that a client may use an address until a moment."),
        ),
        (
            _("Subnet"),
            _("A network whose addresses begin alike, such as 10.0.0.0/24."),
        ),
        (_("Scope"), _("What other servers call a subnet with its pools and options.")),
        (_("Pool"), _("A range of addresses inside a subnet that clients get.")),
        (_("Reservation"), _("The promise that one device always gets the same address.")),
        (_("Relay"), _("A router that carries DHCP packets from its network to a server elsewhere.")),
        (
            _("giaddr"),
            _("The relay's address in the packet; it tells which network the client is on."),
        ),
        (_("Option"), _("A setting that the client is told with its address, such as its router or DNS servers.")),
        (_("Option 82"), _("What a relay or switch adds to the packet: on which port the client is plugged in.")),
        (
            "DORA",
            _("Discover, Offer, Request, Acknowledge: the four packets that give an address."),
        ),
        ("NAK", _("A refusal: the client must forget the address and ask anew.")),
        ("T1", _("The moment, usually half of the lease, at which a client asks its server to renew.")),
        ("T2", _("The moment, usually seven eighths of it, from which the client asks any server.")),
        (_("Port 67 and 68"), _("Servers listen on UDP port 67, clients on port 68.")),
        (_("Gateway"), _("The router through which a client reaches everything outside its subnet.")),
        (_("Quarantine"), _("A client found the address in use; for a while it is given to nobody.")),
    ]

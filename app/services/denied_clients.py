"""Which hardware addresses get no answer?"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import DeniedClient
from app.schemas.denied_clients import DeniedClientIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.rows import picture
from dhcpd.protocol.addresses import parse_mac

LISTING: Final = Listing(
    DeniedClient,
    fields(DeniedClient, "id", "description", "created_at"),
    search=lambda text: (
        DeniedClient.description.contains(text, autoescape=True)
        | DeniedClient.mac.startswith(text.replace(":", "").replace("-", "").lower(), autoescape=True)
    ),
)


def get_denied_client(session: Session, client_id: int) -> DeniedClient:
    """Return a denied client; raises NotFound."""
    found = session.get(DeniedClient, client_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no denied client {client_id}."))
    return found


def find_denied_client(session: Session, mac: str) -> DeniedClient | None:
    """Return the entry of exactly this address or prefix."""
    return session.scalar(select(DeniedClient).where(DeniedClient.mac == parse_mac(mac).hex()))


def create_denied_client(session: Session, actor: Actor, data: DeniedClientIn) -> DeniedClient:
    """Answer an address no more; raises Conflict when it is on the list already."""
    other = find_denied_client(session, data.mac)
    if other is not None:
        raise _duplicate(other, data)
    row = DeniedClient(mac=parse_mac(data.mac).hex(), description=data.description)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"denied_clients/{row.id}", None, picture(row))
    return row


def update_denied_client(session: Session, actor: Actor, row: DeniedClient, data: DeniedClientIn) -> DeniedClient:
    """Change the address or the note; raises Conflict."""
    other = find_denied_client(session, data.mac)
    if other is not None and other is not row:
        raise _duplicate(other, data)
    before = picture(row)
    row.mac, row.description = parse_mac(data.mac).hex(), data.description
    session.flush()
    record(session, actor, "update", f"denied_clients/{row.id}", before, picture(row))
    return row


def delete_denied_client(session: Session, actor: Actor, row: DeniedClient) -> None:
    """Answer the address again."""
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"denied_clients/{before['id']}", before, None)


def _duplicate(other: DeniedClient, data: DeniedClientIn) -> Conflict:
    return Conflict(Problem("mac", "duplicate", f"{data.mac} is denied already.", "denied-clients", str(other.id)))

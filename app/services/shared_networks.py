"""Which links carry several subnets, and what are all clients on one told?"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import SharedNetwork, Subnet
from app.schemas.shared_networks import SharedNetworkIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.options import checked_options
from app.services.rows import picture

MAX_NAME: Final = 120
LISTING: Final = Listing(SharedNetwork, fields(SharedNetwork, "id", "name"), key="name", sort="name")


def list_shared_networks(session: Session) -> list[SharedNetwork]:
    """Return all shared networks that have options of their own, in the order of their ids."""
    return list(session.scalars(select(SharedNetwork).order_by(SharedNetwork.id)))


def get_shared_network(session: Session, name: str) -> SharedNetwork:
    """Return a shared network; raises NotFound."""
    found = _find(session, name)
    if found is None:
        raise NotFound(Problem("name", "not_found", f"There is no shared network {name!r}."))
    return found


def put_shared_network(session: Session, actor: Actor, name: str, data: SharedNetworkIn) -> SharedNetwork:
    """Make a shared network or replace its options; raises Invalid for a name that can't be one."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid(Problem("name", "length", f"A name has 1 to {MAX_NAME} printable characters."))
    row = _find(session, name)
    before = None if row is None else picture(row)
    if row is None:
        row = SharedNetwork(name=name)
        session.add(row)
    row.options = checked_options(session, data.options)
    row.next_server, row.server_name, row.boot_file = data.next_server, data.server_name, data.boot_file
    session.flush()
    record(session, actor, "update" if before else "create", f"shared_networks/{row.id}", before, picture(row))
    return row


def delete_shared_network(session: Session, actor: Actor, name: str) -> None:
    """Take its options away; subnets that name it stay together on their link."""
    row = get_shared_network(session, name)
    before = picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"shared_networks/{before['id']}", before, None)


def members(session: Session, rows: Sequence[SharedNetwork]) -> dict[str, list[int]]:
    """Return the ids of the subnets on each link by its name, in one query."""
    found: dict[str, list[int]] = {row.name: [] for row in rows}
    query = (
        select(SharedNetwork.name, Subnet.id)
        .join(Subnet, Subnet.shared_network == SharedNetwork.name)
        .where(SharedNetwork.name.in_(found))
        .order_by(Subnet.id)
    )
    for name, subnet_id in session.execute(query):
        found[name].append(subnet_id)
    return found


def _find(session: Session, name: str) -> SharedNetwork | None:
    return session.scalar(select(SharedNetwork).where(SharedNetwork.name == name))

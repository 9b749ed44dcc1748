"""How does a subnet become larger or smaller, with all that is in it?"""

from ipaddress import ip_network

from sqlalchemy.orm import Session

from app.models import KnownAddress, Subnet
from app.services import contents
from app.services.actors import Actor
from app.services.audit import record
from app.services.contents import Contents, Item, adopt, capital, lies_in, on_edges, problem, switch, told
from app.services.errors import Conflict, Invalid, Problem
from app.services.locks import lock_plan
from app.services.nesting import ancestors, home_of
from app.services.rows import picture
from app.services.spans import Span, span
from app.services.subnets import check, get_subnet


def resize(session: Session, actor: Actor, subnet_id: int, cidr: str) -> Subnet:
    """Give a subnet a prefix around its own, or inside it; leases stay valid, as they go by their address.

    A larger one takes over what lies in it from the subnets around it. From a smaller one only known addresses may
    be left outside, in a subnet around it. Raises NotFound, Invalid, or Conflict with every reason.
    """
    lock_plan(session)
    row, network = get_subnet(session, subnet_id), ip_network(cidr)
    old, new = span(row.first, row.last), span(network.network_address, network.broadcast_address)
    if not (_inside(old, new) or _inside(new, old)):
        detail = f"{network} and {row.cidr} are two networks; a resize keeps a part of the old one."
        raise Invalid(Problem("cidr", "apart", detail))
    if old == new:
        return row
    found, before = contents.of(session, [row.id]), picture(row)
    with session.no_autoflush:
        row.first, row.last = network.network_address, network.broadcast_address
        row.prefix_len = network.prefixlen
        outside = [item for item in found.items if not lies_in(item, new)]
        left = _left_behind(session, row, outside)
        if left or on_edges(row, found):
            raise Conflict(*left, *on_edges(row, found))
        check(session, row)
    session.flush()
    record(session, actor, "update", f"subnets/{row.id}", before, picture(row))
    adopt(session, actor, row)
    switch(session, actor, row)
    _rehome(session, actor, row, found)
    return row


def _inside(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _left_behind(session: Session, row: Subnet, outside: list[Item]) -> list[Problem]:
    around = [found for found in ancestors(session, row.first, row.last) if found.id != row.id]
    problems = []
    for item in outside:
        if isinstance(item, KnownAddress) and any(lies_in(item, span(s.first, s.last)) for s in around):
            continue
        problems.append(problem("cidr", "outside", f"{capital(told(item))} would be outside {row.cidr}.", item))
    return problems


def _rehome(session: Session, actor: Actor, row: Subnet, found: Contents) -> None:
    """Put known addresses that are outside now where they belong."""
    for known in found.addresses:
        home = home_of(session, known.ip)
        if home is not None:
            contents.move(session, actor, known, home.id)

"""JSON routes of shared networks; the name is the key."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.api.resource import Resource
from app.models import SharedNetwork
from app.schemas.shared_networks import SharedNetworkIn, SharedNetworkOut, shared_network_out
from app.services import shared_networks


def _show(session: Session, rows: Sequence[SharedNetwork]) -> list[SharedNetworkOut]:
    members = shared_networks.members(session, rows)
    return [shared_network_out(row, members[row.name]) for row in rows]


RESOURCE = Resource(
    path="shared-networks",
    noun="shared network",
    plural="shared networks",
    listing=shared_networks.LISTING,
    shape=SharedNetworkOut,
    show=_show,
    get=shared_networks.get_shared_network,
    key=str,
    accepts=SharedNetworkIn,
    put=shared_networks.put_shared_network,
    update=lambda session, actor, row, data: shared_networks.put_shared_network(session, actor, row.name, data),
    delete=lambda session, actor, row: shared_networks.delete_shared_network(session, actor, row.name),
)
router = RESOURCE.router()

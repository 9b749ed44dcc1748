"""JSON routes of denied clients."""

from app.api.resource import Natural, Resource
from app.schemas.denied_clients import DeniedClientIn, DeniedClientOut, denied_client_out
from app.services import denied_clients

RESOURCE = Resource(
    path="denied-clients",
    noun="denied client",
    plural="denied clients",
    listing=denied_clients.LISTING,
    shape=DeniedClientOut,
    show=lambda session, rows: [denied_client_out(row) for row in rows],
    get=denied_clients.get_denied_client,
    accepts=DeniedClientIn,
    create=denied_clients.create_denied_client,
    update=denied_clients.update_denied_client,
    delete=denied_clients.delete_denied_client,
    natural=Natural(
        "/by-mac/{mac}", ("mac",), dict, lambda session, data: denied_clients.find_denied_client(session, data.mac)
    ),
)
router = RESOURCE.router()

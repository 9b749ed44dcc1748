"""JSON routes of leases; the address is the key."""

from typing import Annotated

from fastapi import Path

from app.api.resource import Resource
from app.auth.deps import Db, Operator
from app.schemas.leases import CommandOut, LeaseOut, lease_out
from app.services import leases

Ip = Annotated[str, Path(min_length=1, max_length=45)]
RESOURCE = Resource(
    path="leases",
    noun="lease",
    plural="leases",
    listing=leases.LISTING,
    shape=LeaseOut,
    show=lambda session, rows: [lease_out(row) for row in rows],
    get=leases.get_lease,
    key=str,
)
router = RESOURCE.router()


@router.delete("/{ip}", operation_id="release_lease", status_code=202)
def release_lease(session: Db, actor: Operator, ip: Ip) -> CommandOut:
    """Ask the worker to release an address; the client is not told and keeps it until its renewal fails."""
    return CommandOut(command_id=leases.order(session, actor, ip, "release").id)


@router.post("/{ip}/quarantine", operation_id="quarantine_lease", status_code=202)
def quarantine_lease(session: Db, actor: Operator, ip: Ip) -> CommandOut:
    """Ask the worker to keep an address from everybody for the quarantine time."""
    return CommandOut(command_id=leases.order(session, actor, ip, "quarantine").id)

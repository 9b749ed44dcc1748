"""JSON routes of single addresses."""

from fastapi import APIRouter

from app.api.route import ApiRoute
from app.auth.deps import Db, Operator, Viewer
from app.schemas.addresses import AddressIn, AddressOut
from app.services import addresses

router = APIRouter(prefix="/addresses", tags=["addresses"], route_class=ApiRoute)


@router.get("/{ip}", operation_id="get_address")
def get_address(session: Db, actor: Viewer, ip: str) -> AddressOut:
    """Return what is known of an address."""
    return addresses.get_address(session, ip)


@router.put("/{ip}", operation_id="put_address")
def put_address(session: Db, actor: Operator, ip: str, data: AddressIn) -> AddressOut:
    """Note an address as in use outside DHCP."""
    return addresses.put_address(session, actor, ip, data)


@router.delete("/{ip}", operation_id="delete_address", status_code=204)
def delete_address(session: Db, actor: Operator, ip: str) -> None:
    """Forget that an address is in use outside DHCP."""
    addresses.delete_address(session, actor, ip)

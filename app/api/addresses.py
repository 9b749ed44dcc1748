"""JSON routes of single addresses."""

from typing import Any

from fastapi import APIRouter, Request

from app.api.listing import Page, custom_parameter, paging_parameters, parameter
from app.api.route import ApiRoute
from app.auth.deps import Db, Operator, Viewer
from app.schemas.addresses import AddressIn, AddressOut
from app.services import address_list, addresses
from app.services.listing import read_wish

router = APIRouter(prefix="/addresses", tags=["addresses"], route_class=ApiRoute)


def _parameters() -> list[dict[str, Any]]:
    """Return the OpenAPI parameters of the list."""
    state = {"type": "string", "enum": list(address_list.STATES)}
    return [
        *paging_parameters(["ip"], "ip"),
        parameter("q", "free text: address, MAC, host name, owner, notes", {"type": "string", "maxLength": 200}),
        parameter("subnet_id", "belongs to this subnet", {"type": "integer"}),
        parameter("within", "lies inside this prefix", {"type": "string", "examples": ["10.0.0.0/24"]}),
        parameter("state", "equal", state),
        parameter("state__in", "one of several, joined by commas", {"type": "string"}),
        custom_parameter(),
    ]


@router.get(
    "", operation_id="list_addresses", response_model=Page[AddressOut], openapi_extra={"parameters": _parameters()}
)
def list_addresses(request: Request, session: Db, actor: Viewer) -> Page[AddressOut]:
    """List the addresses of all subnets in their order, free ones too; a part may be short and yet go on."""
    found = address_list.cut(session, read_wish(request.query_params.multi_items()))
    return Page.model_construct(items=found.rows, next_cursor=found.next_cursor, total=found.total)


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

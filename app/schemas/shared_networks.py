"""How does a shared network look from outside?"""

from pydantic import Field

from app.models import SharedNetwork
from app.schemas.fields import OptionalAddress, OptionRows, Shape, Text63, Text127


class SharedNetworkIn(Shape):
    """What is told to every client on the link; a subnet's own options go before it."""

    next_server: OptionalAddress = None
    server_name: Text63 = None
    boot_file: Text127 = None
    options: OptionRows = Field(default_factory=list)


class SharedNetworkOut(SharedNetworkIn):
    """A shared network as it is stored; `subnets` are the ids of its members."""

    name: str
    subnets: list[int]


def shared_network_out(row: SharedNetwork, members: list[int]) -> SharedNetworkOut:
    """Return the shape of a row."""
    return SharedNetworkOut.of(
        name=row.name,
        next_server=row.next_server,
        server_name=row.server_name,
        boot_file=row.boot_file,
        options=row.options,
        subnets=members,
    )

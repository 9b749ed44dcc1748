"""What is said of a client whose classes or settings are asked for?"""

from typing import Annotated

from pydantic import Field

from app.schemas.fields import Shape

Octets = Annotated[str, Field(max_length=600, description="hexadecimal digits or text")]


class ClientFacts(Shape):
    """What a client sends, as far as it is known; what is left out, it does not send."""

    mac: str | None = Field(None, max_length=60)
    client_id: Octets | None = None
    vendor_class: str | None = Field(None, max_length=255)
    user_class: str | None = Field(None, max_length=255)
    hostname: str | None = Field(None, max_length=255)
    architecture: int | None = Field(None, ge=0, le=0xFFFF, description="processor type, RFC 4578: 7 = UEFI x86-64")
    relay: str | None = Field(None, max_length=15, description="giaddr")
    interface: str | None = Field(None, max_length=15)
    circuit_id: Octets | None = None
    remote_id: Octets | None = None
    subscriber_id: Octets | None = None
    option: list[Annotated[str, Field(max_length=600)]] = Field(
        default_factory=list, max_length=64, description="any other option, as code:hexadecimal digits, 175:b00101"
    )

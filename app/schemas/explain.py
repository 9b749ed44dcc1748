"""What is asked about a client's packet, and what is told?"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from app.schemas.fields import OptionalAddress, Shape, blank_to_none, canonical_identifier
from dhcpd.protocol.addresses import format_mac, parse_mac

Text = Annotated[Annotated[str, Field(max_length=255)] | None, BeforeValidator(blank_to_none)]
Number = Annotated[Annotated[int, Field(ge=0, le=65535)] | None, BeforeValidator(blank_to_none)]
SubnetId = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, BeforeValidator(blank_to_none)]


class ExplainQuery(Shape):
    """A packet as a client would send it: on the link of a subnet, or through a relay.

    client_id is hexadecimal; what the relay says is hexadecimal or text; `wanted` lists option codes: 1,3,6.
    """

    mac: str = Field(max_length=60)
    subnet_id: SubnetId = None
    relay: OptionalAddress = None
    message: Literal["discover", "request", "inform", "bootp"] = "discover"
    client_id: Text = None
    requested_ip: OptionalAddress = None
    ciaddr: OptionalAddress = None
    hostname: Text = None
    vendor_class: Text = None
    user_class: Text = None
    architecture: Number = None
    wanted: Annotated[str, Field(max_length=600, pattern=r"^\s*(\d{1,3}\s*(,\s*\d{1,3}\s*)*)?$")] = ""
    circuit_id: Text = None
    remote_id: Text = None
    subscriber_id: Text = None
    relay_id: Text = None
    secs: int = Field(0, ge=0, le=65535)

    @model_validator(mode="after")
    def _canonical(self) -> "ExplainQuery":
        self.mac = format_mac(parse_mac(self.mac))
        if self.subnet_id is None and self.relay is None:
            raise ValueError("say where the client is: subnet_id or relay")
        if any(int(code) > 254 for code in self.wanted.split(",") if code.strip()):
            raise ValueError("an option code in wanted is above 254")
        for kind in ("client_id", "circuit_id", "remote_id", "subscriber_id", "relay_id"):
            if getattr(self, kind) is not None:
                canonical_identifier(kind, getattr(self, kind))
        return self


class StepOut(Shape):
    """One thing that was found out."""

    topic: str
    text: str


class SentOption(Shape):
    """An option of the answer: its octets in hexadecimal, and what they say (null when that is not known)."""

    code: int
    name: str
    value: Any
    hex: str


class ExplainOut(Shape):
    """What the client would receive now, and why. ip, message and reply null = nothing.

    `exact` false = which new address is next was not worked out, since the network has too many leases.
    """

    outcome: str
    sentence: str
    message: str | None
    ip: str | None
    exact: bool
    lease_time: int | None
    to: str | None
    next_server: str | None
    server_name: str
    boot_file: str
    options: list[SentOption]
    reply: str | None
    trace: list[StepOut]

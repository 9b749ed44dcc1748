"""Which lenient texts are taken in for addresses, prefixes and hardware addresses?"""

from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from dhcpd.protocol.addresses import format_mac, parse_mac
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import encode_value, find


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address like 10.0.0.1") from None


def _cidr(text: str) -> str:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a prefix like 10.0.0.0/24") from None
    if not isinstance(network, IPv4Network):
        raise ValueError("only IPv4 prefixes are served so far")
    if str(ip_address(text.strip().split("/")[0])) != str(network.network_address):
        raise ValueError(f"{text!r} has bits set in its host part; did you mean {network}?")
    return str(network)


def blank_to_none(value: object) -> object:
    """Read an empty form field as "not set"."""
    return None if isinstance(value, str) and not value.strip() else value


def canonical_identifier(kind: str, value: str) -> str:
    """Return lower-case hex without separators; raises ValueError with a sentence."""
    if kind == "mac":
        return parse_mac(value.strip()).hex()
    digits = value.strip().replace(":", "").replace("-", "").removeprefix("0x").lower()
    try:
        return bytes.fromhex(digits).hex()
    except ValueError:
        raise ValueError(f"{value!r} is not a row of hexadecimal octets") from None


def show_identifier(kind: str, value: str) -> str:
    """Return the text that people read."""
    return format_mac(bytes.fromhex(value)) if kind == "mac" else value


def _options(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    clean = []
    for row in rows:
        definition = find(row.get("option", ""))
        if definition is None:
            raise ValueError(f"there is no option {row.get('option')!r}")
        try:
            encode_value(definition, row.get("value"))
        except OptionValueError as error:
            raise ValueError(f"{definition.name}: {error}") from None
        always = bool(row.get("always", False))
        clean.append({"option": definition.name, "value": row.get("value"), "always": always})
    return clean


AddressText = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[AddressText | None, BeforeValidator(blank_to_none)]
CidrText = Annotated[str, AfterValidator(_cidr)]
OptionRows = Annotated[list[dict[str, Any]], AfterValidator(_options)]


class Shape(BaseModel):
    """The base of every shape: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

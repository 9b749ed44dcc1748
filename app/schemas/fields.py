"""Which lenient texts are taken in for addresses, prefixes and hardware addresses?"""

from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from dhcpd.protocol.addresses import format_mac, parse_mac
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import encode_value, find

MAX_OCTETS: Final = 255
"""What one option or sub-option holds."""


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


def _network(text: str) -> str:
    try:
        network = IPv4Network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is neither an IPv4 address nor a prefix") from None
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _mac_prefix(text: str) -> str:
    return format_mac(parse_mac(text))


TEXTUAL_KINDS: Final = ("circuit_id", "remote_id", "subscriber_id", "relay_id")
"""Identifiers that relays send as text, as often as not ("GigabitEthernet0/1")."""


def canonical_identifier(kind: str, value: str) -> str:
    """Return lower-case hex without separators; raises ValueError with a sentence.

    What a relay says may be written as text: what can't be read as hexadecimal, or stands in double quotes.
    """
    value = value.strip()
    if kind == "mac":
        return parse_mac(value).hex()
    textual = kind in TEXTUAL_KINDS
    if textual and len(value) > 2 and value[0] == value[-1] == '"':
        return value[1:-1].encode().hex()
    digits = value.removeprefix("0x")
    try:
        octets = bytes.fromhex(digits if digits != value else value.replace(":", "").replace("-", ""))
    except ValueError:
        octets = b""
    if not octets and textual and digits == value:
        octets = value.encode()
    if not octets or len(octets) > MAX_OCTETS:
        raise ValueError(f"{value!r} is not a row of 1 to {MAX_OCTETS} hexadecimal octets")
    return octets.hex()


def show_identifier(kind: str, value: str) -> str:
    """Return the text that people read, such that `canonical_identifier` reads it back."""
    octets = bytes.fromhex(value)
    if kind == "mac":
        return format_mac(octets)
    if kind in TEXTUAL_KINDS and octets.isascii() and (text := octets.decode()).isprintable():
        return text if text == text.strip() and not _reads_otherwise(kind, text, value) else f'"{text}"'
    return value


def _reads_otherwise(kind: str, text: str, value: str) -> bool:
    try:
        return canonical_identifier(kind, text) != value
    except ValueError:
        return True


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


NetworkText = Annotated[str, AfterValidator(_network)]
MacPrefix = Annotated[str, AfterValidator(_mac_prefix)]
AddressText = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[AddressText | None, BeforeValidator(blank_to_none)]
CidrText = Annotated[str, AfterValidator(_cidr)]
OptionRows = Annotated[list[dict[str, Any]], AfterValidator(_options)]


class Shape(BaseModel):
    """The base of every shape: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

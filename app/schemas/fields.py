"""Which lenient texts are taken in for addresses, prefixes and hardware addresses?"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.models.types import Address
from dhcpd.protocol.addresses import format_mac, parse_mac

MAX_OCTETS: Final = 255
"""What one option or sub-option holds."""


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address like 10.0.0.1") from None


def _any_address(text: str) -> str:
    try:
        return str(_unscoped(ip_address(text.strip())))
    except ValueError:
        raise ValueError(f"{text!r} is not an address like 10.0.0.1 or 2001:db8::1") from None


def _unscoped(address: Address) -> Address:
    """Refuse what the database would take for something else: a zone, or IPv4 written as IPv6."""
    if isinstance(address, IPv6Address) and (address.scope_id or address.ipv4_mapped):
        raise ValueError
    return address


def _cidr(text: str) -> str:
    try:
        network = ip_network(text.strip(), strict=False)
        _unscoped(network.network_address)
    except ValueError:
        raise ValueError(f"{text!r} is not a prefix like 10.0.0.0/24 or 2001:db8::/64") from None
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
    """Check the shape of rows; what they say is checked by the services, which know the user's definitions."""
    for row in rows:
        if not isinstance(row.get("option"), str | int) or "value" not in row:
            raise ValueError('each option is written as {"option": name or code, "value": ..., "always": false}')
        if set(row) - {"option", "value", "always"} or not isinstance(row.get("always", False), bool):
            raise ValueError("an option has the members option, value and always (true or false)")
    return [{"option": row["option"], "value": row["value"], "always": row.get("always", False)} for row in rows]


NetworkText = Annotated[str, AfterValidator(_network)]
MacPrefix = Annotated[str, AfterValidator(_mac_prefix)]
_OPTION_ROWS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "option": {"type": ["string", "integer"], "description": "name or code"},
            "value": {"description": "as /options says of the option's kind"},
            "always": {"type": "boolean", "default": False, "description": "sent even to who does not ask for it"},
        },
        "required": ["option", "value"],
        "additionalProperties": False,
    },
    "examples": [[{"option": "domain-name-servers", "value": ["192.0.2.53"]}]],
}
AddressText = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[AddressText | None, BeforeValidator(blank_to_none)]
AnyAddressText = Annotated[str, AfterValidator(_any_address)]
OptionalAnyAddress = Annotated[AnyAddressText | None, BeforeValidator(blank_to_none)]
CidrText = Annotated[str, AfterValidator(_cidr)]
OptionRows = Annotated[
    list[dict[str, Any]], Field(max_length=256), AfterValidator(_options), WithJsonSchema(_OPTION_ROWS)
]
Text60 = Annotated[Annotated[str, Field(max_length=60)] | None, BeforeValidator(blank_to_none)]
Text63 = Annotated[Annotated[str, Field(max_length=63)] | None, BeforeValidator(blank_to_none)]
Text127 = Annotated[Annotated[str, Field(max_length=127)] | None, BeforeValidator(blank_to_none)]


class Shape(BaseModel):
    """The base of every shape: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Return the shape of values that are known to be right, one for each field.

        Nothing is checked and no default filled in, so a thousand rows take a fifth of `model_construct`'s time.
        """
        made, put = cls.__new__(cls), object.__setattr__
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", set(values))
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

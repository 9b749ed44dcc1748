"""How is a field compared with what an expression says?"""

from collections.abc import Callable
from ipaddress import IPv4Network
from re import compile as compile_pattern
from typing import Final

import re2

from dhcpd.engine.facts import Facts, Field

MAX_PATTERN: Final = 200
"""Characters of a pattern. Matching is linear (RE2); this bounds what compiling one costs."""
PATTERN_MEMORY_BYTES: Final = 1 << 20
OPERATORS: Final = ("==", "!=", "in", "startswith", "contains", "matches")
_EXACT: Final = ("==", "!=", "in")
_SEPARATED: Final = compile_pattern(r"(?:[0-9A-Fa-f]{2}[:-])+[0-9A-Fa-f]{2}")
_NOT_HEX: Final = compile_pattern(r"[^0-9a-f]")

Literal = str | int
Value = str | bytes | int
Test = Callable[[Facts], bool]


class LiteralError(ValueError):
    """A literal that the field can't be compared with; a sentence."""


def allowed(field: Field) -> tuple[str, ...]:
    """Return the operators that make sense for the field."""
    return _EXACT if field.kind in ("number", "address") else OPERATORS


def compare(field: Field, operator: str, literals: list[Literal]) -> Test:
    """Return the condition "field operator literals"; an absent field is unequal to everything.

    With several values (user_class, architecture) one that fits is enough. Raises LiteralError.
    """
    read = field.read
    if operator == "!=":
        equal = compare(field, "==", literals)
        return lambda facts: not equal(facts)
    if field.kind == "address":
        return _in_networks(field, literals)
    if operator == "matches":
        return _matches(field, literals)
    values = [_value(field, operator, literal) for literal in literals]
    if operator in ("==", "in"):
        wanted = frozenset(values)
        return lambda facts: not wanted.isdisjoint(read(facts))
    part = values[0]
    if operator == "startswith":
        return lambda facts: any(value.startswith(part) for value in read(facts))  # type: ignore[union-attr,arg-type]  # not for numbers
    return lambda facts: any(part in value for value in read(facts))  # type: ignore[operator]  # not for numbers


def _value(field: Field, operator: str, literal: Literal) -> Value:
    """Return the literal as the field has its values."""
    if field.kind == "number":
        if isinstance(literal, str):
            raise LiteralError(f'{field.name} is a number, such as 7 or 0x0007, not the text "{literal}"')
        return literal
    if isinstance(literal, int):
        raise LiteralError(f"{field.name} is compared with a text between quotes, not with a number")
    return {"mac": _mac, "octets": _octets, "hex": _digits, "text": _plain}[field.kind](field, operator, literal)


def _plain(field: Field, operator: str, literal: str) -> Value:
    return literal


def _digits(field: Field, operator: str, literal: str) -> Value:
    digits = literal.lower().removeprefix("0x").replace(":", "").replace("-", "").replace(".", "")
    if not digits or _NOT_HEX.search(digits):
        raise LiteralError(f'{field.name} is compared with hexadecimal digits, not with "{literal}"')
    return digits


def _mac(field: Field, operator: str, literal: str) -> Value:
    digits = str(_digits(field, operator, literal))
    if len(digits) % 2 or (operator in ("==", "in") and len(digits) != 12):
        raise LiteralError(f'{field.name} is compared with an address like 00:1b:21:0a:0b:0c, not with "{literal}"')
    return bytes.fromhex(digits)


def _octets(field: Field, operator: str, literal: str) -> Value:
    """Read 0x0102 and 01:02 as octets, anything else as text."""
    if literal[:2].lower() == "0x" or _SEPARATED.fullmatch(literal):
        digits = str(_digits(field, operator, literal))
        if len(digits) % 2:
            raise LiteralError(f'"{literal}" has half an octet')
        return bytes.fromhex(digits)
    return literal.encode()


def _in_networks(field: Field, literals: list[Literal]) -> Test:
    """Compare an address with addresses and prefixes."""
    networks = []
    for literal in literals:
        try:
            network = IPv4Network(literal) if isinstance(literal, str) else None
        except ValueError:
            network = None
        if network is None:
            raise LiteralError(f'{field.name} is compared with "10.0.0.1" or "10.0.0.0/24", not with {literal!r}')
        networks.append((int(network.network_address), int(network.netmask)))
    read = field.read
    return lambda facts: any(int(ip) & mask == first for ip in read(facts) for first, mask in networks)


def _matches(field: Field, literals: list[Literal]) -> Test:
    """Find the pattern anywhere in the field; RE2's syntax."""
    pattern = literals[0]
    if not isinstance(pattern, str):
        raise LiteralError("a pattern is a text between quotes")
    if len(pattern) > MAX_PATTERN:
        raise LiteralError(f"a pattern has at most {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY_BYTES
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        raise LiteralError(f"not a pattern: {_reason(error)}") from None
    read = field.read
    return lambda facts: any(search(shown(field, value)) is not None for value in read(facts))


def _reason(error: Exception) -> str:
    """Return RE2's reason, which it may give as octets."""
    reason = error.args[0] if error.args else "unreadable"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def shown(field: Field, value: Value) -> str:
    """Return a value as text: what patterns are matched against and people read."""
    if isinstance(value, int):
        return ".".join(str(octet) for octet in value.to_bytes(4, "big")) if field.kind == "address" else str(value)
    if isinstance(value, str):
        return value
    if field.kind == "mac":
        return value.hex(":")
    text = value.decode(errors="replace")
    return text if text.isprintable() else f"0x{value.hex()}"

"""What would a packet of a described client say, and which classes is it in?"""

from ipaddress import AddressValueError, IPv4Address
from typing import Final

from sqlalchemy.orm import Session

from app.models import ClientClass
from app.schemas.client_classes import ClassResult, ClassTest, FindingOut
from app.schemas.clients import ClientFacts
from app.services.client_classes import list_classes, parse_stored, read_expression
from app.services.errors import Invalid, Problem
from dhcpd.engine.classes import Classifier
from dhcpd.engine.classes import ClientClass as Class
from dhcpd.engine.expressions import Expression
from dhcpd.engine.facts import Facts
from dhcpd.protocol.addresses import parse_mac
from dhcpd.protocol.constants import (
    CIRCUIT_ID,
    CLIENT_ARCH,
    CLIENT_ID,
    HOST_NAME,
    REMOTE_ID,
    SUBSCRIBER_ID,
    USER_CLASS,
    VENDOR_CLASS,
)

_TEXTS: Final = {"vendor_class": VENDOR_CLASS, "user_class": USER_CLASS, "hostname": HOST_NAME}
_SUBOPTIONS: Final = {"circuit_id": CIRCUIT_ID, "remote_id": REMOTE_ID, "subscriber_id": SUBSCRIBER_ID}
UNDER_TEST: Final = ""
"""The name of an expression that is tried before it is saved."""


def facts_of(client: ClientFacts) -> Facts:
    """Return the packet's facts; raises Invalid."""
    options = {code: getattr(client, name).encode() for name, code in _TEXTS.items() if getattr(client, name)}
    if client.architecture is not None:
        options[CLIENT_ARCH] = client.architecture.to_bytes(2, "big")
    if client.client_id:
        options[CLIENT_ID] = _octets(client.client_id)
    options.update(_option(text) for text in client.option)
    said = {code: _octets(getattr(client, name)) for name, code in _SUBOPTIONS.items() if getattr(client, name)}
    return Facts(options, _mac(client.mac), _relay(client.relay), client.interface or "", said)


def _octets(text: str) -> bytes:
    """Read hexadecimal digits with or without separators; anything else is text."""
    try:
        return bytes.fromhex(text.strip().removeprefix("0x").replace(":", "").replace("-", ""))
    except ValueError:
        return text.encode()


def _option(text: str) -> tuple[int, bytes]:
    code, _, digits = text.partition(":")
    try:
        data = bytes.fromhex(digits.replace(":", ""))
    except ValueError:
        data = None
    if data is None or not code.isdecimal() or not 0 < int(code) < 255:
        raise Invalid(Problem("option", "option", f"{text!r} is not like 175:b00101 (code, hexadecimal digits)."))
    return int(code), data


def _mac(text: str | None) -> bytes:
    try:
        return parse_mac(text) if text else b""
    except ValueError as error:
        raise Invalid(Problem("mac", "mac", f"{error}.")) from None


def _relay(text: str | None) -> int:
    try:
        return int(IPv4Address(text)) if text else 0
    except AddressValueError:
        raise Invalid(Problem("relay", "relay", f"{text!r} is not an IPv4 address.")) from None


def matching(session: Session, facts: Facts) -> list[ClientClass]:
    """Return the classes of a packet, the one whose settings win first."""
    rows = list_classes(session)
    names = _classifier(rows).match(facts).names
    return [row for row in rows if row.name in names]


def try_classes(session: Session, client: ClientFacts, expression: str | None) -> ClassTest:
    """Return the classes of a client and why; with an expression that is not saved yet, how that comes out too."""
    facts = facts_of(client)
    rows = list_classes(session)
    matched = _classifier(rows).match(facts)
    results = [_result(row.id, row.name, parse_stored(row), facts, matched.names) for row in rows]
    if expression is not None:
        tried = read_expression(expression)
        found = _classifier(rows, tried).match(facts)
        results.insert(0, _result(None, UNDER_TEST, tried, facts, found.names))
    names = [row.name for row in rows if row.name in matched.names]
    return ClassTest(matched=names, dropped_by=matched.dropped_by or None, results=results)


def _classifier(rows: list[ClientClass], tried: Expression | None = None) -> Classifier:
    classes = [Class(row.id, row.name, parse_stored(row), row.drop) for row in rows]
    return Classifier(classes if tried is None else [*classes, Class(0, UNDER_TEST, tried)])


def _result(
    class_id: int | None, name: str, expression: Expression, facts: Facts, matched: frozenset[str]
) -> ClassResult:
    found = expression.explain(facts, matched)
    findings = [FindingOut(condition=f.condition, result=f.result, actual=f.actual) for f in found]
    failed = any(f.result is None for f in found) and name not in matched
    return ClassResult(id=class_id, name=name, matches=None if failed else name in matched, findings=findings)

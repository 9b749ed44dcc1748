"""Is the option table consistent, and does each kind survive the wire?"""

import pytest

from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.options import OPTIONS, decode_value, encode_value, find
from dhcpd.protocol.values import KINDS


def test_codes_and_names_are_unique() -> None:
    assert len({o.code for o in OPTIONS}) == len({o.name for o in OPTIONS}) == len(OPTIONS) >= 60


@pytest.mark.parametrize("definition", OPTIONS, ids=lambda o: o.name)
def test_example_of_each_option_survives_the_wire(definition) -> None:  # type: ignore[no-untyped-def]  # parametrized
    example = KINDS[definition.kind].example
    data = encode_value(definition, example)
    assert encode_value(definition, decode_value(definition, data)) == data


@pytest.mark.parametrize(
    ("name", "value", "wire"),
    [
        ("routers", ["10.0.0.1", "10.0.0.2"], "0a0000010a000002"),
        ("domain-name", "example.org", "6578616d706c652e6f7267"),
        ("interface-mtu", 1500, "05dc"),
        ("time-offset", -3600, "fffff1f0"),
        ("classless-static-routes", [{"destination": "10.17.0.0/16", "router": "10.0.0.1"}], "100a110a000001"),
        ("classless-static-routes", [{"destination": "0.0.0.0/0", "router": "10.0.0.1"}], "000a000001"),
        ("domain-search", ["eng.apple.com", "marketing.apple.com"],
         "03656e67056170706c6503636f6d00096d61726b6574696e67c004"),
    ],
)  # fmt: skip
def test_golden_bytes(name: str, value: object, wire: str) -> None:
    """RFC 2132, 3442 (descriptor encoding), 3397 §2 (its own example)."""
    definition = find(name)
    assert definition is not None
    assert encode_value(definition, value).hex() == wire
    assert decode_value(definition, bytes.fromhex(wire)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("routers", "10.0.0.1"), ("routers", []), ("routers", ["10.0.0"]), ("interface-mtu", 70000),
     ("ip-forwarding", "maybe"), ("domain-name", 5), ("classless-static-routes", [{"destination": "x"}])],
)  # fmt: skip
def test_wrong_value_is_refused_by_name(name: str, value: object) -> None:
    definition = find(name)
    assert definition is not None
    with pytest.raises(OptionValueError, match=name):
        encode_value(definition, value)

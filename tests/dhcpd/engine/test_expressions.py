"""Are class expressions read as documented, refused with their column, and judged in bounded time?"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpd.engine.expressions import MAX_CONDITIONS, MAX_DEPTH, MAX_LENGTH, parse, rename_class
from dhcpd.engine.facts import FactError, Facts
from dhcpd.engine.tokens import ExpressionError

MAC = bytes.fromhex("001b210a0b0c")
CLIENT = Facts(
    {
        12: b"phone-17",
        60: b"PXEClient:Arch:00007:UNDI:003016",
        61: b"\1" + MAC,
        77: b"\4iPXE\3abc",
        93: b"\0\7\0\x09",
        175: b"\xb0\1\1",
    },
    MAC,
    0x0A010001,
    "eth0",
    {1: b"Gi1/0/7", 2: b"\0\6\x02\0\0\0\0\1", 6: b"customer-9"},
)
NOTHING = Facts({}, b"")


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ('mac == "00-1B-21-0A-0B-0C"', True),
        ('mac == "001b.210a.0b0c"', True),
        ('mac startswith "00:1b:21"', True),
        ('mac in ("02:00:00:00:00:01", "00:1b:21:0a:0b:0c")', True),
        ('mac matches "^00:1b:"', True),
        ('client_id == "01:00:1b:21:0a:0b:0c"', True),
        ('client_id startswith "0x01001b"', True),
        ('vendor_class startswith "PXEClient" and architecture in (7, 9) and not user_class == "iPXE"', False),
        ('user_class == "iPXE"', True),
        ('user_class in ("abc", "def")', True),
        ('user_class != "iPXE"', False),
        ('hostname contains "one-1"', True),
        ('hostname matches "^phone-[0-9]+$"', True),
        (r'hostname matches "-\d\d$"', True),
        ("architecture == 0x0009", True),
        ("architecture != 7", False),
        ('relay == "10.1.0.1"', True),
        ('relay in ("10.0.0.0/16", "10.1.0.0/24")', True),
        ('interface == "eth0"', True),
        ('circuit_id == "Gi1/0/7"', True),
        ('circuit_id startswith "Gi1/"', True),
        ('remote_id == "00:06:02:00:00:00:00:01"', True),
        ('remote_id startswith "0x0006"', True),
        ('subscriber_id contains "mer-9"', True),
        ("option[175].exists", True),
        ("option[etherboot].exists", True),
        ("not option[176].exists", True),
        ('option[60].text contains "UNDI"', True),
        ('option[175].hex == "b0:01:01"', True),
        ('option[175].hex startswith "0xB001"', True),
        ('hostname == "x" or hostname == "phone-17" and interface == "eth1"', False),
        ('(hostname == "x" or hostname == "phone-17") and interface == "eth0"', True),
        ('not not hostname == "phone-17"', True),
        ('class("boot")', True),
        ('class("other")', False),
    ],
)
def test_expression_holds_or_not(expression: str, holds: bool) -> None:
    assert parse(expression).test(CLIENT, {"boot"}) is holds


@pytest.mark.parametrize(
    "field",
    ["mac", "client_id", "vendor_class", "user_class", "hostname", "interface", "circuit_id", "remote_id",
     "subscriber_id", "option[99].text"],
)  # fmt: skip
def test_absent_field_is_unequal_to_everything(field: str) -> None:
    value = "02:00:00:00:00:01" if field == "mac" else "x"
    assert not parse(f'{field} == "{value}"').test(NOTHING, ())
    assert parse(f'{field} != "{value}"').test(NOTHING, ())
    assert not parse(f'{field} startswith "00"').test(NOTHING, ())


@pytest.mark.parametrize(
    ("expression", "column", "problem"),
    [
        ("", 1, "expected a condition"),
        ('vendor_clas == "x"', 1, "did you mean vendor_class"),
        ('mac = "x"', 5, "== and !="),
        ('mac == "00:11"', 8, "00:1b:21"),
        ('architecture startswith "x"', 14, "==, != or in"),
        ('architecture == "7"', 17, "a number"),
        ("hostname == 7", 13, "between quotes"),
        ('(hostname == "x"', 17, "“)”, found the end"),
        ('hostname == "x" hostname', 17, "“and”, “or” or the end"),
        ('hostname == "x" and', 20, "expected a field"),
        ('hostname matches "(a"', 18, "not a pattern"),
        (f'hostname matches "{"a" * 201}"', 18, "at most 200"),
        ("option[255].exists", 8, "1 to 254"),
        ("option[60].number", 12, "text, hex or exists"),
        ("hostname == 'x'", 13, "double quotes"),
        ('hostname == "x', 13, "no closing quote"),
        ('relay == "10.0.0.300"', 10, "10.0.0.0/24"),
        ('hostname == "x" && mac == "y"', 17, "the words and, or"),
        ("(" * (MAX_DEPTH + 1), MAX_DEPTH + 1, "levels deep"),
        ("not " * (MAX_DEPTH + 1), MAX_DEPTH * 4 + 1, "levels deep"),
        ('hostname == "x" or ' * MAX_CONDITIONS + 'hostname == "x"', MAX_LENGTH + 1, "at most 4000 characters"),
        (" or ".join(["option[1].exists"] * 190 + ["option"]), 3807, "expected “[”"),
    ],
)
def test_error_has_its_column_and_what_was_expected(expression: str, column: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(expression)
    assert problem in error.value.problem
    assert error.value.column == column


def test_pattern_that_ruins_a_backtracking_matcher_is_quick() -> None:
    expression = parse('hostname matches "(a+)+$"')
    began = time.process_time()
    assert not expression.test(Facts({12: b"a" * 255 + b"!"}, b""), ())
    assert time.process_time() - began < 1  # a backtracking matcher needs 2 to the power of 255 steps


def test_packet_that_cannot_be_judged_is_an_error_of_its_own() -> None:
    with pytest.raises(FactError):
        parse("architecture == 7").test(Facts({93: b"\0"}, b""), ())


def test_explanation_names_each_condition_and_what_was_there() -> None:
    findings = parse('vendor_class startswith "PXE" and architecture in (0, 6)').explain(CLIENT, ())
    assert [(f.condition, f.result, f.actual) for f in findings] == [
        ('vendor_class startswith "PXE"', True, "PXEClient:Arch:00007:UNDI:003016"),
        ("architecture in (0, 6)", False, "7, 9"),
    ]
    (broken,) = parse("architecture == 7").explain(Facts({93: b"\0"}, b""), ())
    assert broken.result is None


def test_renaming_touches_references_alone() -> None:
    text = r'class("a") or not class ( "a" ) or hostname == "a" or class("b")'
    assert (
        rename_class(text, "a", 'x"y') == r'class("x\"y") or not class ( "x\"y" ) or hostname == "a" or class("b")'
    )


@given(st.text(alphabet='abcdefgh "()=!<>andornotinclass[]0123456789.,\\_', max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
        return
    expression.explain(CLIENT, ())


@given(st.dictionaries(st.integers(1, 254), st.binary(max_size=40)), st.binary(max_size=16))
def test_any_packet_is_judged_or_an_error(options: dict[int, bytes], mac: bytes) -> None:
    expression = parse(
        'mac startswith "02" or client_id contains "x" or vendor_class matches "a*b" or user_class == "y" '
        'or hostname == "z" or architecture in (7, 9) or option[43].hex startswith "06"'
    )
    try:
        expression.test(Facts(options, mac), ())
    except FactError:
        assert len(options[93]) % 2 or not options[93]

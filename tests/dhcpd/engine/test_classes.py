"""Do classes reach the reply: options in their order, guards, drops; and are results kept right?"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dhcpd.engine.classes import Classifier, ClientClass
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision, decide
from dhcpd.engine.expressions import parse
from dhcpd.engine.facts import Facts
from dhcpd.engine.reasons import Reason
from dhcpd.engine.scopes import Layer, Scope, layer_of
from dhcpd.engine.snapshot import Pool, Reservation, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.options import STANDARD
from dhcpd.protocol.packet import Packet, decode

SERVER = parse_ipv4("10.0.0.1")
OPEN, KEPT = parse_ipv4("10.0.0.100"), parse_ipv4("10.0.0.200")
MAC, PHONE = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"


def layer(**options: str) -> Layer:
    """Return a layer from options such as o15="x"."""
    return Layer({int(name[1:]): value.encode() for name, value in options.items()})


def a_class(name: str, expression: str, settings: Layer | None = None, *, drop: bool = False) -> ClientClass:
    return ClientClass(hash(name), name, parse(expression), drop, settings)


@dataclass
class Server:
    """One subnet with an open pool and one kept for phones; asked packet by packet."""

    classes: list[ClientClass]
    pool_layer: Layer | None = None
    reservation_layer: Layer | None = None
    subnet_guard: str | None = None
    pool_guard: str | None = None
    table: Table = field(default_factory=Table)

    def __post_init__(self) -> None:
        base = Scope({1: b"\xff\xff\xff\0", 15: b"subnet", 17: b"subnet"})
        scope = base.under(self.pool_layer)
        pools = (Pool(1, 1, OPEN, OPEN + 9, scope), Pool(2, 1, KEPT, KEPT, base, self.pool_guard))
        subnet = Subnet(1, SERVER - 1, SERVER + 254, 1, base, pools, 600, 60, 600, guard=self.subnet_guard)
        reservations = {}
        if self.reservation_layer is not None:
            reservations[1, "mac", MAC] = Reservation(1, 1, OPEN, "", scope.under(self.reservation_layer))
        reserved = dict.fromkeys([OPEN], reservations[1, "mac", MAC]) if reservations else {}
        self.snapshot = Snapshot(
            1, (subnet,), {"eth0": 1}, {}, reservations, reserved, frozenset(),
            classes=Classifier(self.classes) if self.classes else None,
        )  # fmt: skip
        self.table.use(self.snapshot)

    def ask(self, kind: int = MessageType.DISCOVER, mac: bytes = MAC, **options: Any) -> Decision:
        sent = {53: bytes((kind,)), **{int(name[1:]): value for name, value in options.items()}}
        ingress = Ingress("eth0", SERVER, 0, 68, frozenset({SERVER}))
        packet = Packet(chaddr=mac, xid=1, options=sent)
        decision = decide(packet, ingress, self.snapshot, self.table, now=1000)
        self.table.apply(decision.changes)
        return decision

    def options(self, **options: Any) -> dict[int, bytes]:
        return answer(self.ask(**options)).options


def answer(decision: Decision) -> Packet:
    assert decision.reply is not None, decision.reason
    return decode(decision.reply)


def test_reservation_beats_pool_beats_class_beats_subnet() -> None:
    boot = a_class("boot", "option[60].exists", layer(o15="class", o17="class", o66="class", o67="class"))
    pool, reservation = layer(o66="pool", o67="pool"), layer(o67="reservation")
    server = Server([boot], pool, reservation)
    got = server.options(o60=b"x")
    assert [got[code] for code in (15, 66, 67)] == [b"class", b"pool", b"reservation"]
    without = server.options()
    assert [without[code] for code in (15, 66, 67)] == [b"subnet", b"pool", b"reservation"]


def test_of_two_classes_the_first_wins_and_the_others_fill_in() -> None:
    classes = [
        a_class("one", 'hostname startswith "a"', layer(o15="one")),
        a_class("two", 'hostname == "ab"', layer(o15="two", o66="two")),
        a_class("three", 'hostname == "other"', layer(o66="three")),
    ]
    got = Server(classes).options(o12=b"ab")
    assert (got[15], got[66]) == (b"one", b"two")


def test_answer_to_one_class_is_never_that_of_another() -> None:
    """The kept replies are those of a set of classes: the same question, asked by turns."""
    classes = [a_class("a", 'hostname == "a"', layer(o15="a")), a_class("b", 'hostname == "b"', layer(o15="b"))]
    server = Server(classes)
    for _ in range(3):
        for name in (b"a", b"b", b"c"):
            assert server.options(o12=name, o55=b"\x0f")[15] == (name if name != b"c" else b"subnet")


def test_dropped_class_gets_no_answer() -> None:
    server = Server([a_class("bad", f'mac == "{PHONE.hex(":")}"', drop=True)])
    assert server.ask(mac=PHONE).reason == Reason.DROP_CLASS
    assert server.ask(mac=MAC).reason == Reason.OFFERED


def test_guarded_pool_is_for_its_class_alone() -> None:
    server = Server([a_class("phones", 'vendor_class startswith "phone"')], pool_guard="phones")
    asked = KEPT.to_bytes(4, "big")
    assert answer(server.ask(o50=asked)).yiaddr == OPEN
    assert answer(server.ask(mac=PHONE, o50=asked, o60=b"phone 7")).yiaddr == KEPT


def test_client_that_left_the_class_of_its_pool_must_take_another_address() -> None:
    server = Server([a_class("phones", 'vendor_class startswith "phone"')], pool_guard="phones")
    kept: dict[str, Any] = {"o50": KEPT.to_bytes(4, "big")}
    server.ask(o60=b"phone", **kept)
    server.ask(MessageType.REQUEST, o60=b"phone", o54=SERVER.to_bytes(4, "big"), **kept)
    assert server.ask(MessageType.REQUEST, o60=b"phone", **kept).reason == Reason.RENEWED
    assert server.ask(MessageType.REQUEST, o60=b"desk", **kept).reason == Reason.NAK_NOT_AVAILABLE
    assert answer(server.ask(o60=b"desk")).yiaddr == OPEN


def test_guarded_subnet_is_silent_to_others() -> None:
    server = Server([a_class("phones", 'vendor_class startswith "phone"')], subnet_guard="phones")
    assert server.ask().reason == Reason.DROP_NOT_IN_CLASS
    assert server.ask(o60=b"phone").reason == Reason.OFFERED


def test_error_is_counted_each_time_and_is_no_match() -> None:
    classifier = Classifier([a_class("uefi", "architecture == 7"), a_class("rest", 'not class("uefi")')])
    for _ in range(3):
        assert classifier.match(Facts({93: b"\0"}, MAC)).names == {"rest"}
    assert classifier.errors == {"uefi": 3}


def test_equal_clients_share_one_result() -> None:
    classifier = Classifier([a_class("a", 'vendor_class == "x"')])
    first = classifier.match(Facts({60: b"x", 12: b"one"}, MAC))
    assert classifier.match(Facts({60: b"x", 12: b"two"}, PHONE)) is first
    assert classifier.match(Facts({60: b"y"}, MAC)) is not first


def test_classes_are_judged_after_those_that_they_refer_to() -> None:
    classes = [a_class("c", 'class("b")'), a_class("b", 'class("a")'), a_class("a", 'hostname == "a"')]
    assert Classifier(classes).match(Facts({12: b"a"}, MAC)).names == {"a", "b", "c"}


def test_class_in_a_circle_never_matches() -> None:
    classes = [a_class("a", 'not class("b")'), a_class("b", 'not class("a")'), a_class("c", "option[12].exists")]
    assert Classifier(classes).match(Facts({12: b"a"}, MAC)).names == {"c"}


@pytest.mark.parametrize("number", [2000, 5000])
def test_memory_of_results_is_bounded(number: int) -> None:
    classifier = Classifier([a_class("a", 'hostname startswith "h"')])
    for index in range(number):
        classifier.match(Facts({12: f"h{index}".encode()}, MAC))
    assert len(classifier._results) <= 2048


def test_boot_fields_are_told_as_options_too() -> None:
    made = layer_of(STANDARD, [], "10.0.0.5", None, "boot.efi")
    assert made is not None
    assert made.options == {66: b"10.0.0.5", 67: b"boot.efi"}
    assert (made.siaddr, made.sname, made.file) == (parse_ipv4("10.0.0.5"), None, b"boot.efi")
    own = layer_of(STANDARD, [{"option": 67, "value": "http://x/y"}], None, "server", "boot.efi")
    assert own is not None
    assert own.options == {66: b"server", 67: b"http://x/y"}
    assert layer_of(STANDARD, []) is None


def test_more_specific_row_decides_whether_an_option_is_always_sent() -> None:
    scope = Scope({}).under(Layer({15: b"a"}, frozenset({15}))).under(Layer({15: b"b"}))
    assert scope.always == frozenset()

"""What must hold for any octets that arrive: a named outcome, never an exception, and a reply that can be read?"""

from typing import Final

from dhcpd.engine.classes import Classifier, ClientClass
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision, decide
from dhcpd.engine.expressions import parse
from dhcpd.engine.reasons import explain
from dhcpd.engine.scopes import Layer
from dhcpd.engine.snapshot import BOOTP, KNOWN, Denied, Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import decode
from tests.e2e.conformance.wire import Reply

SERVER: Final = 0x0A000001
NOW: Final = 1_800_000_000
FRESH_AFTER: Final = 2_000
"""Inputs after which the table is emptied: long enough for full pools, short enough to reproduce a find."""
INGRESSES: Final = (
    Ingress("eth0", SERVER, 0, 68, frozenset({SERVER})),
    Ingress("eth1", 0x0A020001, 0x0A010001, 67, frozenset({SERVER, 0x0A020001})),
    Ingress("eth2", 0, 0x0A010001, 40000, frozenset({SERVER})),
    Ingress("lo", 0x7F000001, 0x7F000001, 50000, frozenset({SERVER})),
)
EXPRESSIONS: Final = {
    "pxe": 'vendor_class startswith "PXEClient" and architecture in (7, 9)',
    "phones": 'option[60].text contains "phone" or user_class == "voip"',
    "ports": 'circuit_id == "eth-7" or remote_id startswith "modem" or subscriber_id matches "c[0-9]+"',
    "both": 'class("pxe") and not class("phones")',
    "odd": 'option[12].exists and option[12].hex startswith "00" or mac == "02:00:00:00:00:01"',
    "unwanted": 'hostname == "unwanted"',
}


def _classes() -> Classifier:
    layers = {"pxe": Layer({67: b"ipxe.efi"}, frozenset({67}), SERVER, b"boot", b"ipxe.efi"),
              "phones": Layer({150: b"\x0a\0\0\x09"}, frozenset({150}))}  # fmt: skip
    return Classifier(
        [
            ClientClass(number, name, parse(words), name == "unwanted", layers.get(name))
            for number, (name, words) in enumerate(EXPRESSIONS.items(), 1)
        ]
    )


def _subnet(number: int, link: int, scope: Scope, size: int, **flags: object) -> Subnet:
    first = 0x0A000000 + (number << 16)
    pools = (
        Pool(number, number, first + 100, first + 100 + size, scope),
        Pool(number + 20, number, first + 200, first + 203, scope, guard="pxe"),
        Pool(number + 40, number, first + 210, first + 213, scope, clients=KNOWN),
        Pool(number + 60, number, first + 220, first + 223, scope, clients=BOOTP),
    )
    return Subnet(number, first, first + 255, link, scope, pools, 3600, 60, 0xFFFFFFFF, **flags)  # type: ignore[arg-type]  # passed on


def rich_snapshot() -> Snapshot:
    """Return a configuration in which every feature is on somewhere."""
    small = Scope({1: b"\xff\xff\xff\0", 3: b"\x0a\0\0\1", 6: b"\x08\x08\x08\x08" * 2, 15: b"example.org"})
    long = {code: bytes(range(60)) for code in range(60, 80) if code != 61}
    big = Scope(
        {**small.options, **long, 121: bytes(300), 119: b"\3abc\0" * 70, 108: b"\0\0\7\10"}, frozenset({119})
    )
    boot = Scope(dict(small.options), frozenset({15}), SERVER, b"s" * 63, b"f" * 127)
    subnets = (
        _subnet(0, 1, small, 3, rapid_commit=True, bootp=True),
        _subnet(1, 2, big, 3, authoritative=False, ping_check=True),
        _subnet(2, 3, boot, 40, ignore_client_id=True, bootp=True, min_secs=2, offer_delay_ms=5),
        _subnet(3, 1, boot, 1, known_only=True),
        _subnet(4, 4, small, 1, random_macs="deny", guard="both"),
        _subnet(5, 5, small, 1, dhcp_enabled=False),
    )
    kinds = {"mac": b"\2\0\0\0\0\1", "client_id": b"\xff\1", "circuit_id": b"eth-7", "remote_id": b"modem",
             "subscriber_id": b"c1", "relay_id": b"\0\3", "duid": b"\0\1\2\3"}  # fmt: skip
    made = {kind: Reservation(n, n % 4, 0x0A000005 + n + ((n % 4) << 16), f"host-{n}", (small, boot)[n % 2])
            for n, kind in enumerate(kinds, 1)}  # fmt: skip
    keys = {(r.subnet_id, kind, kinds[kind]): r for kind, r in made.items()}
    by_ip = {r.ip: r for r in made.values() if r.ip is not None}
    return Snapshot(
        1,
        subnets,
        {"eth0": 1, "eth1": 3, "lo": 1},
        {0x0A090001: 2},
        keys,
        by_ip,
        frozenset({0x0A000064, 0x0A010064}),
        classes=_classes(),
        denied=Denied([b"\2\xde"]),
        leasequery=((0x0A000000, 0x0AFFFFFF),),
    )


class Target:
    """The worker's path for one datagram without its sockets; one object for a whole run."""

    def __init__(self) -> None:
        self.snapshot = rich_snapshot()
        self.inputs = 0
        self.now = NOW
        self.table = Table()

    def judge(self, data: bytes) -> str:
        """Return the outcome's name; fails when a promise is broken. The first octet chooses how it comes in."""
        if self.inputs % FRESH_AFTER == 0:
            self.table, self.now = Table(), NOW
            self.table.use(self.snapshot)
        self.inputs += 1
        self.now += data[0] >> 4 if data else 1
        self.table.expire(self.now, limit=100)
        ingress = INGRESSES[data[0] & 3] if data else INGRESSES[0]
        try:
            packet = decode(data[1:])
        except DecodeError as error:
            return error.code
        decision = decide(packet, ingress, self.snapshot, self.table, now=self.now)
        assert explain(decision.reason)
        self.table.apply(decision.changes)
        if decision.reply is not None:
            self.read(decision)
        return decision.reason

    def read(self, decision: Decision) -> None:
        """Read the reply as a client does, and as the independent reader does."""
        assert decision.reply is not None
        assert decision.destination is not None
        assert 300 <= len(decision.reply) <= 65507
        ours = decode(decision.reply)
        theirs = Reply(b"", "", "", 67, decision.destination.port, True, decision.reply)
        seen = {code: theirs.get(code) for code in theirs.codes if code != 52}
        assert ours.options == seen, "two readers see two messages"
        assert (ours.op, ours.xid) == (2, theirs.xid)

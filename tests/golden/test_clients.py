"""Do real clients' packets, captured once, still get the same answer to the octet?

requests.json: what busybox udhcpc, ISC dhclient and dhcpcd sent in a network namespace, OVMF's PXE ROM and iPXE in
a virtual machine (UDP payloads). replies.json: what they must get from the configuration below.
"""

import json
from pathlib import Path

import pytest

from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import decide
from dhcpd.engine.snapshot import Pool, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.packet import decode
from tests.e2e.conformance.wire import ACK, OFFER, Reply

FOLDER = Path(__file__).parent
REQUESTS: dict[str, list[str]] = json.loads((FOLDER / "requests.json").read_text())
SERVER = parse_ipv4("10.77.0.1")
NOW = 1_800_000_000


def replay(client: str) -> list[str]:
    """Return the replies to a client's messages, in hexadecimal digits."""
    options = {1: b"\xff\xff\xfc\0", 3: b"\x0a\x4d\0\1", 6: b"\xc0\0\2\x35", 15: b"test.example", 26: b"\x05\x78"}
    scope = Scope(options)
    first = parse_ipv4("10.77.0.0")
    pools = (Pool(1, 1, first + 100, first + 999, scope),)
    subnet = Subnet(1, first, first + 1023, 1, scope, pools, 3600, 60, 7200)
    snapshot = Snapshot(1, (subnet,), {"s0": 1}, {}, {}, {}, frozenset())
    table = Table()
    table.use(snapshot)
    ingress = Ingress("s0", SERVER, 0, 68, frozenset({SERVER}))
    replies = []
    for request in REQUESTS[client]:
        decision = decide(decode(bytes.fromhex(request)), ingress, snapshot, table, now=NOW)
        table.apply(decision.changes)
        assert decision.reply is not None, decision.reason
        replies.append(decision.reply.hex())
    return replies


@pytest.mark.parametrize("client", REQUESTS)
def test_real_client_gets_the_same_octets(client: str) -> None:
    expected: dict[str, list[str]] = json.loads((FOLDER / "replies.json").read_text())
    assert replay(client) == expected[client]


@pytest.mark.parametrize("client", REQUESTS)
def test_replies_are_what_the_client_asked_for(client: str) -> None:
    offer, ack = (Reply(b"", "", "", 67, 68, True, bytes.fromhex(reply)) for reply in replay(client))
    assert (offer.type, ack.type) == (OFFER, ACK)
    asked = Reply(b"", "", "", 68, 67, True, bytes.fromhex(REQUESTS[client][1]))
    assert (ack.xid, ack.chaddr, ack.flags) == (asked.xid, asked.chaddr, asked.flags)
    assert ack.yiaddr == ".".join(map(str, asked[50]))
    wanted = [code for code in asked[55] if code in ack.codes and code not in (51, 54, 1)]
    assert [code for code in ack.codes if code in wanted] == wanted
    assert ack.get(61) == asked.get(61)
    assert ack.get(97) == asked.get(97)

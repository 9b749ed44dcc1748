"""RFC 2131 §2.2 and §4.3.1: is an address that somebody uses kept from being offered?"""

from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.wire import ACK, DISCOVER, NAK


def test_address_in_use_is_not_offered(client: NewClient) -> None:
    """RFC 2131 §2.2, §4.3.1: SHOULD probe the address (ICMP echo) before it allocates it."""
    host = client("probed")
    host.lab.ip(host.lab.relay, "addr", "add", "10.58.0.100/32", "dev", "lo")
    assert host.discover().yiaddr in ("10.58.0.101", "10.58.0.102", "10.58.0.103")


def test_others_are_served_while_a_probe_runs(client: NewClient) -> None:
    """RFC 2131 §2.2: a probe is a question: nobody else waits for its answer."""
    waiting, other = client("probed"), client("plain")
    xid = waiting.send(DISCOVER)
    assert other.lease().type == ACK
    assert not waiting.wire.waiting.get(xid)
    reply = waiting.wire.take(xid)
    assert reply is not None
    assert waiting.network.pooled(reply.yiaddr)


def test_no_probe_for_what_the_client_has(client: NewClient) -> None:
    """RFC 2131 §3.2: servers SHOULD NOT check an address for a client that comes back with it."""
    host = client("probed")
    ack = host.lease()
    host.lab.ip(host.lab.relay, "addr", "add", f"{ack.yiaddr}/32", "dev", "lo")
    assert host.reboot(ack.yiaddr).type == ACK
    assert host.reboot("192.168.9.9").type == NAK

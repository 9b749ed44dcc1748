"""Do probes, rapid commit, BOOTP, leasequery and option 82 work on a wire, with real clients and frames?"""

import sys
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Network, run, wait
from tests.e2e.test_clients import start_dhcpcd, start_udhcpc

pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("network")]

TALK = """
import socket, sys
from dhcpd.protocol.constants import MessageType as T
from dhcpd.protocol.packet import Packet, decode, encode
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
def number(text): return int.from_bytes(socket.inet_aton(text), "big")
def ask(to, packet, limit=548):
    udp.settimeout(5)
    udp.sendto(encode(packet, limit_bytes=limit, order=()).data, (to, 67))
    return decode(udp.recv(4096))
"""
BOOTP = (
    TALK
    + """
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\\0")
udp.bind(("0.0.0.0", 68))
reply = ask("255.255.255.255", Packet(xid=5, flags=0x8000, chaddr=bytes.fromhex(sys.argv[1])))
print(socket.inet_ntoa(reply.yiaddr.to_bytes(4, "big")), reply.message_type, sorted(reply.options))
"""
)
QUERY = (
    TALK
    + """
udp.bind(("10.30.0.2", 67))
asked = Packet(xid=6, giaddr=number("10.30.0.2"), ciaddr=number(sys.argv[1]), options={53: bytes((T.LEASEQUERY,))})
reply = ask("10.30.0.1", asked)
print(reply.message_type, reply.chaddr.hex(":"), 82 in reply.options)
"""
)


@pytest.fixture
def served(network: Network) -> Iterator[Network]:
    network.plan("10.20.0", lease_s=600)
    network.plan("10.40.0", lease_s=600)
    yield network


def change(network: Network, path: str, **fields: object) -> None:
    answer = network.api("PATCH", path, json=fields)
    assert answer.status_code == 200, answer.text
    wait(network.live, 10, "the revision on the worker")


def subnet_of(network: Network, cidr: str) -> int:
    return next(int(s["id"]) for s in network.api("GET", "/subnets").json()["items"] if s["cidr"] == cidr)


def counters(network: Network) -> dict[str, dict[str, int]]:
    return dict(network.api("GET", "/workers").json()["items"][0]["counters"])


def events(network: Network) -> list[str]:
    return [e["reason"] for e in network.api("GET", "/events").json()["items"]]


def test_address_in_use_on_the_link_becomes_a_conflict(served: Network) -> None:
    change(served, f"/subnets/{subnet_of(served, '10.20.0.0/24')}", ping_check=True)
    served.client.ip("link", "add", "squat", "link", "eth0", "type", "macvlan", "mode", "bridge")
    served.client.ip("link", "set", "squat", "netns", served.remote.space)
    served.remote.ip("addr", "add", "10.20.0.100/24", "dev", "squat")
    served.remote.ip("link", "set", "squat", "up")
    mac = served.remote.ip("link", "show", "squat").split("link/ether ")[1].split()[0]
    start_udhcpc(served.client)
    wait(lambda: served.client.has("eth0", "10.20.0.101/24"), 30, served.client.log() + served.server.log())
    found = served.api("GET", "/addresses/10.20.0.100").json()
    assert (found["state"], found["mac"]) == ("conflict", mac)
    assert found["last_seen"] is not None
    assert "conflict" in events(served)
    wait(lambda: counters(served)["waiting"]["probes_answered"] == 1, 5, "the counter")


def test_address_in_use_behind_a_relay_becomes_a_conflict(served: Network) -> None:
    change(served, f"/subnets/{subnet_of(served, '10.40.0.0/24')}", ping_check=True)
    served.relay.ip("addr", "add", "10.40.0.100/24", "dev", "down0")
    served.relay.start("dhcrelay", "-4", "-d", "-a", "-id", "down0", "-iu", "up0", "10.30.0.1")
    start_udhcpc(served.remote)
    wait(lambda: served.remote.has("eth0", "10.40.0.101/24"), 30, served.remote.log() + served.server.log())
    found = served.api("GET", "/addresses/10.40.0.100").json()
    assert (found["state"], found["mac"]) == ("conflict", None)


def test_dhcpcd_gets_its_address_by_rapid_commit(served: Network) -> None:
    """RFC 4039; Debian's dhcpcd asks for it."""
    change(served, "/settings", rapid_commit=True)
    start_dhcpcd(served.client)
    try:
        wait(lambda: served.client.has("eth0", "10.20.0.100/24"), 20, "the address")
    except AssertionError:
        raise AssertionError(served.client.log() + str(events(served))) from None
    assert "assigned-rapidly" in events(served)


def test_bootp_client_is_served_from_its_reservation(served: Network) -> None:
    change(served, f"/subnets/{subnet_of(served, '10.20.0.0/24')}", bootp=True)
    served.make("/reservations", identifiers=[{"type": "mac", "value": "02:b0:07:00:00:01"}], ip="10.20.0.9")
    wait(served.live, 10, "the revision on the worker")
    asked = served.client.line(sys.executable, "-c", BOOTP, "02b007000001")
    assert run(*asked, env=served.env, cwd=".").stdout.split(None, 2)[:2] == ["10.20.0.9", "None"]
    lease = served.leases(ip="10.20.0.9")[0]
    assert (lease["state"], lease["expires_at"]) == ("active", None)


def test_reservation_by_circuit_and_leasequery_through_dhcrelay(served: Network) -> None:
    """RFC 3046 §3.1: dhcrelay names its interface; RFC 4388: the relay asks back."""
    served.make("/reservations", identifiers=[{"type": "circuit_id", "value": "down0"}], ip="10.40.0.7")
    change(served, "/settings", leasequery_requesters=["10.30.0.2"])
    relay = served.relay.start("dhcrelay", "-4", "-d", "-a", "-id", "down0", "-iu", "up0", "10.30.0.1")
    start_udhcpc(served.remote)
    wait(lambda: served.remote.has("eth0", "10.40.0.7/24"), 30, served.remote.log() + served.server.log())
    relay.terminate()
    relay.wait(10)
    asked = served.relay.line(sys.executable, "-c", QUERY, "10.40.0.7")
    kind, mac, relayed = run(*asked, env=served.env, cwd=".").stdout.split()
    assert (kind, relayed) == ("13", "True")
    assert mac in served.remote.ip("link", "show", "eth0")

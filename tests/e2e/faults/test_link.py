"""Does service come back when an interface goes down, up, or is replaced?"""

import sys
import time

import pytest

from tests.e2e.conftest import Network, wait

pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("network")]


def served_after_s(net: Network) -> float:
    """Return how long a client that keeps asking waits for its lease."""
    began = time.monotonic()
    child = net.client.start("udhcpc", "-f", "-n", "-q", "-t", "30", "-T", "1", "-i", "eth0")
    assert child.wait(40) == 0, net.client.log() + net.server.log()
    return time.monotonic() - began


def test_service_returns_with_the_interface(network: Network) -> None:
    network.plan("10.20.0")
    served_after_s(network)
    network.server.ip("link", "set", "s0", "down")
    time.sleep(2)
    network.server.ip("link", "set", "s0", "up")
    up = served_after_s(network)
    network.server.ip("link", "del", "s0")
    wait(lambda: "s0" not in str(network.api("GET", "/workers").json()["items"][0]["interfaces"]), 15, "s0 gone")
    network.server.ip("link", "add", "s0", "type", "veth", "peer", "name", "eth0", "netns", network.client.space)
    network.server.ip("addr", "add", "10.20.0.1/24", "dev", "s0")
    network.server.ip("link", "set", "s0", "up")
    network.client.ip("link", "set", "eth0", "up")
    replaced = served_after_s(network)
    print(f"interface up again: served after {up:.1f} s; replaced: after {replaced:.1f} s", file=sys.stderr)

"""Do real clients get, keep and give back an address, on the link and through a relay?"""

import signal
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Host, Network, wait

pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("network")]


def start_dhclient(host: Host) -> Callable[[], object]:
    files = ("-lf", f"{host.folder}/dhclient.leases", "-pf", f"{host.folder}/dhclient.pid")
    host.start("dhclient", "-4", "-d", *files, "eth0")
    return lambda: host.start("dhclient", "-4", "-r", *files, "eth0").wait(20)


def start_udhcpc(host: Host) -> Callable[[], object]:
    child = host.start("udhcpc", "-f", "-i", "eth0", "-R", "-s", "/etc/udhcpc/default.script")
    return lambda: child.send_signal(signal.SIGTERM)


def start_dhcpcd(host: Host) -> Callable[[], object]:
    host.start("dhcpcd", "-4", "-B", "-A", "--nobackground", "eth0")
    # dhcpcd 9.4 now and then misses the signal that its own --release sends while it is busy: ask again.
    return lambda: any(host.start("dhcpcd", "-4", "--release", "eth0").wait(30) == 0 for _ in range(3))


CLIENTS = {"dhclient": start_dhclient, "udhcpc": start_udhcpc, "dhcpcd": start_dhcpcd}


def lives(network: Network, host: Host, prefix: str, start: Callable[[Host], Callable[[], object]]) -> None:
    """Get, look into the client's kernel, renew, release."""
    release = start(host)
    wait(lambda: host.has("eth0", f"{prefix}.100/24"), 30, f"the address\n{host.log()}\n{network.server.log()}")
    wait(lambda: f"default via {prefix}.1 dev eth0" in host.ip("route"), 10, host.log())
    wait(lambda: "192.0.2.53" in host.resolvers(), 10, f"the DNS server\n{host.log()}")
    lease = network.leases(state="active")[0]
    assert lease["ip"] == f"{prefix}.100"
    assert str(lease["mac"]) in host.ip("link", "show", "eth0")
    wait(lambda: network.leases(state="active")[0]["renewals"] != 0, 30, f"the renewal\n{host.log()}")
    release()
    wait(lambda: network.leases(state="released"), 20, f"the release\n{host.log()}")


@pytest.mark.parametrize("name", CLIENTS)
def test_client_on_the_link(network: Network, name: str) -> None:
    network.plan("10.20.0", lease_s=30)
    lives(network, network.client, "10.20.0", CLIENTS[name])


@pytest.mark.parametrize("name", CLIENTS)
def test_client_behind_a_relay(network: Network, name: str) -> None:
    network.plan("10.40.0", lease_s=30)
    network.relay.start("dhcrelay", "-4", "-d", "-a", "-id", "down0", "-iu", "up0", "10.30.0.1")
    lives(network, network.remote, "10.40.0", CLIENTS[name])


def test_reservation_takes_effect_at_the_next_renewal(network: Network) -> None:
    network.plan("10.20.0", lease_s=30)
    start_udhcpc(network.client)
    wait(lambda: network.client.has("eth0", "10.20.0.100/24"), 20, network.client.log())
    mac = network.leases()[0]["mac"]
    made = network.make("/reservations", identifiers=[{"type": "mac", "value": mac}], ip="10.20.0.7")
    assert network.api("GET", f"/reservations/{made}").json()["state"] == "waiting"
    wait(lambda: network.client.has("eth0", "10.20.0.7/24"), 30, network.client.log())
    assert network.api("GET", f"/reservations/{made}").json()["state"] == "active"

"""One server for the whole run, and clients of it."""

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conformance.lab import Client, Lab
from tests.e2e.conformance.scenario import LINK, NETWORKS, Network
from tests.e2e.conformance.servers.base import Server
from tests.e2e.conformance.servers.dhcpd import Dhcpd
from tests.e2e.conformance.servers.dnsmasq import Dnsmasq
from tests.e2e.conformance.servers.kea import Kea
from tests.e2e.conformance.servers.ours import Ours
from tests.e2e.conftest import needs_machine

SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (Ours, Kea, Dhcpd, Dnsmasq)}
SECTION = re.compile(r"RFC (\d+) (?:§|page |table |figure )")
NewClient = Callable[..., Client]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the cases in one process, which has one server; every case names its RFC and section."""
    for item in items:
        if "conformance" in item.nodeid and isinstance(item, pytest.Function):
            words = item.function.__doc__ or ""
            section = SECTION.search(words)
            assert section, f"{item.nodeid} does not say which section it holds"
            item.user_properties.append(("rfc", f"RFC {section[1]}"))
            item.add_marker(pytest.mark.needs_root)
            item.add_marker(pytest.mark.xdist_group("conformance"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    needs_machine("ip", "ethtool")
    made = Lab(tmp_path_factory.mktemp("conformance"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Server]:
    """The server under test, running."""
    made = SERVERS[request.config.getoption("--server")](lab)
    try:
        made.start()
        made.wait()
        yield made
    finally:
        made.stop()


@pytest.fixture(autouse=True)
def offered(request: pytest.FixtureRequest, server: Server) -> None:
    """Skip a case that asks for what the server does not have."""
    for mark in request.node.iter_markers("needs"):
        missing = set(mark.args) & server.lacks
        if missing:
            pytest.skip(f"not offered: {', '.join(missing)}")


@pytest.fixture
def client(lab: Lab, server: Server) -> NewClient:
    """Make clients: `client()` on the link, `client("plain")` behind the relay of that network."""

    def make(network: str | Network = LINK, mac: bytes | None = None) -> Client:
        chosen = NETWORKS[network] if isinstance(network, str) else network
        if not server.offers(chosen):
            pytest.skip(f"not offered: {chosen.needs}")
        return Client(lab, chosen, mac)

    return make


@pytest.fixture(scope="session")
def number() -> Callable[[], int]:
    """Return another small number each time."""
    counter = itertools.count(1)
    return lambda: next(counter)

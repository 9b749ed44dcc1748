"""Does a running worker serve on while subnets are split, merged and resized, without a client losing its lease?"""

import socket
import threading
from itertools import cycle

import pytest

from app.settings import Settings
from app.simulate import Simulation
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode, encode
from tests.builders import Product

RELAY = int.from_bytes(socket.inet_aton("10.9.0.1"), "big")
LATE_S = 5.0


class Renewals(threading.Thread):
    """Renews the leases of all clients, one after the other, until it is stopped."""

    def __init__(self, port: int, leases: dict[bytes, int]) -> None:
        super().__init__(daemon=True)
        self._leases = leases
        self._ended = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(LATE_S)
        self.done = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        for number, (mac, ip) in enumerate(cycle(self._leases.items())):
            if self._ended.is_set():
                return
            self._renew(number, mac, ip)

    def _renew(self, number: int, mac: bytes, ip: int) -> None:
        """Send a REQUEST in RENEWING state (RFC 2131 §4.3.2): ciaddr, neither option 50 nor 54."""
        options = {53: bytes((MessageType.REQUEST,))}
        packet = Packet(xid=number, giaddr=RELAY, hops=1, ciaddr=ip, chaddr=mac, options=options)
        self._socket.send(encode(packet, limit_bytes=548, order=()).data)
        try:
            answer = decode(self._socket.recv(9216))
        except TimeoutError:
            self.wrong.append(f"{ip:#x} got no answer")
            return
        if answer.message_type != MessageType.ACK or answer.yiaddr != ip:
            self.wrong.append(f"{ip:#x} got {answer.message_type} for {answer.yiaddr:#x}")
        self.done += 1

    def end(self) -> None:
        self._ended.set()
        self.join(2 * LATE_S)
        self._socket.close()


@pytest.fixture
def leased(product: Product) -> tuple[int, dict[bytes, int]]:
    """A /24 with a hundred leases on both sides of its middle, none on an edge of its halves."""
    subnet = product.plan("10.9.0.0/24", "10.9.0.70", "10.9.0.120")
    product.make_pool(subnet, "10.9.0.130", "10.9.0.200")
    product.wait(product.live)
    settings = Settings(database_url=product.env["LEASEBOARD_DATABASE_URL"], dhcp_port=product.dhcp_port)
    leases = Simulation(RELAY, settings.dhcp_port, 100, 200).run(lambda done: None).leases
    assert len(leases) == 100
    return subnet, leases


def test_no_client_loses_its_lease_while_its_subnet_is_divided(
    product: Product, leased: tuple[int, dict[bytes, int]]
) -> None:
    subnet, leases = leased
    renewals = Renewals(product.dhcp_port, leases)
    renewals.start()
    try:
        for what, body in (
            ("split", {"prefix_len": 25}), ("merge", None), ("resize", {"cidr": "10.9.0.0/23"}),
            ("resize", {"cidr": "10.9.0.0/24"}), ("split", {"at": "10.9.0.64"}),
        ):  # fmt: skip
            wish = body or {"subnets": others_of(product, subnet)}
            answer = product.api("POST", f"/subnets/{subnet}/{what}", json=wish)
            assert answer.status_code == 200, answer.text
            seen = renewals.done
            product.wait(product.live)
            product.wait(lambda seen=seen: renewals.done >= seen + 2 * len(leases) or renewals.wrong)
    finally:
        renewals.end()
    assert renewals.wrong == []
    rest = [product.api("GET", f"/subnets/{id_}").json()["usage"]["leased"] for id_ in others_of(product, subnet)]
    assert sum(rest) == 100


def others_of(product: Product, subnet: int) -> list[int]:
    return [row["id"] for row in product.api("GET", "/subnets").json()["items"] if row["id"] != subnet]


def test_reservation_ends_at_its_moment(product: Product) -> None:
    product.plan()
    identifiers = [{"type": "mac", "value": "02:00:00:00:00:01"}]
    wish = {"ip": "10.9.0.20", "identifiers": identifiers, "expires_at": "2020-01-01T00:00:00Z"}
    made = product.api("POST", "/reservations", json=wish)
    assert made.status_code == 201, made.text
    product.wait(lambda: product.api("GET", f"/reservations/{made.json()['id']}").status_code == 404, 40)

"""How does a newcomer see live leases without root and without a real network?

Clients with made-up MACs ask through a made-up relay: datagrams from a port of this host on loopback, with
giaddr set to an address of the subnet. The worker answers a loopback sender at the port that it sent from.
"""

import random
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from app.database import make_engine, make_session_factory, unit_of_work
from app.models import Pool, Subnet
from app.settings import Settings
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.packet import Packet, decode, encode

PATIENCE_S: Final = 4.0
"""A client asks again after this long (RFC 2131 §4.1 begins with 4 s too), TRIES times at most."""
TRIES: Final = 4
STARTS: Final = 3
"""A refused client begins again from DISCOVER, as RFC 2131 §4.4.1 wants it; after so many refusals it gives up."""
WANTED: Final = bytes((1, 3, 6, 15, 51, 54))


@dataclass(slots=True)
class Client:
    """One simulated device; it waits for an OFFER until it has one, then for the ACK."""

    mac: bytes
    xid: int
    offer: Packet | None = None
    asked_at: float = 0.0
    tries: int = 0
    starts: int = 1


@dataclass(slots=True)
class Outcome:
    """What came of all clients."""

    leases: dict[bytes, int] = field(default_factory=dict)
    refused: int = 0
    silent: int = 0


def find_relay(settings: Settings) -> int | None:
    """Return the gateway or first address of the first served subnet with a pool; None if there is none."""
    engine = make_engine(settings.database_url)
    with unit_of_work(make_session_factory(engine), writing=False) as session:
        query = (
            select(Subnet).join(Pool, Pool.subnet_id == Subnet.id).where(Subnet.dhcp_enabled).order_by(Subnet.id)
        )
        subnet = session.scalars(query).first()
    engine.dispose()
    return None if subnet is None else int(subnet.gateway or int(subnet.first) + 1)


class Simulation:
    """One UDP socket, many clients."""

    def __init__(self, relay: int, port: int, clients: int, rate: float) -> None:
        self._relay = relay
        self._server = ("127.0.0.1", port)
        self._rate = rate
        self._waiting: dict[int, Client] = {}
        seed = random.randrange(1 << 20)
        self._new = [
            Client(b"\x02" + ((seed << 20) + number).to_bytes(5, "big"), random.getrandbits(32))
            for number in range(clients)
        ]
        self._total = clients
        self.outcome = Outcome()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)

    def run(self, progress: object) -> Outcome:
        """Start clients at the rate and wait until each has an answer or has given up."""
        assert callable(progress)
        started, begun = time.monotonic(), 0
        with selectors.DefaultSelector() as selector, self._socket:
            selector.register(self._socket, selectors.EVENT_READ)
            while begun < self._total or self._waiting:
                due = min(self._total, int((time.monotonic() - started) * self._rate) + 1)
                for client in self._new[begun:due]:
                    self._waiting[client.xid] = client
                    self._ask(client)
                begun = due
                if selector.select(0.01):
                    self._receive()
                self._repeat()
                progress(len(self.outcome.leases))
        return self.outcome

    def _ask(self, client: Client) -> None:
        client.asked_at = time.monotonic()
        client.tries += 1
        options = {53: bytes((MessageType.DISCOVER,)), 55: WANTED, 82: b"\x01\x09simulated"}
        if client.offer is not None:
            chosen = {50: client.offer.yiaddr.to_bytes(4, "big"), 54: client.offer.options[54]}
            options = {**options, 53: bytes((MessageType.REQUEST,)), **chosen}
        options[12] = b"sim-" + client.mac[3:].hex().encode()
        packet = Packet(xid=client.xid, giaddr=self._relay, hops=1, chaddr=client.mac, options=options)
        try:
            self._socket.sendto(encode(packet, limit_bytes=548, order=()).data, self._server)
        except (BlockingIOError, ConnectionRefusedError):
            return  # asked again when the patience ends

    def _receive(self) -> None:
        while True:
            try:
                data = self._socket.recv(9216)
            except (BlockingIOError, ConnectionRefusedError):
                return
            try:
                packet = decode(data)
            except DecodeError:
                continue
            client = self._waiting.get(packet.xid)
            if client is not None and packet.chaddr == client.mac:
                self._take(client, packet)

    def _take(self, client: Client, packet: Packet) -> None:
        if packet.message_type == MessageType.OFFER and client.offer is None:
            client.offer, client.tries = packet, 0
            self._ask(client)
        elif packet.message_type == MessageType.ACK:
            self.outcome.leases[client.mac] = packet.yiaddr
            del self._waiting[client.xid]
        elif packet.message_type == MessageType.NAK:
            self._begin_again(client)

    def _begin_again(self, client: Client) -> None:
        if client.starts >= STARTS:
            self.outcome.refused += 1
            del self._waiting[client.xid]
            return
        client.starts += 1
        client.offer, client.tries = None, 0
        self._ask(client)

    def _repeat(self) -> None:
        now = time.monotonic()
        for client in [c for c in self._waiting.values() if now - c.asked_at > PATIENCE_S]:
            if client.tries >= TRIES:
                self.outcome.silent += 1
                del self._waiting[client.xid]
            else:
                self._ask(client)

"""Clients that keep coming while something fails, and remember what they were told."""

import random
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode, encode
from tests.builders import LIMIT_BYTES, Product

PATIENCE_S: Final = 2.0


@dataclass
class Arrivals:
    """Newcomers behind a simulated relay, `rate` a second, until `stop`; told = address -> MAC of each ACK."""

    product: Product
    relay: int
    rate: float = 20.0
    told: dict[int, bytes] = field(default_factory=dict)
    answered: list[tuple[float, float]] = field(default_factory=list)
    """(when the client came, how long it took to its ACK), in seconds."""
    gave_up: list[float] = field(default_factory=list)

    def __enter__(self) -> "Arrivals":
        self._stop = threading.Event()
        self._waiting: dict[int, tuple[float, bytes]] = {}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._udp.bind(("127.0.0.1", 0))
        due = time.monotonic()
        while not self._stop.is_set():
            if time.monotonic() >= due:
                due += 1 / self.rate
                xid, mac = random.getrandbits(32), b"\x02" + random.randbytes(5)
                self._waiting[xid] = (time.monotonic(), mac)
                self._send(xid, mac, {53: bytes((MessageType.DISCOVER,))})
            if select.select([self._udp], [], [], max(0.0, min(0.02, due - time.monotonic())))[0]:
                self._receive()
            self._forget()
        self._udp.close()

    def _send(self, xid: int, mac: bytes, options: dict[int, bytes]) -> None:
        asked = Packet(xid=xid, chaddr=mac, giaddr=self.relay, options=options)
        data = encode(asked, limit_bytes=LIMIT_BYTES, order=()).data
        self._udp.sendto(data, ("127.0.0.1", self.product.dhcp_port))

    def _receive(self) -> None:
        reply = decode(self._udp.recv(2048))
        if reply.xid not in self._waiting:
            return
        came, mac = self._waiting[reply.xid]
        if reply.message_type == MessageType.OFFER:
            named = {50: reply.yiaddr.to_bytes(4, "big"), 54: reply.options[54]}
            self._send(reply.xid, mac, {53: bytes((MessageType.REQUEST,)), **named})
        elif reply.message_type == MessageType.ACK:
            self.told[reply.yiaddr] = mac
            self.answered.append((came, time.monotonic() - came))
            del self._waiting[reply.xid]

    def _forget(self) -> None:
        now = time.monotonic()
        for xid in [xid for xid, (came, _) in self._waiting.items() if came + PATIENCE_S < now]:
            self.gave_up.append(self._waiting.pop(xid)[0])

    # --- what was seen ---

    def served_since(self, moment: float) -> int:
        return sum(came >= moment for came, _ in self.answered)

    def delays_ms(self, since: float, until: float) -> tuple[float, float]:
        """Return the median and the longest time from a client's DISCOVER to its ACK."""
        found = sorted(took for came, took in self.answered if since <= came < until)
        return (found[len(found) // 2] * 1000, found[-1] * 1000) if found else (float("nan"), float("nan"))

    def first_served_after(self, moment: float) -> float:
        """Return after how many seconds a client that came later was served."""
        return min(came + took for came, took in self.answered if came + took > moment) - moment

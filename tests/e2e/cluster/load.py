"""Clients that lose nothing from sight: who got which address, when, from whom, and how long was nobody answered?

`python -m tests.e2e.cluster.load SERVERS RELAY RATE SECONDS OUTPUT` sends newcomers at a rate, as a relay of
several servers does, lets each renew at half its lease time, and writes every ACK as a line of JSON.
"""

import heapq
import json
import random
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode, encode

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 4.0
DRAIN_S: Final = 20.0
"""After the last newcomer the unanswered ones go on trying for this long."""


@dataclass(slots=True)
class Client:
    """One device: it discovers, takes the first offer, and renews; `server` None = any."""

    mac: bytes
    xid: int
    kind: MessageType = MessageType.DISCOVER
    offered: int = 0
    address: int = 0
    server: int = 0
    lease_s: int = 0
    began_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    serial: int = 0


@dataclass
class Load:
    """All clients behind one relay address."""

    servers: list[str]
    relay: str
    rate: float
    seconds: float
    out: Path
    clients: dict[int, Client] = field(default_factory=dict)
    timers: list[tuple[float, int, int]] = field(default_factory=list)
    acks: list[tuple[float, str, int, str, int]] = field(default_factory=list)
    naks: int = 0

    def run(self) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind((self.relay, 67))
        start = time.time()
        born = 0
        while (now := time.time()) < start + self.seconds + DRAIN_S:
            while born < min(now - start, self.seconds) * self.rate:
                self.bear(now)
                born += 1
            if now > start + self.seconds and all(c.address for c in self.clients.values()):
                break
            self.run_timers(now)
            if select.select([self.udp], [], [], 0.005)[0]:
                self.receive()
        self.report(start)

    def bear(self, now: float) -> None:
        xid = random.getrandbits(32)
        mac = b"\x02" + random.randbytes(5)
        self.clients[xid] = Client(mac, xid, began_at=now)
        self.ask(self.clients[xid], now)

    def ask(self, client: Client, now: float) -> None:
        """Send what the client wants now, and come back to it when it was not answered."""
        client.serial += 1
        heapq.heappush(self.timers, (now + client.wait_s, client.xid, client.serial))
        client.wait_s = min(client.wait_s * 2, LONGEST_WAIT_S)
        options = {53: bytes((client.kind,))}
        if client.offered:
            options |= {50: client.offered.to_bytes(4, "big"), 54: client.server.to_bytes(4, "big")}
        giaddr = int(IPv4Address(self.relay))
        asked = Packet(
            xid=client.xid,
            secs=int(now - client.began_at),
            ciaddr=client.address,
            giaddr=giaddr,
            chaddr=client.mac,
            options=options,
        )
        data = encode(asked, limit_bytes=548, order=()).data
        renewing = client.address and now - client.began_at < client.lease_s * 3 / 8
        known = [str(IPv4Address(client.server))] if renewing else self.servers
        for server in known:
            try:
                self.udp.sendto(data, (server, 67))
            except OSError:
                continue  # no route: that host is cut off

    def run_timers(self, now: float) -> None:
        while self.timers and self.timers[0][0] <= now:
            _, xid, serial = heapq.heappop(self.timers)
            client = self.clients[xid]
            if client.serial != serial:
                continue
            if client.kind == MessageType.REQUEST and not client.address and now - client.began_at > 5:
                client.kind, client.offered, client.server = MessageType.DISCOVER, 0, 0
            self.ask(client, now)

    def receive(self) -> None:
        for _ in range(500):
            try:
                data = self.udp.recv(2048)
            except BlockingIOError:
                return
            reply = decode(data)
            client = self.clients.get(reply.xid)
            if client is not None:
                self.take(client, reply, time.time())

    def take(self, client: Client, reply: Packet, now: float) -> None:
        server = int.from_bytes(reply.options[54], "big")
        if reply.message_type == MessageType.OFFER and client.kind == MessageType.DISCOVER:
            client.kind, client.offered, client.server = MessageType.REQUEST, reply.yiaddr, server
            client.wait_s = FIRST_WAIT_S
            self.ask(client, now)
        elif reply.message_type == MessageType.ACK and client.kind == MessageType.REQUEST:
            client.lease_s = struct.unpack("!I", reply.options[51])[0]
            self.acks.append((now, client.mac.hex(), reply.yiaddr, str(IPv4Address(server)), client.lease_s))
            client.address, client.offered, client.server = reply.yiaddr, 0, server
            client.began_at, client.wait_s = now + client.lease_s / 2, FIRST_WAIT_S
            client.serial += 1
            heapq.heappush(self.timers, (client.began_at, client.xid, client.serial))
        elif reply.message_type == MessageType.NAK and client.kind == MessageType.REQUEST:
            self.naks += 1
            client.kind, client.address, client.offered, client.server = MessageType.DISCOVER, 0, 0, 0
            client.began_at, client.wait_s = now, FIRST_WAIT_S
            self.ask(client, now)

    def report(self, start: float) -> None:
        unanswered = sum(not client.address for client in self.clients.values())
        summary = {"clients": len(self.clients), "unanswered": unanswered, "naks": self.naks, "start": start}
        rows = [json.dumps(summary), *(json.dumps(ack) for ack in self.acks)]
        self.out.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    servers, relay, rate, seconds, out = sys.argv[1:]
    Load(servers.split(","), relay, float(rate), float(seconds), Path(out)).run()

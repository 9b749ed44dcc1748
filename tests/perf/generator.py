"""Simulated clients of ours: python -m tests.perf.generator relay|link|renew, in the clients' namespace.

relay   new clients behind a relay, over UDP           DISCOVER OFFER REQUEST ACK
link    new clients without an address, raw frames     DISCOVER OFFER REQUEST ACK
renew   clients that hold a lease, behind a relay      REQUEST (ciaddr) ACK

Open loop: exchanges begin at the asked rate whatever the server does, and nothing is sent twice. Prints one
JSON object, the fields of `load.Sample`. Raw sockets see frames for every hardware address, so one process
can be any number of clients.
"""

import argparse
import json
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from tests.perf.lab import CLIENT_LINK, CLIENTS, SERVER

_BURST: Final = 32
_GRACE_S: Final = 0.2
_BUFFER_BYTES: Final = 1 << 23
_SO_RCVBUFFORCE: Final = 33
_XID: Final = 4
_CIADDR: Final = 12
_CHADDR: Final = 28
_OPTIONS: Final = 240
_OFFER, _ACK = 2, 5
_COOKIE: Final = b"\x63\x82\x53\x63"
_PARAMETERS: Final = b"\x37\x06\x01\x03\x06\x0f\x2a\x1c"
_SERVER_ID: Final = b"\x36\x04" + socket.inet_aton(SERVER)
_UDP_HEADERS: Final = 42
_XID_FIELD: Final = struct.Struct("!I")


def message(kind: bytes, giaddr: bytes, options: bytes) -> bytearray:
    """Return a client's message of 300 octets; option 53 comes first, then `options`, then the parameter list."""
    head = struct.pack(
        "!BBBBIHH4s4s4s4s", 1, 1, 6, 1 if any(giaddr) else 0, 0, 0, 0, bytes(4), bytes(4), bytes(4), giaddr
    )
    body = head + bytes(16 + 64 + 128) + _COOKIE + b"\x35\x01" + kind + options + _PARAMETERS + b"\xff"
    return bytearray(body.ljust(300, b"\0"))


class Wire:
    """A socket that sends messages of clients and yields the server's replies."""

    def __init__(self, giaddr: bytes) -> None:
        self.discover = message(b"\1", giaddr, b"")
        self.request = message(b"\3", giaddr, _SERVER_ID + b"\x32\x04" + bytes(4))
        self.renewal = message(b"\3", giaddr, b"")
        self.requested = self.request.index(b"\x32\x04", _OPTIONS) + 2
        self.head = 0

    def send(self, message: bytearray, mac: bytes, xid: int) -> None:
        """Send one message as the client `mac`."""
        message[_CHADDR : _CHADDR + 6] = mac
        _XID_FIELD.pack_into(message, _XID, xid)
        self.put(message, mac)

    def put(self, message: bytearray, mac: bytes) -> None:
        """Hand the octets to the kernel."""
        raise NotImplementedError

    socket: socket.socket


class RelayWire(Wire):
    """UDP from a relay's address; replies come back to its port 67."""

    def __init__(self) -> None:
        super().__init__(socket.inet_aton(CLIENTS))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self.socket.bind((CLIENTS, 67))
        self.socket.connect((SERVER, 67))
        self.socket.setblocking(False)

    def put(self, message: bytearray, mac: bytes) -> None:
        """Send it over UDP."""
        self.socket.send(message)


class LinkWire(Wire):
    """Ethernet frames from each client's own hardware address; any frame on the link is received."""

    def __init__(self) -> None:
        super().__init__(bytes(4))
        self.head = _UDP_HEADERS
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self.socket.bind((CLIENT_LINK, 0x0800))
        self.socket.setblocking(False)
        size = len(self.discover)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + size, 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xFFFF) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", 0xFFFF - total) + ip[12:]
        self._headers = ip + struct.pack("!HHHH", 68, 67, 8 + size, 0)

    def put(self, message: bytearray, mac: bytes) -> None:
        """Broadcast it in a frame, without a UDP checksum (RFC 768 allows zero)."""
        self.socket.send(b"\xff\xff\xff\xff\xff\xff" + mac + b"\x08\x00" + self._headers + message)


class Load:
    """Begins exchanges on time and carries each on as its replies come."""

    def __init__(self, wire: Wire, run: int) -> None:
        self.wire = wire
        self.addresses: dict[int, bytes] = {}
        self._prefix = bytes((2, 1, run & 0xFF))
        self._asked: dict[int, float] = {}
        self.delays: list[float] = []
        self.completed = 0

    def mac(self, number: int) -> bytes:
        """Return the hardware address of client `number`, below 2^24."""
        return self._prefix + number.to_bytes(3, "big")

    def begin(self, number: int) -> None:
        """Send a new client's DISCOVER; xids are even for DISCOVER, odd for REQUEST."""
        self._asked[number * 2] = time.perf_counter()
        self.wire.send(self.wire.discover, self.mac(number), number * 2)

    def renew(self, number: int, client: int) -> None:
        """Send the REQUEST of a client that holds a lease."""
        self.wire.renewal[_CIADDR : _CIADDR + 4] = self.addresses[client]
        self._asked[number * 2 + 1] = time.perf_counter()
        self.wire.send(self.wire.renewal, self.mac(client), number * 2 + 1)

    def take(self, data: bytes) -> None:
        """Take a reply in; an OFFER is answered with a REQUEST at once."""
        head = self.wire.head
        if len(data) < head + _OPTIONS + 3 or data[head : head + 1] != b"\2":
            return
        xid = int.from_bytes(data[head + _XID : head + _XID + 4], "big")
        asked = self._asked.pop(xid, None)
        if asked is None:
            return
        kind = data[head + _OPTIONS + 2]
        if kind == _OFFER and not xid & 1:
            self.delays.append(time.perf_counter() - asked)
            request, at = self.wire.request, self.wire.requested
            request[at : at + 4] = data[head + 16 : head + 20]
            self._asked[xid + 1] = time.perf_counter()
            self.wire.send(request, self.mac(xid >> 1), xid + 1)
        elif kind == _ACK and xid & 1:
            self.delays.append(time.perf_counter() - asked)
            self.completed += 1
            self.addresses.setdefault(xid >> 1, data[head + 16 : head + 20])

    def forget(self) -> None:
        """Begin to count anew; the addresses stay known."""
        self._asked.clear()
        self.delays.clear()
        self.completed = 0

    def drain(self) -> None:
        """Take in what has come, but not for so long that the next sending is late."""
        receive, take = self.wire.socket.recv, self.take
        try:
            for _ in range(_BURST * 2):
                take(receive(2048))
        except BlockingIOError:
            return

    def run(self, start: Callable[[int], None], rate: float, count: int, offset: int = 0) -> int:
        """Begin `count` exchanges at `rate` a second; return how many were begun in that time."""
        begun, began = 0, time.perf_counter()
        end = began + count / rate
        poll = select.poll()
        poll.register(self.wire.socket, select.POLLIN)
        while begun < count and (now := time.perf_counter()) < end:
            due = min(count, int((now - began) * rate) + 1, begun + _BURST)
            for number in range(begun, due):
                start(offset + number)
            begun = due
            self.drain()
            early_s = began + begun / rate - time.perf_counter()
            if early_s > 0:
                poll.poll(early_s * 1000)
        self._wait_for_the_last(poll)
        return begun

    def _wait_for_the_last(self, poll: select.poll) -> None:
        end = time.perf_counter() + _GRACE_S
        while self._asked and (left := end - time.perf_counter()) > 0:
            poll.poll(left * 1000)
            self.drain()


def _renewals(load: Load, rate: float, seconds: float, clients: int, lease_rate: float) -> int:
    """Give `clients` clients a lease at a gentle rate, then let them renew in turn."""
    load.run(load.begin, min(lease_rate, 2000), clients)
    held = sorted(load.addresses)
    if not held:
        raise SystemExit("no client got a lease")
    load.forget()
    return load.run(lambda n: load.renew(n, held[n % len(held)]), rate, int(rate * seconds), offset=clients)


def main() -> None:
    """Run one load and print what became of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("relay", "link", "renew"))
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--lease-rate", type=float, default=1000)
    parser.add_argument("--run", type=int, default=0)
    asked = parser.parse_args()
    load = Load(LinkWire() if asked.mode == "link" else RelayWire(), asked.run)
    if asked.mode == "renew":
        begun = _renewals(load, asked.rate, asked.seconds, asked.clients, asked.lease_rate)
    else:
        begun = load.run(load.begin, asked.rate, int(asked.rate * asked.seconds))
    delays = sorted(load.delays)
    at = [round(delays[int(len(delays) * share)] * 1000, 3) if delays else None for share in (0.5, 0.99)]
    longest = round(delays[-1] * 1000, 3) if delays else None
    sample = {"asked_rate": asked.rate, "seconds": asked.seconds, "begun": begun, "completed": load.completed}
    print(json.dumps({**sample, "p50_ms": at[0], "p99_ms": at[1], "max_ms": longest}))


if __name__ == "__main__":
    main()

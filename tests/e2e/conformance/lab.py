"""Which wires lead to the server, and how does a client speak on them?

    client eth0 --10.77.0.0/22-- s0 server s1 --10.30.0.0/24-- up0 relay (10.30.0.2, in front of 10.40 ... 10.63)

Both ends speak raw frames: the client's and the relay's kernels only answer ARP.
"""

import ctypes
import itertools
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.e2e.conformance import wire
from tests.e2e.conformance.scenario import LINK, NETWORKS, Network
from tests.e2e.conformance.wire import BROADCAST_MAC, Option, Reply

ANSWER_S = 3.0
"""A server that has not answered by then never will: the slowest, with a sync a lease, takes 0.05 s."""
CLONE_NEWNET = 0x40000000
ETH_P_IP = 0x0800
Made = TypeVar("Made")
_numbers = itertools.count(1)


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def inside(space: str, make: Callable[[], Made]) -> Made:
    """Return what `make` makes inside a network namespace; a socket stays there."""
    made: list[Made] = []

    def work() -> None:
        handle = os.open(f"/run/netns/{space}", os.O_RDONLY)
        try:
            assert ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET) == 0, os.strerror(
                ctypes.get_errno()
            )
            made.append(make())
        finally:
            os.close(handle)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert made, f"nothing was made inside {space}"
    return made[0]


class Wire:
    """The end of one cable: frames out, replies in, sorted by transaction."""

    def __init__(self, space: str, device: str, peer_mac: bytes) -> None:
        self.peer_mac = peer_mac
        self.socket = inside(space, lambda: self._open(device))
        self.waiting: dict[int, list[Reply]] = {}
        # They keep the kernel from telling the server that nobody listens.
        self.taken = [inside(space, lambda port=port: self._take(port)) for port in (67, 68)]  # type: ignore[misc]

    def _open(self, device: str) -> socket.socket:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        raw.bind((device, ETH_P_IP))
        return raw

    def _take(self, port: int) -> socket.socket:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", port))
        return udp

    def send(self, packet: bytes, source_mac: bytes, to_mac: bytes) -> None:
        self.socket.send(to_mac + source_mac + b"\x08\x00" + packet)

    def take(self, xid: int, seconds: float = ANSWER_S) -> Reply | None:
        """Return the next reply to a transaction; None when there is none in time."""
        deadline = time.monotonic() + seconds
        while not self.waiting.get(xid):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            frame, (_, _, kind, _, _) = self.socket.recvfrom(65535)
            reply = wire.read_frame(frame) if kind != socket.PACKET_OUTGOING else None
            if reply is not None:
                self.waiting.setdefault(reply.xid, []).append(reply)
        return self.waiting[xid].pop(0)

    def close(self) -> None:
        for opened in (self.socket, *self.taken):
            opened.close()


class Lab:
    """Three namespaces and the two cables between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server, self.client, self.relay = (f"lbc{os.getpid()}{end}" for end in "scr")
        for space in (self.server, self.client, self.relay):
            run("ip", "netns", "add", space)
            self.ip(space, "link", "set", "lo", "up")
        self._connect("s0", self.client, "eth0")
        self._connect("s1", self.relay, "up0")
        self.ip(self.server, "addr", "add", "10.77.0.1/22", "dev", "s0")
        self.ip(self.server, "addr", "add", "10.30.0.1/24", "dev", "s1")
        self.ip(self.server, "route", "add", "10.32.0.0/11", "via", "10.30.0.2")
        self.ip(self.relay, "addr", "add", "10.30.0.2/24", "dev", "up0")
        # The client's kernel answers ARP for every address that a client may have got.
        for part in ("10.77.0.64/26", "10.77.0.128/25", "10.77.1.0/24", "10.77.2.0/23"):
            self.ip(self.client, "route", "add", "local", part, "dev", "lo")
        self.link = Wire(self.client, "eth0", self._mac("s0"))
        self.relayed = Wire(self.relay, "up0", self._mac("s1"))

    def ip(self, space: str, *words: str) -> str:
        return run("ip", "-n", space, *words)

    def _connect(self, device: str, space: str, far: str) -> None:
        self.ip(self.server, "link", "add", device, "type", "veth", "peer", "name", far, "netns", space)
        self.ip(self.server, "link", "set", device, "up")
        self.ip(space, "link", "set", far, "up")
        run("ip", "netns", "exec", self.server, "ethtool", "-K", device, "tx", "off")  # real checksums

    def _mac(self, device: str) -> bytes:
        words = self.ip(self.server, "-br", "link", "show", "dev", device).split()
        return bytes.fromhex(words[2].replace(":", ""))

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program in the server's namespace; its words go to `log`."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.server, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}, start_new_session=True,
            )  # fmt: skip

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def close(self) -> None:
        self.link.close()
        self.relayed.close()
        for space in (self.client, self.relay, self.server):
            run("ip", "netns", "del", space)


class Client:
    """A host with a MAC of its own, on the link or behind a relay in front of another network."""

    def __init__(self, lab: Lab, network: Network, mac: bytes | None = None) -> None:
        number = next(_numbers)
        self.lab = lab
        self.network = network
        self.wire = lab.link if network is LINK else lab.relayed
        self.mac = b"\x02\x5c" + wire.u32(number) if mac is None else mac
        self.giaddr = "0.0.0.0" if network is LINK else network.at(1)
        self.always: list[Option] = []
        """Options of every message of this client: its identifier, the relay's option 82."""
        self.flags = wire.BROADCAST
        self.source_port = 68 if network is LINK else 67

    # --- sending ---

    def raw(self, payload: bytes, *, source: str | None = None, to: str | None = None) -> None:
        """Send a payload as this client or its relay does: broadcast on the link, by unicast from giaddr."""
        relayed = self.wire is self.lab.relayed
        source = source or (self.giaddr if relayed else "0.0.0.0")
        to = to or ("10.30.0.1" if relayed else "255.255.255.255")
        packet = wire.datagram(payload, source, to, self.source_port, 67)
        to_mac = BROADCAST_MAC if to == "255.255.255.255" else self.wire.peer_mac
        self.wire.send(packet, self.mac if len(self.mac) == 6 else b"\x02\x5c\0\0\0\0", to_mac)

    def message(self, kind: int, options: list[Option], **fields: object) -> tuple[int, bytes]:
        """Return the transaction number and the payload of a message of this client."""
        xid = fields.pop("xid", None) or 0x5C000000 + next(_numbers)
        relay_last = sorted([*options, *self.always], key=lambda option: option[0] == 82)
        given: dict[str, object] = {"flags": self.flags, "giaddr": self.giaddr, "chaddr": self.mac, **fields}
        return xid, wire.message([(53, bytes((kind,))), *relay_last], xid=xid, **given)  # type: ignore[arg-type,return-value]  # passed on

    def send(
        self, kind: int, *options: Option, source: str | None = None, to: str | None = None, **fields: object
    ) -> int:
        """Send a message; return its transaction number."""
        xid, payload = self.message(kind, list(options), **fields)
        self.raw(payload, source=source, to=to)
        return xid

    def ask(self, kind: int, *options: Option, **fields: object) -> Reply:
        """Send a message and return its answer; fails without one."""
        reply = self.wire.take(self.send(kind, *options, **fields))  # type: ignore[arg-type]  # passed on
        assert reply is not None, f"no answer to message type {kind}\n{self.lab.log()}"
        assert reply.sums_right, "a checksum is wrong (RFC 791 §3.1, RFC 768)"
        return reply

    def silence(self, kind: int, *options: Option, **fields: object) -> None:
        """Send a message that must not be answered."""
        self.unanswered(self.send(kind, *options, **fields))  # type: ignore[arg-type]  # passed on

    def unanswered(self, xid: int) -> None:
        """Fail if a reply to the transaction comes before the one to a later DISCOVER by the same way."""
        sentinel(self.lab, self.wire)
        reply = self.wire.waiting.pop(xid, None)
        assert not reply, f"answered with message type {reply[0].get(53)!r}"

    # --- conversations ---

    def discover(self, *options: Option, **fields: object) -> Reply:
        reply = self.ask(wire.DISCOVER, *options, **fields)
        assert reply.type == wire.OFFER, reply.type
        return reply

    def select(self, offer: Reply, *options: Option, **fields: object) -> Reply:
        """Take an offer (RFC 2131 §4.3.2, SELECTING)."""
        return self.ask(wire.REQUEST, (50, wire.ip(offer.yiaddr)), (54, offer[54]), *options, **fields)

    def lease(self, *options: Option, **fields: object) -> Reply:
        """Run the four messages; return the ACK."""
        ack = self.select(self.discover(*options, **fields), *options, **fields)
        assert ack.type == wire.ACK, ack.type
        return ack

    def reboot(self, address: str, *options: Option, **fields: object) -> Reply:
        """Ask to keep an address (RFC 2131 §4.3.2, INIT-REBOOT)."""
        return self.ask(wire.REQUEST, (50, wire.ip(address)), *options, **fields)

    def unicast(self, address: str, server_id: bytes | None = None) -> dict[str, object]:
        """Return the fields of a message that goes from the client's own address straight to the server."""
        server = "10.30.0.1" if self.wire is self.lab.relayed else "10.77.0.1"
        return {"ciaddr": address, "source": address, "to": server, "giaddr": "0.0.0.0", "flags": 0}

    def renew(self, address: str, *options: Option, **fields: object) -> Reply:
        """Ask by unicast to go on (RFC 2131 §4.3.2, RENEWING)."""
        self.source_port, port = 68, self.source_port
        try:
            return self.ask(wire.REQUEST, *options, **{**self.unicast(address), **fields})
        finally:
            self.source_port = port

    def rebind(self, address: str, *options: Option, **fields: object) -> Reply:
        """Ask by broadcast, or through the relay, to go on (RFC 2131 §4.3.2, REBINDING)."""
        return self.ask(wire.REQUEST, *options, ciaddr=address, **fields)

    def release(self, ack: Reply) -> None:
        self.send(wire.RELEASE, (54, ack[54]), **self.unicast(ack.yiaddr))  # type: ignore[arg-type]  # passed on
        sentinel(self.lab, self.wire)

    def decline(self, ack: Reply) -> None:
        self.send(wire.DECLINE, (50, wire.ip(ack.yiaddr)), (54, ack[54]))
        sentinel(self.lab, self.wire)


_sentinels: dict[int, bytes] = {}


def sentinel(lab: Lab, cable: Wire, seconds: float = ANSWER_S) -> None:
    """Return when the server has dealt with all that was sent by this way: it answers in order."""
    network = LINK if cable is lab.link else NETWORKS["plain"]
    mac = _sentinels.setdefault(id(cable), b"\x02\x5d" + wire.u32(next(_numbers)))
    client = Client(lab, network, mac)
    reply = cable.take(client.send(wire.DISCOVER), seconds)
    assert reply is not None, f"the server answers nobody any more\n{lab.log()}"

"""Does anybody use an address? Asked by ARP on the link and by ping behind a relay; nobody waits for the answer."""

import os
import socket
import time
from struct import pack
from typing import Final, NamedTuple

from dhcpd.adapters.shard import Instruction, attach_filter
from dhcpd.engine.probing import Probe
from dhcpd.protocol.arp import OPERATION_OFFSET, REPLY, decode_reply, encode_probe
from dhcpd.protocol.icmp import ECHO_REPLY, encode_echo, is_echo_reply

PROBE_WAIT_S: Final = 0.5
"""How long an answer is waited for: clients ask again after 3 s at the earliest."""
MAX_PROBES: Final = 256
"""Addresses probed at one time; with more of them the next are offered without a probe, and counted."""
MAX_READ: Final = 256
_ETH_P_ARP: Final = 0x0806
_ICMP_FILTER: Final = 1  # of SOL_RAW: bits of the types that are not wanted
_SOL_RAW: Final = 255
_ONLY_REPLIES: Final[list[Instruction]] = [
    (0x28, 0, 0, OPERATION_OFFSET),  # load the operation
    (0x15, 0, 1, REPLY),
    (0x06, 0, 0, 0xFFFFFFFF),
    (0x06, 0, 0, 0),
]


class Answer(NamedTuple):
    """The end of a probe: mac None = nobody answered in time; empty = a host that only a ping reached."""

    ip: int
    mac: bytes | None


class Prober:
    """Sockets that ask and listen. They are opened with the first question, and stay."""

    def __init__(self) -> None:
        self._arp: dict[str, socket.socket] = {}
        self._icmp: socket.socket | None = None
        self._identifier = os.getpid() & 0xFFFF
        self._asked: dict[int, tuple[float, Probe]] = {}  # in the order of time
        self.opened: list[socket.socket] = []
        self.counters = {"asked": 0, "answered": 0, "silent": 0, "unasked": 0}

    @property
    def outstanding(self) -> int:
        """How many addresses are being probed."""
        return len(self._asked)

    def ask(self, probe: Probe, interface_mac: bytes) -> bool:
        """Send the question; False when it can't be asked (too many at once, no right to, no route)."""
        if probe.ip in self._asked:
            return True
        try:
            if len(self._asked) >= MAX_PROBES:
                raise OSError("too many probes at once")
            if probe.relayed:
                self._ping().sendto(encode_echo(self._identifier, probe.ip & 0xFFFF), (_dotted(probe.ip), 0))
            else:
                self._link(probe.interface).send(encode_probe(probe.ip, interface_mac))
        except OSError:
            self.counters["unasked"] += 1
            return False
        self._asked[probe.ip] = (time.monotonic() + PROBE_WAIT_S, probe)
        self.counters["asked"] += 1
        return True

    def wait_s(self) -> float | None:
        """Return how long the oldest question still waits; None = there is none."""
        for moment, _ in self._asked.values():
            return max(0.0, moment - time.monotonic())
        return None

    def answers(self) -> list[Answer]:
        """Return the questions that ended since the last call; never waits."""
        found = [answer for raw in self._arp.values() for answer in self._read_arp(raw)]
        if self._icmp is not None:
            found += self._read_icmp(self._icmp)
        self.counters["answered"] += len(found)
        moment = time.monotonic()
        for ip in [ip for ip, (until, _) in self._asked.items() if until <= moment]:
            del self._asked[ip]
            self.counters["silent"] += 1
            found.append(Answer(ip, None))
        return found

    def _read_arp(self, raw: socket.socket) -> list[Answer]:
        found = []
        for frame in _read(raw):
            reply = decode_reply(frame)
            if reply is not None and reply.ip in self._asked:
                probe = self._asked[reply.ip][1]
                if not probe.relayed and reply.mac != probe.client:  # the client itself may use it still
                    del self._asked[reply.ip]
                    found.append(Answer(reply.ip, reply.mac))
        return found

    def _read_icmp(self, raw: socket.socket) -> list[Answer]:
        found = []
        for packet in _read(raw):
            ip = int.from_bytes(packet[12:16], "big")
            if is_echo_reply(packet, self._identifier) and ip in self._asked and self._asked[ip][1].relayed:
                del self._asked[ip]
                found.append(Answer(ip, b""))
        return found

    def _link(self, interface: str) -> socket.socket:
        raw = self._arp.get(interface)
        if raw is None:
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
            try:
                attach_filter(raw, _ONLY_REPLIES)
                raw.bind((interface, _ETH_P_ARP))
            except OSError:
                raw.close()
                raise
            self._arp[interface] = raw
            self.opened.append(raw)
        return raw

    def _ping(self) -> socket.socket:
        if self._icmp is None:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP)
            raw.setsockopt(_SOL_RAW, _ICMP_FILTER, pack("@I", 0xFFFFFFFF ^ (1 << ECHO_REPLY)))
            self._icmp = raw
            self.opened.append(raw)
        return self._icmp

    def forget(self, interfaces: set[str]) -> list[socket.socket]:
        """Close the sockets of interfaces that went; return them, for whoever waits on them."""
        gone = [self._arp.pop(name) for name in list(self._arp) if name not in interfaces]
        self.opened = [raw for raw in self.opened if raw not in gone]
        return gone

    def close(self) -> None:
        """Close everything."""
        for raw in self.opened:
            raw.close()


def _read(raw: socket.socket) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < MAX_READ:
        try:
            found.append(raw.recv(2048))
        except OSError:  # nothing more, or the interface went down
            break
    return found


def _dotted(ip: int) -> str:
    return socket.inet_ntoa(ip.to_bytes(4, "big"))

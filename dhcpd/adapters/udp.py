"""How do datagrams come in and replies go out?"""

import os
import select
import socket
from collections.abc import Sequence
from typing import Final

from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.shard import Shard, attach, attach_group
from dhcpd.engine.classify import Ingress
from dhcpd.engine.route import Destination
from dhcpd.protocol.addresses import format_ipv4
from dhcpd.protocol.frame import encode_frame

RECEIVE_BUFFER_BYTES: Final = 1 << 21
"""About 2,700 packets: what comes while the main thread is busy elsewhere for 50 ms."""
DATAGRAM_BYTES: Final = 65535
KEPT_ADDRESSES: Final = 1024
DRAIN: Final = 4096
"""Datagrams taken from the kernel at once: all that it has queued, so that the server chooses whom to shed."""


class Port:
    """A UDP socket on one interface, and a raw one for clients that have no address yet."""

    def __init__(
        self, interface: Interface, number: int, own: frozenset[int], *, device: bool, shard: Shard | None = None
    ) -> None:
        self.interface = interface
        self.number = number
        self.own = own
        self.server_ip = interface.addresses[0] if interface.addresses else 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shard else socket.SO_REUSEADDR, 1)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if device:
            name = interface.name.encode() + b"\0"
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
        if shard is not None:
            attach(self.udp, shard)
        self.udp.bind(("0.0.0.0", number))
        if shard is not None:
            attach_group(self.udp, shard.workers)
        self.raw = _open_raw(interface) if device and len(interface.mac) == 6 else None
        self._identification = 0
        self._ingress: dict[tuple[str, int], Ingress] = {}
        self._addresses: dict[Destination, tuple[str, int]] = {}

    def receive(self, limit: int) -> list[tuple["Port", bytes, Ingress]]:
        """Return what the kernel has queued, at most `limit` datagrams; never waits."""
        batch: list[tuple[Port, bytes, Ingress]] = []
        receive, known = self.udp.recvfrom, self._ingress
        try:
            while len(batch) < limit:
                data, address = receive(DATAGRAM_BYTES)
                batch.append((self, data, known.get(address) or self._meet(address)))
        except OSError:
            return batch  # nothing is left; or the interface went down: it is reopened by the next refresh
        return batch

    def _meet(self, address: tuple[str, int]) -> Ingress:
        """Return how datagrams of a sender come in; senders are few (relays, 0.0.0.0) and kept: 0.8 us each."""
        if len(self._ingress) >= KEPT_ADDRESSES:
            self._ingress.clear()
        host, port = address
        source = int.from_bytes(socket.inet_aton(host), "big")
        server_ip = self.server_ip or (source if source >> 24 == 127 else 0)
        made = self._ingress[address] = Ingress(self.interface.name, server_ip, source, port, self.own)
        return made

    def send(self, data: bytes, to: Destination) -> bool:
        """Send a reply; False when the kernel did not take it."""
        try:
            if to.mac is not None and self.raw is not None:
                self.raw.send(self._frame(data, to))
            else:
                self.udp.sendto(data, self._addresses.get(to) or self._address(to))
        except OSError:
            return False
        return True

    def _address(self, to: Destination) -> tuple[str, int]:
        """Return the socket address of a destination; what can't be sent as a raw frame is broadcast."""
        if len(self._addresses) >= KEPT_ADDRESSES:
            self._addresses.clear()
        ip = 0xFFFFFFFF if to.mac is not None else to.ip
        made = self._addresses[to] = (format_ipv4(ip), to.port)
        return made

    def _frame(self, data: bytes, to: Destination) -> bytes:
        self._identification = (self._identification + 1) & 0xFFFF
        assert to.mac is not None
        return encode_frame(
            source_mac=self.interface.mac,
            destination_mac=to.mac,
            source=self.server_ip,
            destination=to.ip,
            source_port=self.number,
            destination_port=to.port,
            payload=data,
            identification=self._identification,
        )

    def close(self) -> None:
        """Close both sockets."""
        self.udp.close()
        if self.raw is not None:
            self.raw.close()


def _open_raw(interface: Interface) -> socket.socket:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: sends only
    raw.bind((interface.name, 0))
    return raw


def may_bind_devices() -> bool:
    """Tell whether this process may serve clients on a link (raw frames need CAP_NET_RAW)."""
    if not hasattr(socket, "AF_PACKET"):
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except OSError:
        return False
    return True


class Ports:
    """Every port of the worker, waited on together, with a pipe that wakes the wait."""

    def __init__(self) -> None:
        self.ports: dict[int, Port] = {}
        self._poll = select.epoll()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._wake_read, select.EPOLLIN)

    def serve(
        self, interfaces: Sequence[Interface], number: int, *, device: bool, shard: Shard | None = None
    ) -> None:
        """Serve these interfaces at a port, instead of what was served before."""
        for port in list(self.ports.values()):
            self.remove(port)
        own = frozenset(address for interface in interfaces for address in interface.addresses)
        for interface in interfaces:
            self.add(Port(interface, number, own, device=device, shard=shard))

    def add(self, port: Port) -> None:
        """Serve one more port."""
        self.ports[port.udp.fileno()] = port
        self._poll.register(port.udp.fileno(), select.EPOLLIN)

    def remove(self, port: Port) -> None:
        """Stop serving a port."""
        self._poll.unregister(port.udp.fileno())
        del self.ports[port.udp.fileno()]
        port.close()

    def watch(self, descriptor: int) -> None:
        """End a wait when there is something to read for somebody else."""
        self._poll.register(descriptor, select.EPOLLIN)

    def unwatch(self, descriptor: int) -> None:
        """Wait for it no more; before it is closed."""
        self._poll.unregister(descriptor)

    def receive(self, timeout_s: float) -> list[tuple[Port, bytes, Ingress]]:
        """Wait at most `timeout_s`, then return what is queued on all ports, fairly shared."""
        ready = [fd for fd, _ in self._poll.poll(timeout_s)]
        batch: list[tuple[Port, bytes, Ingress]] = []
        share = max(1, DRAIN // max(1, len(ready)))
        for fd in ready:
            if fd == self._wake_read:
                os.read(fd, 1024)
                continue
            port = self.ports.get(fd)
            if port is not None:  # else it is watched for somebody else, who reads it
                batch += port.receive(share)
        return batch

    def wake(self) -> None:
        """End the present wait, from a signal handler or another thread."""
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already

    def close(self) -> None:
        """Close everything."""
        for port in list(self.ports.values()):
            self.remove(port)
        self._poll.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

"""Does each client's packet reach exactly one worker's socket?"""

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dhcpd.adapters.shard import Shard, attach, attach_group, shard_of
from dhcpd.engine.balance import FALLBACK_SECS
from dhcpd.protocol.packet import Packet, encode

COUNT = 3
CLIENTS = [bytes((2, 0, 0, 0, n >> 8, n & 255)) for n in range(150)]
ROOT = Path(__file__).resolve().parents[3]


def datagram(mac: bytes, secs: int = 0) -> bytes:
    return encode(Packet(chaddr=mac, secs=secs, options={53: b"\1"}), limit_bytes=548, order=()).data


def open_group(device: bytes | None, port: int) -> list[socket.socket]:
    group = []
    for number in range(COUNT):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if device:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
        attach(udp, Shard(number, COUNT))
        udp.bind(("0.0.0.0", port))
        attach_group(udp, COUNT)
        group.append(udp)
        port = udp.getsockname()[1]
    return group


def received(group: list[socket.socket]) -> Counter[tuple[int, bytes]]:
    """Return how often each (socket, client) was seen."""
    seen: Counter[tuple[int, bytes]] = Counter()
    while ready := select.select(group, [], [], 0.3)[0]:
        for udp in ready:
            seen[group.index(udp), udp.recv(2048)[28:34]] += 1
    return seen


def test_addresses_spread_evenly_over_the_workers() -> None:
    shares = Counter(shard_of(struct.pack("!HI", 0x0200, n), 4) for n in range(4000))
    assert all(800 < share < 1200 for share in shares.values()), shares


def test_a_unicast_reaches_the_socket_of_its_client() -> None:
    group = open_group(None, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for mac in CLIENTS:
            sender.sendto(datagram(mac), ("127.0.0.1", group[0].getsockname()[1]))
    assert received(group) == Counter((shard_of(mac, COUNT), mac) for mac in CLIENTS)
    for udp in group:
        udp.close()


@pytest.mark.needs_root
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and iproute2")
def test_a_broadcast_reaches_one_socket_and_a_waiting_client_all_of_them() -> None:
    """Run in namespaces of its own: limited and directed broadcasts over a veth pair."""
    here, there = (f"lbs{os.getpid()}{side}" for side in "ab")
    try:
        for command in (
            f"ip netns add {here}", f"ip netns add {there}",
            f"ip -n {here} link add s0 type veth peer name c0 netns {there}",
            f"ip -n {here} addr add 10.66.0.1/24 brd + dev s0", f"ip -n {there} addr add 10.66.0.2/24 brd + dev c0",
            f"ip -n {here} link set s0 up", f"ip -n {there} link set c0 up",
        ):  # fmt: skip
            subprocess.run(command.split(), check=True, timeout=20)
        for name in (here, there):
            subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True, timeout=20)
        test = [sys.executable, "-c", f"from {__name__} import exchange; exchange({there!r})"]
        line = ["ip", "netns", "exec", here, *test]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment, cwd=ROOT)
        assert done.returncode == 0, done.stderr
    finally:
        for name in (here, there):
            subprocess.run(["ip", "netns", "del", name], check=False, timeout=20)


def exchange(there: str) -> None:
    """Receive, in this namespace, what a sender in the other one broadcasts."""
    group = open_group(b"s0\0", 6767)
    for target in ("255.255.255.255", "10.66.0.255"):
        for secs, copies in ((0, 1), (FALLBACK_SECS, COUNT)):
            code = f"from {__name__} import broadcast; broadcast({target!r}, {secs})"
            subprocess.run(["ip", "netns", "exec", there, sys.executable, "-c", code], check=True, timeout=30)
            seen = received(group)
            wanted = Counter(
                (number, mac) for mac in CLIENTS for number in range(COUNT)
                if copies == COUNT or number == shard_of(mac, COUNT)
            )  # fmt: skip
            assert seen == wanted, (target, secs, len(seen), len(wanted))


def broadcast(target: str, secs: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"c0\0")
        for mac in CLIENTS:
            sender.sendto(datagram(mac, secs), (target, 6767))

"""What becomes of clients while one host makes up 50,000 hardware addresses a minute?

`python -m tests.e2e.starvation`: namespaces of its own, raw frames, the whole product on SQLite, four minutes.
There is a pool of 100 addresses; 30 clients are known: 20 have a lease and say so again (INIT-REBOOT), the
lease of 10 has ended and they come back. Every 3 s there is a new client, which asks again after 4 and 8 s as
real ones do. Printed: who was served, in what time, and what the pool looked like before and during, without
and with the defence.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine

from app.database import make_engine
from app.migrate import upgrade
from dhcpd.adapters.store import Store
from dhcpd.engine.leases import ACTIVE, RELEASED, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from tests.e2e.conftest import Network, wait

ATTACK_PER_MINUTE = 50_000
BEFORE_S, DURING_S = 10, 60
KNOWN_ACTIVE, KNOWN_ENDED = 20, 10
FIRST = 0x0A140064  # 10.20.0.100
HOUR_S = 3600

ATTACK = r"""
import os, socket, sys, time
from dhcpd.protocol.constants import MessageType as T
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.frame import decode_frame, encode_frame
from dhcpd.protocol.packet import Packet, decode, encode
rate, seconds = float(sys.argv[1]), float(sys.argv[2])
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(0x0800))
raw.bind(("eth0", 0x0800))
raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
def send(kind, mac, **options):
    said = {53: bytes((kind,)), **{int(k[1:]): v for k, v in options.items()}}
    packet = Packet(xid=int.from_bytes(mac[2:], "big"), chaddr=mac, options=said)
    payload = encode(packet, limit_bytes=548, order=()).data
    raw.send(encode_frame(source_mac=mac, destination_mac=b"\xff" * 6, source=0, destination=0xFFFFFFFF,
                          source_port=68, destination_port=67, payload=payload))
made = taken = 0
begun = time.monotonic()
while (passed := time.monotonic() - begun) < seconds:
    while made < passed * rate:
        made += 1
        send(T.DISCOVER, b"\x06" + os.urandom(5))
    while True:
        try:
            frame = raw.recv(2048)
        except BlockingIOError:
            break
        try:
            found = decode_frame(frame, verify_udp=False)
            reply = decode(found.payload) if found.source_port == 67 else None
        except DecodeError:
            continue
        if reply is not None and reply.chaddr[:1] == b"\x06":
            if reply.message_type == T.OFFER:
                send(T.REQUEST, reply.chaddr, o50=reply.yiaddr.to_bytes(4, "big"), o54=reply.options[54])
            taken += reply.message_type == T.ACK
    time.sleep(0.001)
print(made, taken)
"""

CLIENTS = r"""
import json, socket, sys, time
from dhcpd.protocol.constants import MessageType as T
from dhcpd.protocol.packet import Packet, decode, encode
seconds, active, ended, first, skip = (int(word) for word in sys.argv[1:6])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
udp.bind(("0.0.0.0", 68))
number, times = 0, []
def ask(kind, mac, patience=2.0, reply=True, ciaddr=0, **options):
    global number
    number += 1
    said = {53: bytes((kind,)), **{int(k[1:]): v for k, v in options.items()}}
    packet = Packet(xid=number, flags=0x8000, ciaddr=ciaddr, chaddr=mac, options=said)
    begun = time.monotonic()
    udp.sendto(encode(packet, limit_bytes=548, order=()).data, ("255.255.255.255", 67))
    while reply and (left := begun + patience - time.monotonic()) > 0:
        udp.settimeout(left)
        try:
            answer = decode(udp.recv(4096))
        except TimeoutError:
            return None
        if answer.xid == number and answer.chaddr == mac:
            times.append(time.monotonic() - begun)
            return answer
    return None
def take(mac, patience=2.0):
    offer = ask(T.DISCOVER, mac, patience)
    if offer is None:
        return None
    return ask(T.REQUEST, mac, o50=offer.yiaddr.to_bytes(4, "big"), o54=offer.options[54])
def mac_of(ip): return b"\2\0" + ip.to_bytes(4, "big")
found = {"reboots": [0, 0], "returns": [0, 0], "newcomers": [0, 0], "newcomer_s": []}
begun, turn, waiting = time.monotonic(), 0, {}
while time.monotonic() - begun < seconds:
    ip = first + turn % active
    answer = ask(T.REQUEST, mac_of(ip), o50=ip.to_bytes(4, "big"))
    found["reboots"][0] += answer is not None and answer.message_type == T.ACK
    found["reboots"][1] += 1
    if turn % 5 == 0:
        mac = mac_of(first + active + skip + turn // 5 % ended)
        answer = take(mac)
        found["returns"][0] += answer is not None and answer.message_type == T.ACK
        found["returns"][1] += 1
        if answer is not None:
            ask(T.RELEASE, mac, reply=False, ciaddr=answer.yiaddr, o54=answer.options[54])
    moment = time.monotonic()
    if turn % 30 == 0 and seconds - (moment - begun) > 15:
        waiting[b"\x0a\0" + turn.to_bytes(4, "big")] = (moment, moment)
        found["newcomers"][1] += 1
    for mac, (since, due) in list(waiting.items()):
        if moment < due:
            continue
        if take(mac, patience=0.3) is not None:
            found["newcomers"][0] += 1
            found["newcomer_s"].append(round(time.monotonic() - since, 1))
            del waiting[mac]
        else:
            waiting[mac] = (since, moment + 4 * 2 ** (due > since))
    turn += 1
    time.sleep(max(0.0, begun + turn * 0.1 - time.monotonic()))
times.sort()
found["answers"] = len(times)
found["p50_ms"], found["p99_ms"] = (round(1000 * times[int(len(times) * part)], 2) for part in (0.5, 0.99))
print(json.dumps(found))
"""


def seed(network: Network, subnet: int) -> None:
    """Write what an hour of service would have left: leases that run, and some that have ended."""
    engine = create_engine(f"sqlite:///{network.folder}/test.db")
    now, changes = int(time.time()), []
    for number in range(KNOWN_ACTIVE + 2 * KNOWN_ENDED):
        ip = FIRST + number
        state = ACTIVE if number < KNOWN_ACTIVE else RELEASED
        mac = b"\2\0" + ip.to_bytes(4, "big")
        row = Lease(ip, state, subnet, b"\0\1" + mac, mac, b"", "", "", now - HOUR_S, now, now + HOUR_S, 1, 0, b"")
        changes.append(LeaseChange(None, row, Reason.ASSIGNED))
    Store(engine, "seed").commit(changes, now=now)
    engine.dispose()


def restart(network: Network, subnet: int) -> None:
    """Stop the product, leave the leases of an hour behind, start it again."""
    network.process.terminate()
    network.process.wait(30)
    for name in ("leases", "lease_events", "lease_blocks"):
        subprocess.run(["sqlite3", f"{network.folder}/test.db", f"DELETE FROM {name}"], check=True)
    seed(network, subnet)
    network.process = network.server.start(sys.executable, "-m", "app.cli", "serve", env=network.env)
    wait(network._ready, 30, "the server")
    wait(network.live, 30, "the worker")


def run_clients(network: Network, seconds: int, skip: int) -> subprocess.Popen[str]:
    words = (str(seconds), str(KNOWN_ACTIVE), str(KNOWN_ENDED), str(FIRST), str(skip))
    line = network.client.line(sys.executable, "-c", CLIENTS, *words)
    return subprocess.Popen(line, env=network.env, stdout=subprocess.PIPE, text=True)


def attack(network: Network, seconds: int) -> subprocess.Popen[str]:
    words = (str(ATTACK_PER_MINUTE / 60), str(seconds))
    line = network.client.line(sys.executable, "-c", ATTACK, *words)
    return subprocess.Popen(line, env=network.env, stdout=subprocess.PIPE, text=True)


def told(child: subprocess.Popen[str]) -> str:
    return child.communicate(timeout=180)[0].strip()


def pool_of(network: Network, subnet: int) -> str:
    usage = network.api("GET", f"/subnets/{subnet}").json()["usage"]
    return f"{usage['leased']} leased, {usage['free']} free of {usage['pool']}"


def show(title: str, text: str, pool: str) -> None:
    found = json.loads(text)
    print(f"\n{title}\n  pool: {pool}")
    for name in ("reboots", "returns", "newcomers"):
        served, asked = found[name]
        print(f"  {name}: {served} of {asked} served")
    print(f"  newcomers waited (s): {found['newcomer_s']}")
    print(f"  answer time: p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms over {found['answers']} answers")


def main() -> int:
    """Run without, then with the defence, and print the figures."""
    if os.geteuid() != 0:
        print("needs root, for namespaces")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        upgrade(make_engine(f"sqlite:///{folder}/test.db"))
        network = Network(Path(folder))
        try:
            network.start()
            subnet = network.plan("10.20.0", lease_s=HOUR_S)
            for defence in ("off", "links"):
                network.api("PATCH", "/settings", json={"starvation_defence": defence})
                restart(network, subnet)
                before = told(run_clients(network, BEFORE_S, 0))
                show(f"defence {defence}: before", before, pool_of(network, subnet))
                host = attack(network, DURING_S)
                time.sleep(2)
                during = told(run_clients(network, DURING_S - 5, KNOWN_ENDED))
                pool = pool_of(network, subnet)
                made, taken = told(host).split()
                show(f"defence {defence}: during {made} made-up addresses, {taken} leases for them", during, pool)
                reasons = network.api("GET", "/workers").json()["items"][0]["counters"]["reasons"]
                print("  outcomes:", dict(sorted(reasons.items(), key=lambda item: -item[1])[:8]))
        finally:
            network.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

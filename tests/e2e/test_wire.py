"""Does an independent decoder find every reply well formed, with right checksums?"""

import re
import sys

import pytest

from tests.e2e.conftest import Host, Network, run, wait

pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("network")]

ASK = r"""
import socket, struct, sys
from dhcpd.protocol.packet import Packet, decode, encode
from dhcpd.protocol.constants import MessageType as T
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
udp.bind(("0.0.0.0", 68)); udp.settimeout(5)
mac = bytes.fromhex(sys.argv[1])
def ask(kind, reply=True, to="255.255.255.255", flags=0x8000, ciaddr=0, **options):
    options = {53: bytes((kind,)), 55: bytes((1, 3, 6, 15, 28, 51, 54)), 61: b"\1" + mac,
               **{int(k[1:]): v for k, v in options.items()}}
    packet = Packet(xid=99, flags=flags, ciaddr=ciaddr, chaddr=mac, options=options)
    udp.sendto(encode(packet, limit_bytes=548, order=()).data, (to, 67))
    return decode(udp.recv(2048)) if reply else None
offer = ask(T.DISCOVER)
address = offer.yiaddr.to_bytes(4, "big")
ack = ask(T.REQUEST, o50=address, o54=offer.options[54])
nak = ask(T.REQUEST, o50=bytes((192, 168, 1, 1)))
inform = ask(T.INFORM, ciaddr=int.from_bytes(bytes((10, 20, 0, 9)), "big"), reply=False)
ask(T.DISCOVER, flags=0, reply=False)
ask(T.RELEASE, ciaddr=offer.yiaddr, o54=offer.options[54], reply=False)
print(offer.message_type, ack.message_type, nak.message_type)
"""


def fields(capture: str, *names: str) -> list[list[str]]:
    words = [part for name in names for part in ("-e", name)]
    checks = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
    text = run("tshark", "-r", capture, *checks, "-Y", "udp.srcport == 67", "-T", "fields", *words).stdout
    return [line.split("\t") for line in text.splitlines()]


def capture_on(network: Network, host: Host, device: str, what: str = "udp port 67 or udp port 68") -> str:
    path = f"{network.folder}/wire.pcap"
    host.start("tcpdump", "-U", "-i", device, "-w", path, what)
    wait(lambda: "listening on" in host.log(), 10, host.log())
    return path


def test_every_reply_is_well_formed(network: Network) -> None:
    network.plan("10.20.0")
    network.client.ip("addr", "add", "10.20.0.9/24", "dev", "eth0")  # the one that asks by INFORM
    path = capture_on(network, network.server, "s0")
    asked = network.client.line(sys.executable, "-c", ASK, "02aabbccdd01")
    assert run(*asked, env=network.env, cwd=".").stdout.split() == ["2", "5", "6"]
    wait(lambda: len(fields(path, "dhcp.option.dhcp")) >= 5, 10, "five replies")
    rows = fields(path, "dhcp.option.dhcp", "ip.checksum.status", "udp.checksum.status", "_ws.malformed", "ip.dst")
    assert {row[0] for row in rows} == {"2", "5", "6"}
    assert {row[1] for row in rows} == {"1"}
    assert {row[2] for row in rows} == {"1"}
    assert {row[3] for row in rows} == {""}
    assert {row[4] for row in rows} == {"255.255.255.255", "10.20.0.9", "10.20.0.100"}
    text = run("tshark", "-r", path, "-V").stdout
    assert not re.search(r"\[(Expert Info|Malformed)[^]]*(Error|Malformed)", text)

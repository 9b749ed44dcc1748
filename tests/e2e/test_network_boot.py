"""Does a machine without a system get what its firmware needs, in real packets read by another decoder?"""

import json
import sys

import pytest

from tests.e2e.conftest import Network, run, wait
from tests.e2e.test_wire import capture_on

pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("network")]

# What ROMs ask for: Intel's UNDI, EDK II's UefiPxeBcDxe, EDK II's HttpBootDxe, iPXE.
ASK = r"""
import json, socket, sys
from dhcpd.protocol.packet import Packet, decode, encode
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
udp.bind(("0.0.0.0", 68)); udp.settimeout(5)
def ask(kind, mac, vendor, architecture, user, **more):
    options = {53: bytes((kind,)), 57: (1472).to_bytes(2, "big"), 55: bytes((1, 2, 3, 12, 43, 54, 60, 66, 67, 128)),
               60: vendor, 93: architecture.to_bytes(2, "big"), 94: b"\1\3\x10", 97: b"\0" + mac * 2 + b"1234",
               **({77: user} if user else {}), **{int(k[1:]): v for k, v in more.items()}}
    packet = Packet(xid=int.from_bytes(mac[2:], "big"), flags=0x8000, chaddr=mac, options=options)
    udp.sendto(encode(packet, limit_bytes=548, order=()).data, ("255.255.255.255", 67))
    return decode(udp.recv(2048))
for number, (vendor, architecture, user) in enumerate(json.loads(sys.argv[1])):
    mac = bytes((2, 0, 0, 0, 9, number))
    rom = (mac, vendor.encode(), architecture, user.encode())
    offer = ask(1, *rom)
    ask(3, *rom, o50=offer.yiaddr.to_bytes(4, "big"), o54=offer.options[54])
"""
ROMS = [
    ["PXEClient:Arch:00000:UNDI:002001", 0, ""],
    ["PXEClient:Arch:00007:UNDI:003016", 7, ""],
    ["PXEClient:Arch:00007:UNDI:003016", 9, ""],
    ["PXEClient:Arch:00011:UNDI:003016", 11, ""],
    ["HTTPClient:Arch:00016:UNDI:003001", 16, ""],
    ["HTTPClient:Arch:00019:UNDI:003001", 19, ""],
    ["PXEClient:Arch:00000:UNDI:002001", 0, "iPXE"],
    ["MSFT 5.0", 0, ""],
]
SCRIPT = "http://10.20.0.5/menu.ipxe"
PRESET = {
    "tftp_server": "10.20.0.5",
    "bios": "undionly.kpxe",
    "uefi_x64": "ipxe.efi",
    "uefi_arm64": "ipxe-arm64.efi",
    "http_x64": "http://10.20.0.5/ipxe.efi",
    "http_arm64": "http://10.20.0.5/ipxe-arm64.efi",
    "ipxe_script": SCRIPT,
}
WANTED = [
    # next server, file field, option 66, option 67, option 60, sub-option 6 of option 43 (PXE discovery control)
    ["10.20.0.5", "undionly.kpxe", "10.20.0.5", "undionly.kpxe", "PXEClient", "8"],
    ["10.20.0.5", "ipxe.efi", "10.20.0.5", "ipxe.efi", "PXEClient", "8"],
    ["10.20.0.5", "ipxe.efi", "10.20.0.5", "ipxe.efi", "PXEClient", "8"],
    ["10.20.0.5", "ipxe-arm64.efi", "10.20.0.5", "ipxe-arm64.efi", "PXEClient", "8"],
    ["0.0.0.0", "http://10.20.0.5/ipxe.efi", "", "http://10.20.0.5/ipxe.efi", "HTTPClient", ""],
    ["0.0.0.0", "http://10.20.0.5/ipxe-arm64.efi", "", "http://10.20.0.5/ipxe-arm64.efi", "HTTPClient", ""],
    ["10.20.0.5", SCRIPT, "10.20.0.5", SCRIPT, "", ""],
    ["0.0.0.0", "", "", "", "", ""],
]
FIELDS = ("ip.server", "file", "option.tftp_server_name", "option.bootfile_name", "option.vendor_class_id")


def test_each_firmware_gets_what_it_loads_from_and_by_which_way(network: Network) -> None:
    """RFC 4578, PXE 2.1 §2.2, UEFI 2.5 §23.7; the boot file in its field and in option 67 alike."""
    network.plan("10.20.0")
    made = network.api("POST", "/client-classes/presets/pxe", json=PRESET)
    assert made.status_code == 201, made.text
    assert len(made.json()) == 6
    wait(network.live, 10, "the classes on the worker")
    path = capture_on(network, network.server, "s0")
    run(*network.client.line(sys.executable, "-c", ASK, json.dumps(ROMS)), env=network.env, cwd=".")
    wait(lambda: len(told(path)) >= 2 * len(ROMS), 10, "an OFFER and an ACK to each")
    rows = told(path)
    assert rows[0::2] == WANTED
    assert rows[1::2] == WANTED


def told(capture: str) -> list[list[str]]:
    """Return what tshark reads in each reply, in order."""
    names = [f"dhcp.{name}" for name in FIELDS] + ["dhcp.option.vendor.pxeclient.discovery_control"]
    words = [part for name in names for part in ("-e", name)]
    text = run("tshark", "-r", capture, "-Y", "udp.srcport == 67", "-T", "fields", *words).stdout
    return [[int_text(value) for value in line.split("\t")] for line in text.splitlines()]


def int_text(value: str) -> str:
    """Write 0x08 as 8."""
    return str(int(value, 16)) if value.startswith("0x") else value

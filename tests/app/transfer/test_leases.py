"""Does a client of another server renew here without noticing, after an import by REST?"""

import socket
import time
from ipaddress import IPv4Address

from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode, encode
from tests.builders import LIMIT_BYTES, Product

RELAY = "10.9.0.1"
KNOWN, STRANGER = bytes.fromhex("001122334455"), bytes.fromhex("0011223344ff")


def ask_again(product: Product, mac: bytes, ip: str, client_id: bytes = b"") -> int:
    """Ask to keep an address, as after a reboot (RFC 2131 §4.3.2, INIT-REBOOT); return the answer's type."""
    options = {53: bytes((MessageType.REQUEST,)), 50: IPv4Address(ip).packed}
    if client_id:
        options[61] = client_id
    packet = Packet(giaddr=int(IPv4Address(RELAY)), chaddr=mac, xid=7, options=options)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        relay.settimeout(10)
        data = encode(packet, limit_bytes=LIMIT_BYTES, order=()).data
        relay.sendto(data, ("127.0.0.1", product.dhcp_port))
        return decode(relay.recv(1500)).options[53][0]


def take_in(product: Product, name: str, source: bytes) -> int:
    """Upload, wait for the plan and commit it."""
    made = product.api("POST", f"/imports?name={name}", content=source)
    assert made.status_code == 201, made.text
    path = f"/imports/{made.json()['id']}"
    product.wait(lambda: product.api("GET", path).json()["state"] == "planned", 60)
    committed = product.api("POST", f"{path}/commit", json={})
    assert committed.status_code == 202, committed.text
    product.wait(lambda: product.api("GET", path).json()["state"] == "committed", 60)
    product.wait(lambda: product.api("GET", path).json()["leases_waiting"] == 0)
    return int(made.json()["id"])


def test_imported_client_keeps_its_address_and_a_stranger_is_refused(product: Product) -> None:
    product.plan()
    product.wait(product.live)
    until = int(time.time()) + 3600
    source = (
        f"{until} 00:11:22:33:44:55 10.9.0.77 pc 01:00:11:22:33:44:55\n{until} 00:11:22:33:44:66 10.8.0.1 x *\n"
    )
    assert ask_again(product, KNOWN, "10.9.0.77", b"\1" + KNOWN) == MessageType.NAK
    made = product.api("POST", "/imports?name=dnsmasq.leases", content=source.encode()).json()
    path = f"/imports/{made['id']}"
    product.wait(lambda: product.api("GET", path).json()["state"] == "planned", 60)
    refused = product.api("POST", f"{path}/commit", json={})
    assert refused.status_code == 409
    rows = product.api("GET", f"{path}/rows?action=conflict").json()["items"]
    assert [(row["line"], row["key"]) for row in rows] == [(2, "10.8.0.1")]
    assert product.api("POST", f"{path}/commit", json={"skip_conflicts": True}).status_code == 202
    product.wait(lambda: product.api("GET", path).json()["state"] == "committed", 60)
    product.wait(lambda: product.api("GET", path).json()["leases_waiting"] == 0)
    lease = product.api("GET", "/leases/10.9.0.77").json()
    assert (lease["state"], lease["hostname"], lease["mac"]) == ("active", "pc", "00:11:22:33:44:55")
    assert ask_again(product, KNOWN, "10.9.0.77", b"\1" + KNOWN) == MessageType.ACK
    assert ask_again(product, STRANGER, "10.9.0.77") == MessageType.NAK


def test_undone_import_ends_leases_that_were_not_renewed(product: Product) -> None:
    product.plan()
    product.wait(product.live)
    until = int(time.time()) + 3600
    source = f"{until} 00:11:22:33:44:55 10.9.0.77 pc *\n{until} 00:11:22:33:44:56 10.9.0.78 x *\n".encode()
    made = take_in(product, "dnsmasq.leases", source)
    assert ask_again(product, KNOWN, "10.9.0.77") == MessageType.ACK
    assert product.api("POST", f"/imports/{made}/undo").status_code == 202
    product.wait(lambda: product.api("GET", f"/imports/{made}").json()["state"] == "undone", 60)
    product.wait(lambda: product.api("GET", "/leases/10.9.0.78").json()["state"] == "released")
    assert product.api("GET", "/leases/10.9.0.77").json()["state"] == "active"
    reasons = {row["reason"] for row in product.api("GET", "/events?ip=10.9.0.78").json()["items"]}
    assert reasons == {"imported", "import-undone"}

"""Do clients on a link of several subnets get what is said of the link?"""

import socket

from dhcpd.protocol.packet import Packet, decode
from tests.builders import Product, Site, discover

NTP = 42


def offer(product: Product, mac: bytes) -> Packet:
    asked = discover("10.9.0.1", mac, wanted=bytes((NTP,)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.sendto(asked, ("127.0.0.1", product.dhcp_port))
        return decode(udp.recv(2048))


def test_options_of_the_shared_network_reach_clients_of_each_subnet(product: Product) -> None:
    first = product.plan("10.9.0.0/24", "10.9.0.50", "10.9.0.50")
    second = product.plan("10.10.0.0/24", "10.10.0.50", "10.10.0.60")
    for subnet in (first, second):
        assert product.api("PATCH", f"/subnets/{subnet}", json={"shared_network": "hall"}).status_code == 200
    made = product.api(
        "PUT", "/shared-networks/hall", json={"options": [{"option": "ntp-servers", "value": ["10.9.0.9"]}]}
    )
    assert made.json()["subnets"] == [first, second]
    product.wait(product.live)
    offers = [offer(product, b"\2\0\0\0\0\1"), offer(product, b"\2\0\0\0\0\2")]
    assert [o.yiaddr >> 8 for o in offers] == [0x0A0900, 0x0A0A00]
    assert [o.options[NTP] for o in offers] == [socket.inet_aton("10.9.0.9")] * 2
    own = [{"option": 42, "value": ["10.9.0.7"]}]
    assert product.api("PATCH", f"/subnets/{first}", json={"options": own}).status_code == 200
    product.wait(product.live)
    assert offer(product, b"\2\0\0\0\0\1").options[NTP] == socket.inet_aton("10.9.0.7")
    assert product.api("DELETE", "/shared-networks/hall").status_code == 204
    assert product.api("GET", "/shared-networks/hall").status_code == 404


def test_broken_option_of_a_shared_network_is_refused(website: Site) -> None:
    broken = {"options": [{"option": "ntp-servers", "value": "soon"}]}
    refused = website.api("PUT", "/shared-networks/hall", json=broken)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/options")
    assert website.api("GET", "/shared-networks").json()["items"] == []

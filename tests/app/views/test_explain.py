"""Does the page of "what will this client receive" tell the verdict, the steps and every octet?"""

import re
from collections.abc import Callable

from app.views.dissection import dissect
from dhcpd.protocol.packet import Packet, encode
from tests.app.views.conftest import Person

Someone = Callable[[str], Person]


def test_octets_of_a_message_are_all_told_once() -> None:
    options = {53: b"\2", 3: b"\n\0\0\1", 249: b"\1\2", 15: b"example.org"}
    reply = Packet(op=2, xid=7, yiaddr=0x0A000005, chaddr=b"\2\0\0\0\0\1", sname=b"boot", options=options)
    data = encode(reply, limit_bytes=548, order=()).data
    parts = dissect(data)
    assert b"".join(part.data for part in parts) == data
    assert [part.offset for part in parts] == [sum(len(p.data) for p in parts[:n]) for n in range(len(parts))]
    told = {part.name: part.meaning for part in parts}
    assert (told["op"], told["yiaddr"], told["chaddr"]) == ("BOOTREPLY", "10.0.0.5", "02:00:00:00:00:01")
    assert (told["message-type"], told["routers"], told["sname"]) == ("OFFER", "10.0.0.1", "boot")
    assert next(part for part in parts if part.name == "file").octets == "128 × 00"


def test_cut_off_options_do_not_stop_the_dissection() -> None:
    data = encode(Packet(chaddr=b"\2\0\0\0\0\1", options={53: b"\1"}), limit_bytes=548, order=()).data
    for size in range(240, len(data)):
        assert b"".join(part.data for part in dissect(data[:size])) == data[:size]


def test_page_tells_the_offer_its_reasons_and_where_each_option_comes_from(person: Someone) -> None:
    admin = person("admin")
    options = [{"option": "domain-name", "value": "example.org"}]
    admin.api("POST", "/subnets", json={"cidr": "10.1.0.0/24", "gateway": "10.1.0.1", "options": options})
    admin.api("POST", "/pools", json={"subnet_id": 1, "start": "10.1.0.50", "end": "10.1.0.60"})
    html = admin.get("/explain?mac=0000.0c11.2233&wanted=1,3,15").text
    assert re.search(r"<b>OFFER</b>.*10\.1\.0\.50", html)
    assert 'Subnets on this link: <a href="/subnets/1">10.1.0.0/24</a>.' in html
    assert re.search(r'<b>domain-name</b>.*?<a href="/subnets/1/edit">', html)
    german = admin.get("/explain?mac=0000.0c11.2233&subnet_id=1", "de").text
    assert "Keine Reservierung an diesem Anschluss passt." in german


def test_page_tells_why_a_client_gets_nothing_and_what_is_wrong_with_a_question(person: Someone) -> None:
    viewer, admin = person("viewer"), person("admin")
    admin.api("POST", "/subnets", json={"cidr": "10.1.0.0/24"})
    admin.api("POST", "/denied-clients", json={"mac": "00:00:0c:11:22:33"})
    assert "<b>No answer</b>" in viewer.get("/explain?mac=00:00:0c:11:22:33").text
    assert 'role="alert"' in viewer.get("/explain?mac=zz").text
    assert "Ask about any client" in viewer.get("/explain").text

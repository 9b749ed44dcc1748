"""Does the explanation say what the worker does, and why?"""

from typing import Any

import pytest

from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import decode
from tests.builders import Site


def ask(website: Site, **query: object) -> dict[str, Any]:
    answer = website.api("GET", "/explain", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def topics(told: dict[str, Any]) -> list[str]:
    return [step["topic"] for step in told["trace"]]


@pytest.fixture
def planned(website: Site) -> tuple[Site, int]:
    subnet = website.plan()
    return website, subnet


def test_new_client_is_offered_the_next_address_with_its_options(planned: tuple[Site, int]) -> None:
    website, subnet = planned
    told = ask(website, mac="AA-BB-CC-11-22-33", subnet_id=subnet, wanted="3, 1", vendor_class="PXEClient")
    assert (told["outcome"], told["message"], told["ip"], told["exact"]) == ("offered", "offer", "10.9.0.50", True)
    assert told["lease_time"] == 43200
    routers = next(option for option in told["options"] if option["code"] == 3)
    assert routers == {"code": 3, "name": "routers", "value": ["10.9.0.1"], "hex": "0a090001"}
    assert decode(bytes.fromhex(told["reply"])).message_type == MessageType.OFFER
    assert {"link", "client", "reservation", "address", "outcome"} <= set(topics(told))


def test_reservation_by_circuit_is_explained(planned: tuple[Site, int]) -> None:
    website, _ = planned
    identifiers = [{"type": "circuit_id", "value": "Gi1/0/7"}]
    made = website.api("POST", "/reservations", json={"identifiers": identifiers, "ip": "10.9.0.7"})
    assert made.json()["identifiers"] == identifiers
    told = ask(website, mac="aabbcc112233", relay="10.9.0.1", circuit_id="Gi1/0/7")
    assert told["ip"] == "10.9.0.7"
    assert any("by what its relay says" in step["text"] for step in told["trace"])


def test_silence_is_explained(planned: tuple[Site, int]) -> None:
    website, subnet = planned
    website.api("PATCH", f"/subnets/{subnet}", json={"random_macs": "deny"})
    told = ask(website, mac="02:00:00:00:00:01", subnet_id=subnet)
    assert (told["outcome"], told["reply"], told["ip"]) == ("drop-random-mac", None, None)
    assert "made-up" in told["sentence"]
    website.api("POST", "/denied-clients", json={"mac": "00:1b:21", "description": "old printers"})
    assert ask(website, mac="00:1b:21:00:00:01", subnet_id=subnet)["outcome"] == "drop-denied"
    assert ask(website, mac="00:1b:22:00:00:01", relay="172.16.9.9")["outcome"] == "drop-unknown-relay"


def test_probe_is_told_and_taken_as_silent(planned: tuple[Site, int]) -> None:
    website, subnet = planned
    website.api("PATCH", f"/subnets/{subnet}", json={"ping_check": True})
    told = ask(website, mac="00:1b:22:00:00:01", subnet_id=subnet)
    assert (told["outcome"], told["ip"]) == ("offered-again", "10.9.0.50")
    assert "probe" in topics(told)


@pytest.mark.parametrize(
    "query", [{"mac": "aa"}, {"mac": "zz", "subnet_id": 1}, {"mac": "aa", "subnet_id": 1, "wanted": "300"}]
)
def test_bad_question_is_refused(website: Site, query: dict[str, Any]) -> None:
    assert website.api("GET", "/explain", params=query).status_code in (400, 422)


def test_subnet_that_is_not_served(website: Site) -> None:
    assert website.api("GET", "/explain", params={"mac": "aa", "subnet_id": 99}).status_code == 404

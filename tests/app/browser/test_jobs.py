"""Can a person do what people come here for, with the mouse and by keyboard alone?"""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.database import make_engine, make_session_factory, unit_of_work
from app.models import LeaseEvent
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode, encode
from tests.app.browser.conftest import sign_in
from tests.builders import LIMIT_BYTES, PASSWORD, Product, discover

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LIVE_MS = 10_000
TABS = 150
"""A control that Tab does not reach within so many steps is out of reach."""


class Hand:
    """How a person uses the page: by mouse, or by keyboard alone."""

    def __init__(self, page: Page, keys: bool) -> None:
        self.page = page
        self._keys = keys

    def press(self, target: Locator) -> None:
        """Press a button or a link."""
        if not self._keys:
            target.click()
            return
        self._reach(target)
        self.page.keyboard.press("Enter")

    def fill(self, target: Locator, text: str) -> None:
        """Type into a field."""
        if not self._keys:
            target.fill(text)
            return
        self._reach(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def check(self, target: Locator) -> None:
        """Tick a box."""
        if not self._keys:
            target.check()
            return
        self._reach(target)
        self.page.keyboard.press("Space")

    def _reach(self, target: Locator) -> None:
        target.wait_for()
        for _ in range(TABS):
            if target.evaluate("(it) => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all jobs; each has subnets of its own."""
    running = Product(tmp_path_factory.mktemp("jobs"))
    try:
        running.sign_up()
        running.wait(running.live)
        yield running
    finally:
        running.stop()


@pytest.fixture(params=["mouse", "keyboard"])
def hand(request: pytest.FixtureRequest, browser: Browser, served: Product) -> Iterator[Hand]:
    context = browser.new_context(base_url=served.url)
    page = context.new_page()
    sign_in(page)
    yield Hand(page, request.param == "keyboard")
    context.close()


_NETWORKS = count(20)


def network() -> str:
    """Return the first three octets of networks that no other job uses."""
    return f"10.{next(_NETWORKS)}.7"


def exchange(product: Product, relay: str, mac: bytes) -> str:
    """Let a client behind a relay get its address; return it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        server = ("127.0.0.1", product.dhcp_port)
        udp.sendto(discover(relay, mac), server)
        offer = decode(udp.recv(2048))
        wanted = offer.yiaddr.to_bytes(4, "big")
        options = {53: bytes((MessageType.REQUEST,)), 50: wanted, 54: offer.options[54]}
        asked = Packet(xid=1, giaddr=int(IPv4Address(relay)), chaddr=mac, options=options)
        udp.sendto(encode(asked, limit_bytes=LIMIT_BYTES, order=()).data, server)
        answer = decode(udp.recv(2048))
    assert answer.options[53] == bytes((MessageType.ACK,))
    return str(IPv4Address(answer.yiaddr))


@pytest.mark.parametrize("keys", [False, True], ids=["mouse", "keyboard"])
def test_first_run(browser: Browser, tmp_path: Path, keys: bool) -> None:
    product = Product(tmp_path)
    try:
        code = re.search(r"set-up code (\S+)", product.log.read_text())
        assert code is not None
        context = browser.new_context(base_url=product.url)
        page = context.new_page()
        hand = Hand(page, keys)
        page.goto("/")
        hand.fill(page.get_by_label("Set-up code"), code[1])
        hand.fill(page.get_by_label("Name"), "root")
        hand.fill(page.get_by_label("Password"), PASSWORD)
        hand.press(page.get_by_role("button", name="Begin"))
        hand.press(page.get_by_role("link", name="Choose").last)
        hand.fill(page.get_by_label("Prefix"), "10.5.0.0/24")
        hand.fill(page.get_by_label("Gateway"), "10.5.0.1")
        hand.fill(page.get_by_label("First address of the pool"), "10.5.0.100")
        hand.fill(page.get_by_label("Last address of the pool"), "10.5.0.199")
        hand.press(page.get_by_role("button", name="Save and serve it"))
        expect(page.get_by_text("is live on 1 of 1 worker")).to_be_visible(timeout=LIVE_MS)
        assert exchange(product, "10.5.0.1", b"\2\0\0\0\0\1") == "10.5.0.100"
        context.close()
    finally:
        product.stop()


def test_make_a_subnet_and_a_pool(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    page.goto("/subnets/new")
    hand.fill(page.get_by_label("Prefix"), f"{net}.0/24")
    hand.fill(page.get_by_label("Gateway"), f"{net}.1")
    hand.press(page.get_by_role("button", name="Save"))
    hand.press(page.get_by_role("link", name="Pools", exact=True))
    hand.press(page.get_by_role("link", name="New pool"))
    hand.fill(page.get_by_label("First address"), f"{net}.20")
    hand.fill(page.get_by_label("Last address"), f"{net}.29")
    expect(page.locator("#impact")).to_contain_text("10 addresses", timeout=LIVE_MS)
    hand.press(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("is live on 1 of 1 worker")).to_be_visible(timeout=LIVE_MS)
    assert exchange(served, f"{net}.1", b"\2\0\0\0\1\1") == f"{net}.20"


def test_choose_a_range_in_the_grid_and_make_a_pool(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    made = served.api("POST", "/subnets", json={"cidr": f"{net}.0/24"})
    page.goto(f"/subnets/{made.json()['id']}")
    cells = page.locator(".grid .cell")
    if hand._keys:
        hand._reach(cells.first)
        for key in ["ArrowDown", *["ArrowRight"] * 8, *["Shift+ArrowRight"] * 9]:
            page.keyboard.press(key)
    else:
        cells.nth(40).hover()
        page.mouse.down()
        cells.nth(49).hover()
        page.mouse.up()
    expect(page.locator("[data-range]")).to_have_text(f"{net}.40 – {net}.49")
    hand.press(page.get_by_role("link", name="Make a pool"))
    expect(page.get_by_label("Last address")).to_have_value(f"{net}.49")


def test_watch_a_client_arrive(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    subnet = served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    served.wait(served.live)
    page.goto(f"/subnets/{subnet}")
    cell = page.locator(f'[data-ip="{net}.50"]')
    expect(cell).to_have_class(re.compile("free"))
    assert exchange(served, f"{net}.1", b"\2\0\0\0\2\1") == f"{net}.50"
    expect(cell).to_have_class(re.compile("leased"), timeout=LIVE_MS)
    if hand._keys:
        hand._reach(page.locator(".grid .cell").first)
        for key in ["ArrowDown", *["ArrowRight"] * 18, "Enter"]:
            page.keyboard.press(key)
    else:
        cell.click()
    expect(page.get_by_role("dialog")).to_contain_text("02:00:00:00:02:01", timeout=LIVE_MS)
    page.keyboard.press("Escape")
    expect(cell).to_be_focused()


def test_reserve_from_a_lease(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    served.wait(served.live)
    address = exchange(served, f"{net}.1", b"\2\0\0\0\3\1")
    page.goto(f"/leases?q={address}")
    hand.press(page.get_by_role("link", name="Reserve", exact=True))
    expect(page.get_by_label("Address", exact=True)).to_have_value(address)
    hand.press(page.get_by_role("button", name="Save"))
    row = page.get_by_role("row").filter(has_text=address)
    expect(row.locator(".state.active")).to_be_visible()


def test_move_a_reservation_and_see_it_arrive(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    subnet = served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    mac = {"type": "mac", "value": "02:00:00:00:04:01"}
    wish = {"subnet_id": subnet, "ip": f"{net}.50", "identifiers": [mac]}
    made = served.api("POST", "/reservations", json=wish)
    served.wait(served.live)
    assert exchange(served, f"{net}.1", b"\2\0\0\0\4\1") == f"{net}.50"
    page.goto(f"/reservations/{made.json()['id']}/edit")
    hand.fill(page.get_by_label("Address", exact=True), f"{net}.200")
    expect(page.locator("#impact")).to_contain_text("at the next renewal", timeout=LIVE_MS)
    hand.press(page.get_by_role("button", name="Save"))
    row = page.get_by_role("row").filter(has_text=f"{net}.200")
    expect(row).to_contain_text("waiting")
    expect(page.get_by_text("is live on 1 of 1 worker")).to_be_visible(timeout=LIVE_MS)
    assert exchange(served, f"{net}.1", b"\2\0\0\0\4\1") == f"{net}.200"
    page.goto(f"/reservations?q={net}.200")
    expect(row).to_contain_text("active")


def test_find_who_has_a_mac(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    served.wait(served.live)
    address = exchange(served, f"{net}.1", b"\2\0\0\0\5\1")
    if hand._keys:
        page.keyboard.press("Control+k")
    else:
        page.get_by_label("Search everything").first.click()
    page.keyboard.type("0200.0000.0501")
    expect(page.get_by_role("option").first).to_contain_text(address, timeout=LIVE_MS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=address)).to_be_visible()


def test_who_had_an_address_yesterday(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    engine = make_engine(served.env["LEASEBOARD_DATABASE_URL"])
    with unit_of_work(make_session_factory(engine)) as session:
        for hour, kind in ((0, "active"), (1, "expired")):
            session.add(
                LeaseEvent(at=yesterday + timedelta(hours=hour), type=kind, ip=IPv4Address(f"{net}.77"),
                           subnet_id=1, mac=b"\0\0\x0c\1\2\3", client_id=b"", hostname="till-3",
                           reason="assigned", worker="w",
                           expires_at=yesterday + timedelta(hours=1))
            )  # fmt: skip
    engine.dispose()
    page.context.add_cookies([{"name": "zone", "value": "UTC", "url": served.url}])
    page.goto("/history")
    hand.fill(page.get_by_role("searchbox", name="Address or MAC"), f"{net}.77")
    page.get_by_label("At which moment").fill((yesterday + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M"))
    hand.press(page.get_by_role("button", name="Ask"))
    expect(page.locator(".answer")).to_contain_text("was held by till-3", timeout=LIVE_MS)


def test_split_a_subnet(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    subnet = served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    page.goto(f"/subnets/{subnet}")
    hand.press(page.get_by_role("link", name="Split, merge, resize"))
    expect(page.locator("#impact-split")).to_contain_text("client", timeout=LIVE_MS)
    hand.press(page.get_by_role("button", name="Split it"))
    expect(page.get_by_role("link", name=f"{net}.128/25")).to_be_visible()
    assert served.api("GET", f"/subnets/{subnet}").json()["cidr"] == f"{net}.0/25"


def test_import_a_table_with_conflicts(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    page.goto("/imports")
    text = f"ip,mac,hostname\n{net}.61,02:00:00:00:06:02,scanner\n{net}.1,02:00:00:00:06:03,router\n"
    page.get_by_label("Format").select_option("csv")
    hand.fill(page.get_by_label("Text"), text)
    hand.press(page.get_by_role("button", name="Plan it"))
    expect(page.locator("#progress")).to_contain_text("1 create", timeout=LIVE_MS)
    expect(page.locator("#progress")).to_contain_text("1 conflict")
    hand.check(page.get_by_label("Leave out the 1 line in conflict"))
    hand.press(page.get_by_role("button", name="Commit"))
    expect(page.locator("#progress")).to_contain_text("committed", timeout=LIVE_MS)
    assert served.api("GET", f"/reservations?ip={net}.61").json()["items"][0]["hostname"] == "scanner"


def test_undo_a_mistake(hand: Hand, served: Product) -> None:
    page, net = hand.page, network()
    subnet = served.plan(f"{net}.0/24", f"{net}.50", f"{net}.59")
    pool = served.api("GET", f"/pools?subnet_id={subnet}").json()["items"][0]["id"]
    assert served.api("DELETE", f"/pools/{pool}").status_code == 204
    page.goto(f"/audit?q=pools/{pool}")
    hand.press(page.get_by_role("link", name=f"Pool {net}.50").first)
    hand.press(page.get_by_role("button", name="Undo this change"))
    expect(page.get_by_text("is live on 1 of 1 worker")).to_be_visible(timeout=LIVE_MS)
    assert served.api("GET", f"/pools?subnet_id={subnet}").json()["items"][0]["start"] == f"{net}.50"

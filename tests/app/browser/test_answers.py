"""Does a page answer what was typed last, however slow the way to the server is?"""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from app.database import unit_of_work
from app.models import Alert
from tests.app.browser.conftest import WAIT_MS, Held
from tests.app.conftest import LiveServer
from tests.builders import Site, hold_leases

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ASK = """(it) => new Promise((done) => {
    it.addEventListener("htmx:finally:request", () => setTimeout(done), { once: true });
    htmx.trigger(it, "every");
})"""
COUNT_CHANGES = """(it) => new MutationObserver((all) => {
    it.dataset.told = Number(it.dataset.told ?? 0) + all.length;
}).observe(it, { childList: true, characterData: true, subtree: true })"""


@pytest.fixture
def page(website: Site, web_page: Page) -> Page:
    """A signed-in page; two reservations are there."""
    made = website.api("POST", "/subnets", json={"cidr": "10.9.0.0/24"}).json()
    for number in (1, 2):
        mac = {"type": "mac", "value": f"02:00:00:00:00:0{number}"}
        wish = {"ip": f"10.9.0.{number}0", "hostname": f"printer-{number}", "identifiers": [mac]}
        answer = website.api("POST", "/reservations", json={"subnet_id": made["id"], **wish})
        assert answer.status_code == 201
    return web_page


def test_effects_are_those_of_what_was_typed_last(page: Page) -> None:
    held = Held(page, "**/reservations/check*")
    page.goto("/reservations/1/edit")
    held.wait_for(1)  # the look at what is stored is on its way
    page.get_by_label("Address", exact=True).fill("10.9.0.20")
    page.wait_for_timeout(500)
    page.get_by_label("Address", exact=True).fill("10.99.0.20")
    page.wait_for_timeout(500)
    held.let_go()
    expect(page.locator("#impact")).to_contain_text("10.99.0.20", timeout=WAIT_MS)


def test_a_list_shows_what_was_typed_last(page: Page) -> None:
    page.goto("/reservations")
    held = Held(page, "**/reservations?*")
    find = page.locator("[data-quick-filter]")
    find.fill("printer")
    held.wait_for(1)
    find.fill("printer-2")
    page.wait_for_timeout(500)
    find.fill("printer-1")
    page.wait_for_timeout(500)
    held.let_go()
    expect(page.locator("#found tbody tr")).to_have_count(1, timeout=WAIT_MS)
    expect(page.locator("#found")).to_contain_text("10.9.0.10")
    assert page.url.partition("?")[2].startswith("q=printer-1")


def test_how_many_are_found_is_told_to_who_does_not_see_it(page: Page) -> None:
    page.goto("/reservations")
    told = page.locator("#told-found")
    kept = told.evaluate_handle("(it) => it")
    page.locator("[data-quick-filter]").fill("printer-1")
    expect(told).to_have_text("1 found", timeout=WAIT_MS)
    assert kept.evaluate("(it) => it.isConnected"), "a screen reader listens to the place that was there"


def test_the_palette_opens_what_is_found_for_the_whole_text(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("10.9.0.0")
    expect(page.get_by_role("option").first).to_be_visible(timeout=WAIT_MS)
    held = Held(page, "**/search?*")
    page.keyboard.press("Control+a")
    page.keyboard.type("printer-1")
    held.wait_for(1)
    page.keyboard.press("Control+a")
    page.keyboard.type("printer-2")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    held.let_go()
    page.wait_for_url("**/reservations/2/edit*", timeout=WAIT_MS)


def test_a_refresh_that_comes_while_another_is_on_its_way_is_made(page: Page) -> None:
    page.goto("/")
    made: list[str] = []
    page.on("response", lambda answer: made.append(answer.url) if answer.request.headers.get("x-part") else None)
    tiles = page.locator("#tiles")
    tiles.evaluate("(it) => { for (const each of it._htmx.triggerSpecs) clearInterval(each.interval); }")
    tiles.evaluate("(it) => { htmx.trigger(it, 'refresh'); htmx.trigger(it, 'refresh'); it.mark = 1; }")
    for _ in range(WAIT_MS // 50):
        if len(made) == 2:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)
    assert len(made) == 2
    assert tiles.evaluate("(it) => it.mark") == 1


def test_a_network_can_be_looked_at_twice(page: Page) -> None:
    page.goto("/start?interface=none0")
    look = page.get_by_role("button", name="Look on none0")
    for _ in range(2):
        page.locator("#look").evaluate("(it) => it.replaceChildren()")
        look.click()
        expect(page.locator("#look")).to_have_text("There is no such interface.")
        expect(look).to_be_enabled()


def test_the_drawer_shows_the_address_that_was_chosen_last(page: Page) -> None:
    page.goto("/subnets/1")
    held = Held(page, "**/addresses/10.9.0.7")
    page.locator("[data-ip='10.9.0.7']").dblclick()
    held.wait_for(2)
    page.locator("[data-ip='10.9.0.8']").click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("10.9.0.8")
    held.let_go()
    page.wait_for_timeout(500)
    expect(drawer).not_to_contain_text("10.9.0.7")
    page.keyboard.press("Escape")
    expect(page.locator("[data-ip='10.9.0.8']")).to_be_focused()


def test_back_returns_to_the_filter_before_and_the_page_works(page: Page) -> None:
    page.goto("/reservations")
    find, rows = page.locator("[data-quick-filter]"), page.locator("#found tbody tr")
    find.fill("printer-1")
    expect(rows).to_have_count(1)
    find.fill("printer")
    expect(rows).to_have_count(2)
    page.go_back()
    expect(rows).to_have_count(1)
    page.wait_for_load_state()
    expect(find).to_have_value("printer-1")
    page.keyboard.press("Control+k")
    page.keyboard.type("printer-2")
    expect(page.locator("#hits")).to_contain_text("printer-2")
    page.keyboard.press("Escape")
    page.go_back()
    expect(rows).to_have_count(2)
    expect(find).to_have_value("")


def test_effects_follow_what_is_chosen_and_taken_away_without_typing(
    page: Page, website: Site, live_server: LiveServer
) -> None:
    servers = {"option": "domain-name-servers", "value": ["10.9.0.1", "10.9.0.2"]}
    hold_leases(live_server.app.state.engine, "10.9.0.10")
    assert website.api("PATCH", "/subnets/1", json={"options": [servers]}).status_code == 200
    page.goto("/subnets/1/edit")
    told = page.locator("#impact")
    expect(told).to_contain_text("No client notices")
    page.locator(".option-row").first.get_by_title("Take away").last.click()
    expect(told).to_contain_text("1 client keeps its address and gets the new settings", timeout=WAIT_MS)
    page.reload()
    expect(told).to_contain_text("No client notices")
    page.get_by_label("Serve DHCP").uncheck()
    expect(told).to_contain_text("1 client is not served any more", timeout=WAIT_MS)


def test_badge_of_alerts_is_told_when_it_changes_and_not_each_time_it_is_asked_for(
    page: Page, website: Site, live_server: LiveServer
) -> None:
    rule = {"name": "full", "kind": "pool_usage", "threshold": 90, "clear": 85}
    rule_id = website.api("POST", "/alert-rules", json=rule).json()["id"]
    page.goto("/help")
    badge = page.locator(".firing")
    badge.evaluate(COUNT_CHANGES)

    def ask() -> int:
        badge.evaluate(ASK)
        return int(badge.get_attribute("data-told") or 0)

    assert ask() == 0
    with unit_of_work(live_server.app.state.sessions) as session:
        session.add(Alert(rule_id=rule_id, object="pools/1", message="The pool is full."))
    told = ask()
    assert told > 0
    expect(badge).to_contain_text("1 alert is firing")
    assert ask() == told
    with unit_of_work(live_server.app.state.sessions) as session:
        session.execute(delete(Alert))
    assert ask() > told
    expect(badge).to_have_text("")

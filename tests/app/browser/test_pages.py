"""Does a person see it live? A real browser on the running product."""

import socket
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.builders import Product, Site, discover

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LIVE_MS = 5000


def test_lease_and_grid_cell_appear_without_reload(page: Page, product: Product) -> None:
    subnet = product.plan()
    product.wait(product.live)
    page.goto(f"/subnets/{subnet}")
    cell = page.locator('[data-ip="10.9.0.50"]')
    expect(cell).to_have_class("cell free pool-first")
    table = page.context.new_page()
    table.goto("/leases")
    product.simulate(3, rate=100)
    expect(cell).to_have_class("cell leased pool-first", timeout=LIVE_MS)
    expect(table.locator('tr[data-ip="10.9.0.52"]')).to_contain_text("sim-", timeout=LIVE_MS)
    expect(page.locator("[data-count=leased]").first).to_have_text("3", timeout=LIVE_MS)


def test_client_that_is_watched_appears_in_a_rush_of_others(page: Page, product: Product) -> None:
    product.plan()
    product.wait(product.live)
    page.goto("/leases?q=10.9.0.60")
    product.simulate(150, rate=1000)
    expect(page.locator('tr[data-ip="10.9.0.60"]')).to_contain_text("sim-", timeout=LIVE_MS)


def test_pool_made_by_the_form_is_served_at_once(page: Page, product: Product) -> None:
    page.goto("/subnets/new")
    page.get_by_label("Prefix").fill("10.8.0.0/24")
    page.get_by_label("Gateway").fill("10.8.0.1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Pools", exact=True).click()
    page.get_by_role("link", name="New pool").click()
    page.get_by_label("First address").fill("10.8.0.20")
    page.get_by_label("Last address").fill("10.8.0.29")
    page.get_by_role("button", name="Save").click(no_wait_after=True)
    page.wait_for_url("**saved=*")
    saved = time.monotonic()
    assert offered(product, "10.8.0.1", 5), product.log.read_text()
    print(f"served {1000 * (time.monotonic() - saved):.0f} ms after the save")
    expect(page.get_by_text("is live on 1 of 1 worker")).to_be_visible()


def offered(product: Product, relay: str, seconds: float) -> bool:
    """Ask every 10 ms as a relay would, until the worker offers an address."""
    asked = discover(relay, b"\2\0\0\0\0\1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.01)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            udp.sendto(asked, ("127.0.0.1", product.dhcp_port))
            try:
                return len(udp.recv(2048)) > 0
            except TimeoutError:
                continue
    return False


def test_bad_pool_keeps_what_was_typed_and_names_the_other(web_page: Page, website: Site) -> None:
    subnet = website.plan()
    web_page.goto(f"/subnets/{subnet}/pools/new")
    web_page.get_by_label("First address").fill("10.9.0.60")
    web_page.get_by_label("Last address").fill("10.9.0.70")
    expect(web_page.locator("#impact")).to_contain_text("overlaps the pool 10.9.0.50-10.9.0.249", timeout=LIVE_MS)
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_label("First address")).to_have_value("10.9.0.60")
    expect(web_page.locator("#h-start")).to_contain_text("overlaps the pool 10.9.0.50-10.9.0.249")


def test_reserve_from_a_lease(page: Page, product: Product) -> None:
    product.plan()
    product.wait(product.live)
    product.simulate(1)
    page.goto("/leases")
    page.get_by_role("link", name="Reserve", exact=True).click()
    expect(page.get_by_label("Address", exact=True)).to_have_value("10.9.0.50")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("td .state.active")).to_be_visible()


def test_search_narrows_the_table_while_typing(page: Page, product: Product) -> None:
    product.plan()
    product.wait(product.live)
    product.simulate(5, rate=100)
    page.goto("/leases")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("searchbox", name="Address, MAC").press_sequentially("10.9.0.52")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=10.9.0.52" in page.url


def test_subnet_pool_and_reservation_are_edited(web_page: Page, website: Site) -> None:
    subnet = website.plan()
    web_page.goto(f"/subnets/{subnet}/edit")
    web_page.get_by_label("Name", exact=True).fill("office")
    web_page.get_by_label("Option 1", exact=True).fill("DNS servers")
    web_page.get_by_role("option", name="domain-name-servers").click()
    web_page.get_by_label("Value 1", exact=True).fill("10.9.0.2 wrong")
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_role("alert").first).to_contain_text("wrong")
    expect(web_page.get_by_label("Name", exact=True)).to_have_value("office")
    expect(web_page.locator(".option-problem")).to_contain_text('"wrong" is none')
    web_page.get_by_label("Value 1, 2", exact=True).fill("10.9.0.3")
    web_page.get_by_role("button", name="Save").click()
    web_page.get_by_role("navigation", name="Parts of this subnet").get_by_role("link", name="Options").click()
    expect(web_page.get_by_text("10.9.0.2, 10.9.0.3")).to_be_visible()
    web_page.get_by_role("link", name="Pools", exact=True).click()
    web_page.get_by_role("cell", name="Edit").get_by_role("link").click()
    web_page.get_by_label("Last address").fill("10.9.0.99")
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_role("cell", name="10.9.0.99", exact=True)).to_be_visible()
    web_page.goto("/reservations/new")
    web_page.get_by_label("Kind of identifier 1").select_option("circuit_id")
    web_page.get_by_label("Identifier 1", exact=True).fill("65:74:68:30")
    web_page.get_by_label("Address", exact=True).fill("10.9.0.60")
    web_page.get_by_role("button", name="Save").click()
    web_page.get_by_role("link", name="Edit", exact=True).click()
    web_page.get_by_label("Address", exact=True).fill("10.9.0.61")
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_role("cell", name="10.9.0.61", exact=True)).to_be_visible()
    stored = website.api("GET", "/reservations").json()["items"][0]
    assert stored["identifiers"] == [{"type": "circuit_id", "value": "eth0"}]


def test_stale_form_is_refused_and_keeps_what_was_typed(web_page: Page, website: Site) -> None:
    subnet = website.plan()
    web_page.goto(f"/subnets/{subnet}/edit")
    assert website.api("PATCH", f"/subnets/{subnet}", json={"name": "by another"}).status_code == 200
    web_page.get_by_label("Name", exact=True).fill("by me")
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_role("alert").first).to_contain_text("Somebody else saved this meanwhile")
    expect(web_page.locator(".stale mark")).to_have_text("by me")
    expect(web_page.get_by_label("Name", exact=True)).to_have_value("by me")


def test_options_are_chosen_from_the_catalogue_and_filled_in_by_their_kind(web_page: Page, website: Site) -> None:
    subnet = website.plan()
    web_page.goto(f"/subnets/{subnet}/edit")

    def choose(row: int, text: str) -> None:
        web_page.get_by_label(f"Option {row}", exact=True).press_sequentially(text)
        web_page.keyboard.press("ArrowDown")
        web_page.keyboard.press("Enter")

    choose(1, "121")
    web_page.get_by_label("Value 1: destination").fill("10.0.0.0/8")
    web_page.get_by_label("Value 1: router").fill("10.9.0.1")
    web_page.locator(".widget-more").first.click()
    web_page.get_by_label("Value 1, 2: destination").fill("0.0.0.0/0")
    web_page.get_by_label("Value 1, 2: router").fill("10.9.0.2")
    choose(2, "ip-forw")
    web_page.get_by_label("Value 2", exact=True).select_option("true")
    web_page.get_by_role("button", name="Another option").click()
    choose(3, "43")
    web_page.get_by_label("Value 3: space").select_option("pxe")
    web_page.get_by_label("Value 3: sub-option").select_option("discovery-control")
    web_page.get_by_label("Value 3: discovery-control").fill("8")
    web_page.get_by_role("button", name="Save").click()
    expect(web_page.get_by_role("heading", name="10.9.0.0/24")).to_be_visible()
    stored = website.api("GET", f"/subnets/{subnet}").json()["options"]
    assert {row["option"]: row["value"] for row in stored} == {
        "classless-static-routes": [
            {"destination": "10.0.0.0/8", "router": "10.9.0.1"}, {"destination": "0.0.0.0/0", "router": "10.9.0.2"},
        ],
        "ip-forwarding": True,
        "vendor-encapsulated-options": {
            "space": "pxe", "options": [{"option": "discovery-control", "value": 8}],
        },
    }  # fmt: skip
    web_page.goto(f"/subnets/{subnet}/edit")
    expect(web_page.get_by_label("Value 1, 2: router")).to_have_value("10.9.0.2")
    expect(web_page.get_by_label("Value 3: discovery-control")).to_have_value("8")


def test_a_large_prefix_zooms_by_key_and_by_click(page: Page, product: Product) -> None:
    made = product.api("POST", "/subnets", json={"cidr": "10.0.0.0/8", "gateway": "10.0.0.1"}).json()
    product.make_pool(made["id"], "10.7.0.0", "10.7.255.255")
    product.wait(product.live)
    page.goto(f"/subnets/{made['id']}")
    buckets = page.locator("[data-zoom] .bucket")
    expect(buckets).to_have_count(256)
    buckets.nth(6).focus()
    page.keyboard.press("ArrowRight")
    expect(buckets.nth(7)).to_be_focused()
    expect(buckets.nth(7)).to_contain_text("0 / 65,536")
    product.simulate(3, rate=100)
    expect(buckets.nth(7)).to_contain_text("3 / 65,536", timeout=LIVE_MS)
    page.keyboard.press("Enter")
    page.wait_for_url("**at=10.7.0.0/16")
    expect(buckets.first).to_contain_text("3 / 256")
    buckets.first.click()
    expect(page.locator('[data-ip="10.7.0.1"]')).to_have_class("cell leased")
    page.locator('[data-ip="10.7.0.9"]').focus()
    page.keyboard.press("Escape")
    page.wait_for_url("**at=10.7.0.0/16")
    page.keyboard.press("Escape")
    page.wait_for_url("**at=10.0.0.0/8")
    page.go_back()
    page.wait_for_url("**at=10.7.0.0/16")


def test_keys_work_as_soon_as_a_page_has_loaded_however_late_its_script_comes(
    web_page: Page, website: Site
) -> None:
    subnet = website.api("POST", "/subnets", json={"cidr": "10.0.0.0/8", "dhcp_enabled": False}).json()["id"]

    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    web_page.route("**/js/zoom.js", late)
    web_page.goto(f"/subnets/{subnet}?at=10.7.0.0/16")
    web_page.keyboard.press("Escape")
    web_page.wait_for_url("**at=10.0.0.0/8")


def test_branches_of_the_tree_fold_by_mouse_and_by_key(web_page: Page, website: Site) -> None:
    ids = [
        website.api("POST", "/subnets", json={"cidr": cidr, "dhcp_enabled": False}).json()["id"]
        for cidr in ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "192.168.0.0/24")
    ]
    web_page.goto("/subnets")
    prefixes = web_page.locator("#found tbody tr:not(.gap-row) b")
    create = web_page.locator("#found .gap-row")
    expect(prefixes).to_have_text(["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "192.168.0.0/24"])
    expect(create.filter(has_text="10.1.0.0/24")).to_have_count(1)
    web_page.get_by_role("link", name="Fold 10.1.0.0/16").click()
    expect(prefixes).to_have_text(["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "192.168.0.0/24"])
    expect(create.filter(has_text="10.1.0.0/24")).to_have_count(0)
    expect(create.filter(has_text="10.128.0.0/9")).to_have_count(1)
    assert f"fold={ids[1]}" in web_page.url
    expect(web_page.get_by_role("link", name="Unfold 10.1.0.0/16")).to_be_focused()
    web_page.get_by_role("link", name="Fold 10.0.0.0/8").focus()
    web_page.keyboard.press("ArrowLeft")
    expect(prefixes).to_have_text(["10.0.0.0/8", "192.168.0.0/24"])
    expect(web_page.get_by_role("link", name="Unfold 10.0.0.0/8")).to_be_focused()
    web_page.keyboard.press("ArrowRight")
    expect(prefixes).to_have_count(4)
    web_page.keyboard.press("ArrowDown")
    web_page.reload()
    expect(prefixes).to_have_count(4)
    web_page.get_by_role("link", name="Unfold all").click()
    expect(prefixes).to_have_count(5)
    web_page.get_by_role("link", name="Fold all", exact=True).click()
    expect(prefixes).to_have_count(2)


def test_dhcp_is_switched_in_the_list_which_stays_as_it_was(web_page: Page, website: Site) -> None:
    for cidr in ("10.1.0.0/24", "10.2.0.0/24"):
        assert website.api("POST", "/subnets", json={"cidr": cidr}).status_code == 201
    web_page.goto("/subnets?view=flat&q=10.2")
    dhcp = web_page.get_by_role("switch")
    expect(dhcp).to_have_count(1)
    expect(dhcp).to_be_checked()
    expect(dhcp).to_have_accessible_name("DHCP in 10.2.0.0/24: on")
    dhcp.focus()
    web_page.keyboard.press("Space")
    expect(dhcp).not_to_be_checked()
    assert "view=flat" in web_page.url and "q=10.2" in web_page.url
    served = {row["cidr"]: row["dhcp_enabled"] for row in website.api("GET", "/subnets").json()["items"]}
    assert served == {"10.1.0.0/24": True, "10.2.0.0/24": False}


def test_rows_are_chosen_and_all_that_match_are_removed(web_page: Page, website: Site) -> None:
    website.plan()
    for n in range(4):
        mac = {"type": "mac", "value": f"00:00:0c:00:00:0{n}"}
        wish = {"ip": f"10.9.0.1{n}", "hostname": f"camera-{n}", "identifiers": [mac]}
        assert website.api("POST", "/reservations", json=wish).status_code == 201
    web_page.goto("/reservations")
    bar = web_page.get_by_role("form", name="The chosen rows")
    expect(bar).to_be_hidden()
    web_page.get_by_label("Choose camera-0").check()
    web_page.get_by_label("Choose camera-2").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 chosen")
    web_page.get_by_label("all 4 that match").check()
    expect(bar).to_contain_text("4 chosen")
    bar.get_by_role("button", name="Remove").click()
    expect(web_page.get_by_role("heading", name="Remove 4 objects?")).to_be_visible()
    expect(web_page.get_by_text("No client notices this change.")).to_be_visible()
    web_page.get_by_role("button", name="Remove").click()
    expect(web_page.get_by_text("Nothing is reserved yet")).to_be_visible()


def test_what_a_client_receives_follows_the_question(page: Page, product: Product) -> None:
    subnet = product.plan()
    product.wait(product.live)
    product.simulate(1)
    page.goto(f"/explain?subnet_id={subnet}")
    page.get_by_label("MAC address of the client").press_sequentially("0000.0c11.2233")
    expect(page.locator(".verdict")).to_contain_text("10.9.0.51")
    assert "mac=0000.0c11.2233" in page.url
    octets = page.locator('.dump [data-part="9"]')
    page.get_by_role("cell", name="yiaddr").hover()
    expect(octets).to_have_class("octets p-address marked")
    page.get_by_label("It sends").select_option("bootp")
    expect(page.locator(".verdict")).to_contain_text("BOOTP")

"""Does a field that names a subnet offer what is typed, when there are too many for a list?"""

import pytest
from playwright.sync_api import Page, Request, expect

from app.services.subnet_choice import FEW
from tests.builders import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def many(website: Site) -> Site:
    """More subnets than a list holds: /24 of 10.0.0.0/15, two of them with a name and a device."""
    for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
        made = website.api("POST", "/subnets", json={"cidr": cidr, "dhcp_enabled": False}).json()
        split = website.api("POST", f"/subnets/{made['id']}/split", json={"prefix_len": 24})
        assert split.status_code == 200, split.text
    rows = website.everything("/subnets?limit=1000")
    assert len(rows) > FEW
    by_prefix = {row["cidr"]: row["id"] for row in rows}
    for host, (cidr, name) in enumerate((("10.0.7.0/24", "office"), ("10.1.7.0/24", "office two"))):
        assert website.api("PATCH", f"/subnets/{by_prefix[cidr]}", json={"name": name}).status_code == 200
        mac = {"type": "mac", "value": f"02:00:00:00:00:0{host}"}
        wish = {"ip": cidr.replace(".0/24", ".9"), "hostname": f"printer-{host}", "identifiers": [mac]}
        assert website.api("POST", "/reservations", json=wish).status_code == 201
    return website


def offers(page: Page, name: str) -> list[str]:
    """Return the values that the field offers."""
    return [str(each.get_attribute("value")) for each in page.locator(f"#{name}-found option").all()]


def test_what_is_typed_is_offered_after_a_rest_and_narrows_the_table(many: Site, web_page: Page) -> None:
    web_page.goto("/reservations")
    field = web_page.locator("[data-subnets]")
    expect(field).to_have_attribute("list", "subnet-found")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/subnets/choices" in request.url:
            asked.append(request.url)

    web_page.on("request", note)
    field.press_sequentially("office", delay=20)
    expect(web_page.locator("#subnet-found option")).to_have_count(2)
    assert offers(web_page, "subnet") == ["10.0.7.0/24", "10.1.7.0/24"]
    assert web_page.locator("#subnet-found option").first.inner_text() == "10.0.7.0/24 office"
    assert len(asked) == 1, "it waits until nobody types"
    field.fill("10.1.7.0/24")
    expect(web_page.locator("#found tbody tr")).to_have_count(1)
    expect(web_page.locator("#found")).to_contain_text("printer-1")
    web_page.reload()
    expect(web_page.locator("[data-subnets]")).to_have_value("10.1.7.0/24")
    expect(web_page.locator("#found tbody tr")).to_have_count(1)


def test_the_last_text_counts_and_an_empty_one_offers_nothing(many: Site, web_page: Page) -> None:
    web_page.goto("/reservations/new")
    field = web_page.locator("[data-subnets]")
    field.press_sequentially("10.1.25")
    expect(web_page.locator("datalist[id$=-found] option").first).to_have_attribute("value", "10.1.25.0/24")
    field.press("End")
    for _ in "10.1.25":
        field.press("Backspace")
    expect(web_page.locator("datalist[id$=-found] option")).to_have_count(0)


def test_field_stays_as_it_is_when_the_session_has_ended(many: Site, web_page: Page) -> None:
    web_page.goto("/reservations/new")
    field = web_page.locator("[data-subnets]")
    field.press_sequentially("office")
    expect(web_page.locator("datalist[id$=-found] option")).to_have_count(2)
    web_page.context.clear_cookies()
    with web_page.expect_response(lambda answer: "/subnets/choices" in answer.url):
        field.press_sequentially(" two")
    web_page.wait_for_timeout(100)
    expect(field).to_have_value("office two")
    expect(web_page.locator("datalist[id$=-found] option")).to_have_count(2)
    web_page.get_by_label("Identifier 1", exact=True).fill("02:00:00:00:00:09")
    expect(web_page.locator("#toasts")).to_contain_text("Your session has ended")
    expect(field).to_have_value("office two")

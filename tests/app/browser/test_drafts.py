"""Is what was typed still there when a form could not be taken in, since the session had ended or was another?"""

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.conftest import sign_in
from tests.builders import PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def fill(page: Page) -> None:
    """Type a reservation with two identifiers and an option."""
    page.goto("/reservations/new?ip=10.9.0.7")
    page.get_by_label("Identifier 1", exact=True).fill("00:00:0c:11:22:33")
    page.get_by_role("button", name="Another identifier").click()
    page.locator("[name=type]").nth(1).select_option("client_id")
    page.locator("[name=identifier]").nth(1).fill("01aabbcc")
    page.get_by_label("Name", exact=True).fill("camera")
    option = page.locator(".option-row").first
    option.locator("[name=option]").fill("domain-name-servers")
    option.locator("[name=option]").press("Enter")
    option.locator(".widget input").first.fill("10.9.0.53")
    page.locator("[name=always]").first.select_option("always")


def expect_filled(page: Page) -> None:
    """Expect all of it."""
    expect(page.get_by_text("What you typed is back.")).to_be_visible()
    expect(page.locator("[name=identifier]").first).to_have_value("00:00:0c:11:22:33")
    expect(page.locator("[name=type]").nth(1)).to_have_value("client_id")
    expect(page.locator("[name=identifier]").nth(1)).to_have_value("01aabbcc")
    expect(page.get_by_label("Name", exact=True)).to_have_value("camera")
    expect(page.get_by_label("Address", exact=True)).to_have_value("10.9.0.7")
    option = page.locator(".option-row").first
    expect(option.locator("[name=option]")).to_have_value("domain-name-servers")
    expect(option.locator(".widget input").first).to_have_value("10.9.0.53")
    expect(page.locator("[name=always]").first).to_have_value("always")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.fixture
def planned(website: Site) -> Site:
    assert website.api("POST", "/subnets", json={"cidr": "10.9.0.0/24"}).status_code == 201
    return website


def test_form_is_filled_again_after_the_session_had_ended(planned: Site, web_page: Page) -> None:
    fill(web_page)
    web_page.context.clear_cookies()
    save(web_page)
    web_page.get_by_label("Name").fill("root")
    web_page.get_by_label("Password").fill(PASSWORD)
    web_page.get_by_role("button", name="Sign in").click()
    expect_filled(web_page)
    save(web_page)
    expect(web_page.get_by_role("heading", name="Reservations")).to_be_visible()
    made = planned.everything("/reservations")
    assert [(row["ip"], row["hostname"], len(row["identifiers"])) for row in made] == [("10.9.0.7", "camera", 2)]
    stored = planned.api("GET", f"/reservations/{made[0]['id']}").json()
    assert [option["option"] for option in stored["options"]] == ["domain-name-servers"]
    web_page.goto("/reservations/new?ip=10.9.0.7")
    expect(web_page.get_by_label("Name", exact=True)).to_have_value("")


def test_form_of_an_earlier_sign_in_is_told_and_filled_again(planned: Site, web_page: Page) -> None:
    fill(web_page)
    other = web_page.context.new_page()
    web_page.context.clear_cookies()
    sign_in(other)
    save(web_page)
    expect(web_page.get_by_text("This page is of an earlier sign-in.")).to_be_visible()
    web_page.get_by_role("link", name="Open the page again").click()
    expect_filled(web_page)
    save(web_page)
    expect(web_page.get_by_role("heading", name="Reservations")).to_be_visible()
    assert [row["hostname"] for row in planned.everything("/reservations")] == ["camera"]


def test_form_that_was_left_is_empty_when_it_is_opened_later(planned: Site, web_page: Page) -> None:
    fill(web_page)
    web_page.locator("[name=ip]").fill("not an address")
    save(web_page)
    expect(web_page.locator("[aria-invalid=true]").first).to_be_visible()
    expect(web_page.get_by_text("What you typed is back.")).to_have_count(0)
    web_page.get_by_role("link", name="Cancel").click()
    web_page.goto("/reservations/new?ip=10.9.0.7")
    expect(web_page.get_by_label("Name", exact=True)).to_have_value("")

"""Does a person learn how the sending of a file goes?"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.services.imports import MAX_SOURCE_BYTES
from tests.app.browser.conftest import Held

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_file_is_on_its_way_is_lost_and_is_sent_again(web_page: Page, tmp_path: Path) -> None:
    table = tmp_path / "plan.csv"
    table.write_text("cidr,name\n10.7.0.0/24,hall\n")
    web_page.goto("/imports")
    web_page.locator("[data-file]").set_input_files(table)
    held = Held(web_page, "**/api/v1/imports*")
    plan = web_page.get_by_role("button", name="Plan it")
    plan.click()
    expect(web_page.get_by_role("progressbar", name="Sending the file")).to_be_visible()
    expect(plan).to_be_disabled()
    held.wait_for(1)
    held.lose()
    expect(web_page.get_by_role("alert").filter(has_text="The file did not arrive")).to_be_visible()
    plan.click()
    web_page.wait_for_url("**/imports/1")
    expect(web_page.locator("#found")).to_contain_text("10.7.0.0/24")


def test_file_that_is_too_large_is_not_sent(web_page: Page, tmp_path: Path) -> None:
    large = tmp_path / "plan.csv"
    with large.open("wb") as file:
        file.truncate(MAX_SOURCE_BYTES + 1)
    sent: list[str] = []
    web_page.on("request", lambda request: sent.append(request.url) if "/api/v1/" in request.url else None)
    web_page.goto("/imports")
    web_page.locator("[data-file]").set_input_files(large)
    web_page.get_by_role("button", name="Plan it").click()
    told = web_page.get_by_role("alert").filter(has_text="larger than 64 MB")
    expect(told).to_be_visible()
    assert sent == []

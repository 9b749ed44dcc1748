"""Does the page of the REST API show every operation and carry calls out, from this server's files alone?"""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.builders import Site


@pytest.mark.browser
def test_explorer_shows_operations_and_a_tried_get_answers(web_page: Page, website: Site) -> None:
    website.plan()
    asked: list[str] = []
    web_page.on("request", lambda request: asked.append(request.url))
    web_page.goto("/api/docs")
    tags = web_page.locator(".opblock-tag")
    expect(tags.first).to_be_visible(timeout=20_000)
    document = website.web.get("/openapi.json", headers=website.bearer).json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    assert {text.strip() for text in tags.all_inner_texts()} >= {tag for op in operations for tag in op["tags"]}
    assert "Endpoint" not in {op["summary"] for op in operations}
    web_page.locator("#operations-tag-subnets").click()
    listing = web_page.locator("#operations-subnets-list_subnets")
    listing.locator(".opblock-summary-control").click()
    listing.get_by_role("button", name="Try it out").click()
    listing.get_by_role("button", name="Execute").click()
    answer = listing.locator(".live-responses-table")
    expect(answer.locator("tr.response td.response-col_status").first).to_have_text("200", timeout=20_000)
    body = json.loads(answer.locator(".highlight-code .microlight, .highlight-code code").first.inner_text())
    assert [row["cidr"] for row in body["items"]] == ["10.9.0.0/24"]
    assert [url for url in asked if not url.startswith((website.url, "data:", "blob:"))] == []


@pytest.mark.browser
def test_explorer_follows_the_chosen_colours(web_page: Page) -> None:
    web_page.emulate_media(color_scheme="dark")
    web_page.goto("/api/docs")
    expect(web_page.locator("html.dark-mode")).to_have_count(1)
    web_page.emulate_media(color_scheme="light")
    expect(web_page.locator("html.dark-mode")).to_have_count(0)

"""Can everybody use every page? axe finds no violation, light and dark, wide and narrow, in each language."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.browser.conftest import sign_in
from tests.builders import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = Path(__file__).resolve().parents[3] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run(document, {runOnly: tags})).violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)"""
PAGES = (
    "/", "/subnets", "/subnets?view=flat&sort=-use", "/subnets/new", "/subnets/1", "/subnets/1?view=table",
    "/subnets/1/edit", "/subnets/1/divide",
    "/subnets/1/pools", "/subnets/1/pools/new", "/subnets/1/pools/1", "/subnets/1/reservations",
    "/subnets/1/leases", "/subnets/1/options?ip=10.9.0.50", "/subnets/1/history", "/subnets/1/audit", "/leases",
    "/leases?q=nothing", "/addresses/10.9.0.50", "/reservations", "/reservations/new", "/reservations/1/edit",
    "/history?q=10.9.0.50", "/search?q=10.9", "/options", "/option-definitions", "/option-definitions/new",
    "/vlans", "/vlans/new", "/tags", "/custom-fields", "/custom-fields/new", "/shared-networks",
    "/shared-networks/edit?name=hall",
    "/client-classes", "/client-classes/new", "/client-classes/boot", "/denied-clients", "/imports", "/settings",
    "/server", "/alerts", "/alerts?state=resolved", "/alert-rules", "/alert-rules/new", "/alert-rules/1",
    "/webhooks", "/webhooks/new", "/webhooks/1", "/audit", "/audit/1", "/users", "/users/1", "/tokens",
    "/sessions", "/password", "/preferences",
    "/explain", "/explain?mac=00:00:0c:11:22:33&subnet_id=1", "/imports/losses?format=kea",
    "/start", "/start?interface=relay", "/help", "/no-such-page",
)  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "width", "language"), [("light", 1440, "en"), ("dark", 1440, "de"), ("light", 360, "ar")]
)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Browser, product: Product, scheme: str, width: int, language: str
) -> None:
    product.plan()
    wish = {"ip": "10.9.0.60", "hostname": "camera", "identifiers": [{"type": "mac", "value": "00:00:0c:11:22:33"}]}
    assert product.api("POST", "/reservations", json=wish).status_code == 201
    rule = {"name": "full", "kind": "pool_usage", "threshold": 1}
    assert product.api("POST", "/alert-rules", json=rule).status_code == 201
    hook = {"name": "tickets", "url": "http://192.0.2.1/hook", "topics": ["alert", "audit"]}
    assert product.api("POST", "/webhooks", json=hook).status_code == 201
    product.wait(product.live)
    product.command("simulate", "--clients", "3", "--rate", "100")
    context = browser.new_context(
        base_url=product.url,
        color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    )
    page = context.new_page()
    sign_in(page)
    context.add_cookies([{"name": "language", "value": language, "url": product.url}])
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(path)
        page.wait_for_timeout(300)
        page.add_script_tag(path=AXE)
        violations = page.evaluate(RUN, RULES)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            violations.append("scrolls sideways")
        if violations:
            found[path] = violations
    context.close()
    assert found == {}

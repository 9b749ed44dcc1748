"""Can everybody use every page? axe finds no violation, light and dark, wide and narrow, in each language."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.browser.conftest import sign_in
from tests.app.conftest import running
from tests.builders import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = Path(__file__).resolve().parents[3] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)"""
READY = """() => !document.querySelector(".htmx-request")
    && [...document.querySelectorAll("[data-chart]")].every((chart) => chart.firstChild)
    && [...document.querySelectorAll(".option-row")].every((row) => row.querySelector(".picker"))"""
"""Whether what a page fetches after it has loaded is there."""
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
    "/tags/1", "/vlans/1", "/custom-fields/1", "/client-classes/1", "/option-definitions/1", "/imports/1",
    "/subnets/2", "/addresses/2001:db8:9::53", "/addresses/10.9.0.60", "/addresses/10.9.0.1",
    "/webhooks/1?state=failed", "/alerts?state=firing", "/history", "/search?q=", "/server?range=24h",
)  # fmt: skip


MORE: tuple[tuple[str, dict[str, object]], ...] = (
    ("/tags", {"name": "floor", "color": "#2f7ed8"}),
    ("/vlans", {"vid": 10, "name": "office", "group": "campus"}),
    ("/custom-fields", {"resource": "reservations", "name": "asset", "label": "Asset number", "type": "text"}),
    ("/client-classes", {"name": "phones", "expression": 'vendor_class == "yealink"'}),
    ("/option-definitions", {"code": 224, "name": "site-code", "kind": "text"}),
    ("/subnets", {"cidr": "2001:db8:9::/64", "name": "An office with a name that is long", "dhcp_enabled": False}),
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Product]:
    """A running product with something on every page."""
    with running(tmp_path_factory.mktemp("furnished"), migrated_file) as product:
        furnish(product)
        yield product


def furnish(product: Product) -> None:
    """Make an object of each kind, and let three clients come."""
    product.plan()
    wish = {"ip": "10.9.0.60", "hostname": "camera", "identifiers": [{"type": "mac", "value": "00:00:0c:11:22:33"}]}
    assert product.api("POST", "/reservations", json=wish).status_code == 201
    rule = {"name": "full", "kind": "pool_usage", "threshold": 1}
    assert product.api("POST", "/alert-rules", json=rule).status_code == 201
    hook = {"name": "tickets", "url": "http://192.0.2.1/hook", "topics": ["alert", "audit"]}
    assert product.api("POST", "/webhooks", json=hook).status_code == 201
    for path, body in MORE:
        made = product.api("POST", path, json=body)
        assert made.status_code == 201, made.text
    dns = {"state": "static", "hostname": "dns"}
    assert product.api("PUT", "/addresses/2001:db8:9::53", json=dns).status_code in (200, 201)
    table = b"ip,hostname,mac\n10.9.0.61,door,00:00:0c:00:00:61\n10.77.0.1,lost,zz\n"
    assert product.api("POST", "/imports?format=csv&table=reservations", content=table).status_code in (201, 202)
    product.wait(product.live)
    product.simulate(3, rate=100)


@pytest.mark.parametrize(
    ("scheme", "width", "language"), [("light", 1440, "en"), ("dark", 1440, "de"), ("light", 360, "ar")]
)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Browser, furnished: Product, scheme: str, width: int, language: str
) -> None:
    context = browser.new_context(
        base_url=furnished.url,
        color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    )
    page = context.new_page()
    sign_in(page)
    context.add_cookies([{"name": "language", "value": language, "url": furnished.url}])
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(path)
        page.wait_for_function(READY)
        page.add_script_tag(path=AXE)
        violations = page.evaluate(RUN, RULES)
        for each in (1300, 1024, width) if width > 1024 else (width,):
            page.set_viewport_size({"width": each, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                violations.append(f"scrolls sideways at {each} px")
        if violations:
            found[path] = violations
    context.close()
    assert found == {}

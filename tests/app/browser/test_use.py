"""Does a person see how full pools were, as a line, a chart and a table?"""

import time
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from app.database import make_engine, make_session_factory, unit_of_work
from app.models.base import utc_now
from app.services import use_samples
from tests.app.conftest import Website
from tests.builders import hold_leases

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 500);
})"""


def record(website: Website) -> None:
    """Let the pool be empty two days ago and hold three leases now."""
    engine = make_engine(f"sqlite:///{website.database}")
    factory = make_session_factory(engine)
    for back, leases in ((48, ()), (1, ("10.9.0.50", "10.9.0.51", "10.9.0.52"))):
        if leases:
            hold_leases(engine, *leases)
        with unit_of_work(factory, writing=False) as session:
            minute = use_samples.compare(session, utc_now() - timedelta(hours=back))
        with unit_of_work(factory) as session:
            use_samples.write(session, minute)
    engine.dispose()


def test_use_over_time_as_line_chart_and_table(web_page: Page, website: Website) -> None:
    subnet = website.plan()
    record(website)
    web_page.goto("/")
    row = web_page.get_by_role("row").filter(has_text="10.9.0.50 – 10.9.0.249")
    expect(row.get_by_role("img", name="Use of the last 7 days: now 2%, at most 2%")).to_be_visible()
    expect(row).to_contain_text("It is told after four whole days of use.")
    expect(web_page.locator("#use canvas")).to_be_visible()
    assert web_page.evaluate(SHIFT) < 0.02
    web_page.locator("#use").get_by_role("link", name="7 d").click()
    web_page.get_by_text("As a table").click()
    newest = web_page.locator(".twin tbody tr").first
    expect(newest.get_by_role("cell")).to_contain_text(["20", "3", "3", "197", "200"])
    web_page.goto("/subnets")
    expect(web_page.locator('td[data-label="Peak of 7 days"]')).to_contain_text("2%")
    web_page.goto(f"/subnets/{subnet}")
    expect(web_page.locator(".head .trend")).to_contain_text("3 peak of 7 days")
    web_page.locator(".head .trend a").click()
    expect(web_page.locator("#use canvas")).to_be_visible()


def test_a_chart_is_drawn_also_when_its_library_comes_late(web_page: Page) -> None:
    def late(route: Route) -> None:
        time.sleep(1.5)
        route.continue_()

    web_page.route("**/vendor/uplot.js", late)
    web_page.goto("/", wait_until="commit")
    expect(web_page.locator("[data-chart] canvas, [data-chart] .chart-empty").first).to_be_attached(timeout=10_000)
    web_page.unroute_all(behavior="ignoreErrors")

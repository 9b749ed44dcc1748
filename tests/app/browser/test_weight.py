"""How heavy is the first visit of a page, and does anything on it move once it is seen?"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from app.auth.deps import COOKIE
from tests.app.conftest import LiveServer
from tests.builders import hold_leases

Visit = Callable[[int, int], Page]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FIRST_VISIT_BYTES = 300_000
MOST_SHIFT = 0.02
"""Cumulative layout shift; up to 0.1 counts as good."""
SETTLE_MS = 800
MAIN = ("/", "/subnets", "/subnets/1", "/leases")
MORE = ("/subnets/1/pools", "/subnets/1/history", "/reservations", "/history", "/explain", "/server", "/audit",
        "/settings", "/alerts", "/users", "/subnets/new", "/reservations/new", "/search?q=10.9.0.50")  # fmt: skip
SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map((entry) => [entry.name, entry.transferSize])"""
SHIFTS = """() => new Promise((done) => {
    const seen = [];
    const note = (list) => list.getEntries().forEach((entry) => entry.hadRecentInput || seen.push(
        [entry.value, ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120) ?? "")]));
    new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(seen), 50);
})"""


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """A function that opens a browser that was never here before, but is signed in, on a plan with some leases."""
    headers = live_server.add_user("root", "admin")
    _fill(live_server, headers)
    cookie = live_server.sign_in("root").cookies[COOKIE]
    with ExitStack() as stack:

        def come(width: int, height: int) -> Page:
            url = str(live_server.web.base_url)
            context = browser.new_context(base_url=url, viewport={"width": width, "height": height})
            stack.callback(context.close)
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
            return context.new_page()

        yield come


def _fill(server: LiveServer, headers: dict[str, str]) -> None:
    identifiers = [{"type": "mac", "value": "020000000001"}]
    for path, told in (
        ("subnets", {"cidr": "10.9.0.0/24", "gateway": "10.9.0.1"}),
        ("pools", {"subnet_id": 1, "start": "10.9.0.50", "end": "10.9.0.249"}),
        ("reservations", {"identifiers": identifiers, "ip": "10.9.0.7", "hostname": "printer"}),
    ):
        answer = server.web.post(f"/api/v1/{path}", json=told, headers=headers)
        assert answer.status_code == 201, answer.text
    hold_leases(server.app.state.engine, *(f"10.9.0.{host}" for host in range(50, 110)))


def test_first_visit_of_each_main_page_is_light(visit: Visit) -> None:
    weights = {}
    for path in MAIN:
        seen = visit(1280, 800)
        seen.goto(path, wait_until="load")
        seen.wait_for_timeout(SETTLE_MS)
        sizes = dict(seen.evaluate(SIZES))
        assert any("vendor/tabler.css" in name and size > 10_000 for name, size in sizes.items()), sizes
        weights[path] = sum(sizes.values())
    print(weights)
    assert {path: octets for path, octets in weights.items() if octets > FIRST_VISIT_BYTES} == {}


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_nothing_moves_once_it_is_seen(visit: Visit, width: int, height: int) -> None:
    visitor, shifts = visit(width, height), {}
    for path in (*MAIN, *MORE):
        visitor.goto(path, wait_until="load")
        visitor.wait_for_timeout(SETTLE_MS)
        shifts[path] = visitor.evaluate(SHIFTS)
    print({path: round(sum(each[0] for each in seen), 4) for path, seen in shifts.items()})
    assert {p: seen for p, seen in shifts.items() if sum(each[0] for each in seen) > MOST_SHIFT} == {}
    visitor.evaluate("document.getElementById('main').style.marginTop = '200px'")
    visitor.wait_for_timeout(100)
    assert sum(each[0] for each in visitor.evaluate(SHIFTS)) > MOST_SHIFT, "a shift would have been noticed"

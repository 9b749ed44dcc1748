"""A real browser, signed in to the running product."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.builders import PASSWORD, Product, Site

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


WAIT_MS = 10_000


class Held:
    """Requests whose answers are on their way until they are let go."""

    def __init__(self, page: Page, which: str) -> None:
        self._routes: list[Route] = []
        self._page, self._which, self._open = page, which, False
        page.route(which, self._hold)

    def _hold(self, route: Route) -> None:
        self._routes.append(route)
        if self._open:
            route.continue_()

    def wait_for(self, count: int) -> None:
        """Wait until so many requests were made."""
        for _ in range(WAIT_MS // 50):
            if len(self._routes) >= count:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError(f"{len(self._routes)} requests to {self._which}")

    def lose(self) -> None:
        """Let the way to the server break for all of them; those that come after get through."""
        self._open = True
        for route in list(self._routes):
            route.abort()

    def let_go(self) -> None:
        """Let all of them through, and those that come after."""
        self._open = True
        for route in list(self._routes):
            route.continue_()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. The loop that drives it ends with the module: asynchronous tests need one of their own."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("browser tests need chromium")
        pytest.skip("browser tests need chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


@contextmanager
def signed_in(browser: Browser, site: Site) -> Iterator[Page]:
    """Yield a signed-in page; an error of a script or of the content policy fails the test."""
    context = browser.new_context(base_url=site.url)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    sign_in(made)
    yield made
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A signed-in page of the running product."""
    with signed_in(browser, product) as made:
        yield made


@pytest.fixture
def web_page(browser: Browser, website: Site) -> Iterator[Page]:
    """A signed-in page of the web application alone."""
    with signed_in(browser, website) as made:
        yield made

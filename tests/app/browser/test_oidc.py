"""Does a browser come in through somebody else's OpenID provider? It runs as a process of its own."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.builders import Product, free_port

VERA = {"sub": "vera", "preferred_username": "vera", "realm_access": {"roles": ["net-ops"]}}


@pytest.fixture
def issuer() -> Iterator[str]:
    port = free_port(socket.SOCK_STREAM)
    command = shutil.which("oidc-provider-mock", path=str(Path(sys.executable).parent))
    assert command is not None
    claims = json.dumps(VERA)
    line = [command, "--port", str(port), "--require-nonce", "true", "--user-claims", claims]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{url}/jwks")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


@pytest.mark.browser
def test_browser_signs_in_at_the_provider_and_out_again(browser: Browser, issuer: str, tmp_path: Path) -> None:
    product = Product(
        tmp_path,
        LEASEBOARD_OIDC_ISSUER=issuer,
        LEASEBOARD_OIDC_CLIENT_ID="leaseboard",
        LEASEBOARD_OIDC_CLIENT_SECRET="secret",
        LEASEBOARD_OIDC_ROLE_CLAIM="realm_access.roles",
        LEASEBOARD_OIDC_ROLES="net-ops=operator",
        LEASEBOARD_OIDC_BUTTON="Sign in with Example",
    )
    try:
        product.sign_up()
        page = browser.new_context(base_url=product.url).new_page()
        page.goto("/login")
        page.get_by_role("link", name="Sign in with Example").click()
        page.get_by_placeholder("sub").fill("vera")
        page.get_by_role("button", name="Authorize", exact=True).click()
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        vera = next(u for u in product.api("GET", "/users").json()["items"] if u["name"] == "vera")
        assert (vera["role"], vera["source"]) == ("operator", "oidc")
        page.goto("/sessions")
        page.locator("form[action='/logout'] button").first.evaluate("button => button.click()")
        expect(page.get_by_role("link", name="Sign in with Example")).to_be_visible()
        page.goto("/")
        expect(page).to_have_url(f"{product.url}/login")
        page.get_by_role("link", name="Sign in with Example").click()
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("alert")).to_contain_text("did not sign you in")
    finally:
        product.stop()

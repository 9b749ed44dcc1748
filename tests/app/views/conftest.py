"""A person at the pages, without a browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.app.conftest import LiveServer


class Person:
    """Somebody who is signed in; forms are sent as a browser sends them."""

    def __init__(self, live_server: LiveServer, role: str) -> None:
        self.headers = live_server.add_user(role, role)
        self.web = httpx.Client(base_url=live_server.web.base_url, timeout=10)
        signed = live_server.web.post("/login", data={"name": role, "password": "correct horse battery"})
        self.web.cookies.update(signed.cookies)
        found = re.search(r'data-csrf="([^"]+)"', self.web.get("/help").text)
        assert found is not None
        self._csrf = found[1]

    def get(self, path: str, language: str = "en") -> httpx.Response:
        """Open a page."""
        return self.web.get(path, headers={"accept-language": language})

    def send(self, path: str, language: str = "en", **fields: object) -> httpx.Response:
        """Send a form; a list sends its field several times."""
        data = {**fields, "csrf_token": self._csrf}
        return self.web.post(path, data=data, headers={"accept-language": language})

    def api(self, method: str, path: str, **more: object) -> httpx.Response:
        """Ask the REST API as the same user."""
        return self.web.request(method, f"/api/v1{path}", headers=self.headers, **more)  # type: ignore[arg-type]  # passed on


@pytest.fixture
def person(live_server: LiveServer) -> Iterator[Callable[[str], Person]]:
    """Yield a function from a role to somebody who is signed in with it."""
    with ExitStack() as stack:

        def come(role: str) -> Person:
            somebody = Person(live_server, role)
            stack.callback(somebody.web.close)
            return somebody

        yield come

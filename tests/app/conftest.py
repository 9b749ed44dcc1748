"""The running product over loopback: `leaseboard serve`, or the web application alone."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.database import unit_of_work
from app.settings import Settings
from tests.builders import PASSWORD, Product, Site, add_script, application


@dataclass(frozen=True)
class LiveServer:
    """A running application; `web` is a browser without cookies."""

    app: FastAPI
    web: httpx.Client
    address: tuple[str, int]
    database: Path

    def add_user(self, name: str, role: str) -> dict[str, str]:
        """Make a user; return the headers of a token of theirs."""
        with unit_of_work(self.app.state.sessions) as session:
            return add_script(session, name, role)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Post the sign-in form."""
        return self.web.post("/login", data={"name": name, "password": password})


@contextmanager
def serve(settings: Settings, database: Path) -> Iterator[LiveServer]:
    """Yield a server over a migrated database."""
    app = application(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    with httpx.Client(base_url=f"http://127.0.0.1:{address[1]}", timeout=10) as web:
        yield LiveServer(app, web, address, database)
    app.state.hub.stop()
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def live_server(tmp_path: Path, migrated_file: Path) -> Iterator[LiveServer]:
    """Yield a server over an empty, migrated database."""
    path = tmp_path / "web.db"
    shutil.copyfile(migrated_file, path)
    with serve(Settings(database_url=f"sqlite:///{path}"), path) as running:
        yield running


class Website(Site):
    """The web application alone, without the worker, in this process."""

    def __init__(self, live_server: LiveServer) -> None:
        self.web, self.database = live_server.web, live_server.database
        self.url = str(self.web.base_url).rstrip("/")
        self.bearer = live_server.add_user("root", "admin")


@pytest.fixture
def website(live_server: LiveServer) -> Website:
    """Return the web application with an admin; it takes a tenth of the CPU of a product, which has a worker."""
    return Website(live_server)


@contextmanager
def running(folder: Path, migrated_file: Path) -> Iterator[Product]:
    """Yield the product with an admin, over a migrated database in the folder."""
    shutil.copyfile(migrated_file, folder / "test.db")
    product = Product(folder)
    try:
        product.sign_up()
        yield product
    finally:
        product.stop()


@pytest.fixture
def product(tmp_path: Path, migrated_file: Path) -> Iterator[Product]:
    with running(tmp_path, migrated_file) as product:
        yield product

"""Leaseboard: planned through its REST API, served by its worker, both on one SQLite file."""

import os
import socket
import subprocess
import sys
import time
from typing import Any

import httpx

from app.database import make_engine
from app.migrate import upgrade
from tests.builders import START_S, free_port, sign_up
from tests.e2e.conformance.lab import Lab
from tests.e2e.conformance.scenario import NETWORKS, REQUESTER, Network, Setting
from tests.e2e.conformance.servers.base import STOP_S, Server


def option(setting: Setting) -> dict[str, Any]:
    return {"option": setting.code, "value": setting.value, "always": setting.always}


class Ours(Server):
    """The worker stands in the server's namespace; the web server in the tests' own: they meet in the database."""

    name = "ours"

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.listen = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.env = {
            **os.environ,
            "LEASEBOARD_DATABASE_URL": f"sqlite:///{lab.folder}/ours.db",
            "LEASEBOARD_LISTEN": self.listen,
            "PYTHONUNBUFFERED": "1",
        }
        self.pages: subprocess.Popen[bytes] | None = None
        self.web = httpx.Client(base_url=f"http://{self.listen}/api/v1", timeout=20)

    def start(self) -> None:
        database = self.env["LEASEBOARD_DATABASE_URL"]
        upgrade(make_engine(database))
        self.web.headers.update(sign_up(database))
        with (self.lab.folder / "web.log").open("wb") as log:
            command = [sys.executable, "-m", "app.cli", "web"]
            self.pages = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        self._until(self._ready)
        for network in NETWORKS.values():
            self.plan(network)
        self.web.patch("/settings", json={"leasequery_requesters": [REQUESTER]}).raise_for_status()
        self.serve()

    def serve(self) -> None:
        """Start the worker; its configuration is in the database."""
        worker = (sys.executable, "-m", "dhcpd", "--interface", "s0", "--interface", "s1")
        self.process = self.lab.start(*worker, env=self.env)

    def plan(self, network: Network) -> None:
        """Make a network's subnet, pool and reservations."""
        if network.shared:
            self.web.put(f"/shared-networks/{network.shared}", json={"options": []}).raise_for_status()
        subnet = self.make(
            "/subnets",
            cidr=f"{network.at(0)}/{network.mask}",
            gateway=network.at(1) if network.gateway else None,
            lease_time=network.lease_s,
            min_lease_time=network.min_s,
            max_lease_time=network.max_s,
            authoritative=network.authoritative,
            next_server=network.next_server,
            server_name=network.server_name,
            boot_file=network.boot_file,
            relays=list(network.relays),
            shared_network=network.shared,
            options=[option(setting) for setting in network.settings],
            rapid_commit=network.rapid,
            bootp=network.bootp,
            ping_check=network.probed,
        )
        clients = "bootp" if network.bootp else "all"
        self.make("/pools", subnet_id=subnet, start=network.first, end=network.last, clients=clients)
        for reserved in network.reserved:
            identifier = {"type": reserved.kind, "value": reserved.identifier.hex(":")}
            self.make(
                "/reservations",
                subnet_id=subnet,
                identifiers=[identifier],
                ip=network.at(reserved.last),
                hostname=reserved.hostname,
            )

    def make(self, path: str, **fields: object) -> int:
        answer = self.web.post(path, json=fields)
        assert answer.status_code == 201, f"{path} {fields}: {answer.text}"
        return int(answer.json()["id"])

    def _ready(self) -> bool:
        try:
            return self.web.get(f"http://{self.listen}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def _until(self, ready: Any) -> None:
        deadline = time.monotonic() + START_S
        while not ready():
            assert time.monotonic() < deadline, (self.lab.folder / "web.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        super().stop()
        self.web.close()
        if self.pages is not None:
            self.pages.terminate()
            self.pages.wait(STOP_S)

"""Does the `leaseboard` command keep its outside contract, and refuse in a sentence instead of a traceback?"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from app.cli.root import app
from tests.builders import Product, free_port


def call(folder: Path, *words: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a database of its own."""
    env = {**os.environ, "LEASEBOARD_DATABASE_URL": f"sqlite:///{folder}/test.db", **environment}
    line = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(line, env=env, input=given, capture_output=True, text=True, timeout=60)


def refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_token_create_prints_the_token_alone(tmp_path: Path) -> None:
    added = call(tmp_path, "user", "add", "ann", "--role", "viewer", "--password-stdin", given="long enough 1\n")
    assert (added.returncode, added.stdout) == (0, "")
    made = call(tmp_path, "token", "create", "--user", "ann", "--name", "script")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("lb_")
    assert made.stdout.count("\n") == 1


def test_unknown_user_role_and_short_password_are_refused(tmp_path: Path) -> None:
    refused(call(tmp_path, "token", "create", "--user", "nobody", "--name", "x"), "There is no user nobody.")
    add = ("user", "add", "ann", "--password-stdin", "--role")
    refused(call(tmp_path, *add, "boss", given="long enough 1\n"), "viewer, operator, admin")
    refused(call(tmp_path, *add, "admin", given="short\n"), "at least 10 and at most 1000 characters")


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999"])
def test_listen_that_is_no_address_is_refused(tmp_path: Path, listen: str) -> None:
    refused(call(tmp_path, "web", "--listen", listen), "is not HOST:PORT")


def test_database_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    refused(call(tmp_path, "db", "upgrade", "--database", "nonsense"), "The database URL cannot be used")
    refused(call(tmp_path, "db", "upgrade", "--database", "sqlite:////proc/no.db"), "The database cannot be used")


def test_broken_environment_names_the_variable(tmp_path: Path) -> None:
    refused(call(tmp_path, "simulate", LEASEBOARD_DHCP_PORT="abc"), "LEASEBOARD_DHCP_PORT: Input should be")


def test_simulation_before_the_first_subnet_says_what_to_do(tmp_path: Path) -> None:
    done = call(tmp_path, "simulate", "--clients", "1")
    assert done.returncode == 1
    assert "There is no subnet with a pool yet" in done.stderr
    refused(call(tmp_path, "simulate", "--relay-address", "10.0.0"), "10.0.0")


def test_simulation_behind_a_named_relay(product: Product) -> None:
    product.plan()
    product.plan("10.8.0.0/24", "10.8.0.50", "10.8.0.99")
    product.wait(product.live)
    product.command("simulate", "--clients", "5", "--rate", "500", "--relay-address", "10.8.0.1")
    leases = product.api("GET", "/leases").json()["items"]
    assert len(leases) == 5
    assert all(row["ip"].startswith("10.8.0.") for row in leases)


SERVERS = {"serve", "web", "dhcpd"}


def test_every_command_but_the_servers_prints_json() -> None:
    without = []
    for path, command in commands(get_command(app)):
        names = {name for parameter in command.params for name in parameter.opts}
        if "--json" not in names and path not in SERVERS:
            without.append(path)
    assert without == []


def commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each command with the words that call it."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}".strip())
    if not hasattr(command, "commands"):
        yield path, command


def as_json(folder: Path, *words: str, given: str = "") -> Any:
    """Call a command with --json; standard output holds nothing else, standard error nothing at all."""
    done = call(folder, *words, "--json", given=given)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def test_accounts_and_tokens_tell_json(tmp_path: Path) -> None:
    password = "long enough 1\n"
    for name in ("ann", "bob"):
        told = as_json(tmp_path, "user", "add", name, "--role", "admin", "--password-stdin", given=password)
    assert told == {"id": 2, "name": "bob", "role": "admin"}
    assert as_json(tmp_path, "user", "role", "bob", "viewer")["role"] == "viewer"
    assert as_json(tmp_path, "user", "passwd", "bob", "--password-stdin", given=password)["name"] == "bob"
    token = as_json(tmp_path, "token", "create", "--user", "bob", "--name", "script")
    assert as_json(tmp_path, "token", "revoke", str(token["id"])) == {"id": token["id"], "revoked": True}
    assert as_json(tmp_path, "user", "remove", "bob")["id"] == 2
    assert [row["name"] for row in as_json(tmp_path, "user", "list")] == ["ann"]


def test_upgrade_tells_each_step(tmp_path: Path) -> None:
    done = call(tmp_path, "db", "upgrade")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("done: 0001")
    again = as_json(tmp_path, "db", "upgrade")
    assert again["before"] == again["revision"] is not None
    assert again["steps"] == []
    assert done.stderr.count("done: ") == int(again["revision"])


def test_simulation_tells_json_and_progress_apart(tmp_path: Path) -> None:
    port = str(free_port(socket.SOCK_DGRAM))
    words = ("simulate", "--clients", "1", "--relay-address", "10.0.0.1", "--dhcp-port", port)
    done = call(tmp_path, *words, "--json")
    assert json.loads(done.stdout) == {"clients": 1, "leases": 0, "refused": 0, "silent": 1}
    assert done.returncode == 1
    assert "Nobody answered" in done.stderr

"""Does the `leaseboard` command keep its outside contract, and refuse in a sentence instead of a traceback?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Product


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
    assert "There is no subnet with a pool yet" in done.stdout
    refused(call(tmp_path, "simulate", "--relay-address", "10.0.0"), "10.0.0")


def test_simulation_behind_a_named_relay(product: Product) -> None:
    product.plan()
    product.plan("10.8.0.0/24", "10.8.0.50", "10.8.0.99")
    product.wait(product.live)
    product.command("simulate", "--clients", "5", "--rate", "500", "--relay-address", "10.8.0.1")
    leases = product.api("GET", "/leases").json()["items"]
    assert len(leases) == 5
    assert all(row["ip"].startswith("10.8.0.") for row in leases)

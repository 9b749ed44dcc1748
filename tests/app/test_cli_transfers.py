"""Do import, export, backup, restore, search, user and token work from a shell, and refuse in a sentence?"""

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from app.database import make_engine, make_session_factory, unit_of_work
from app.migrate import upgrade
from app.schemas.subnets import SubnetIn
from app.services import subnets
from app.services.actors import COMMAND_LINE
from app.services.errors import Conflict, Invalid
from app.transfer import backups
from tests.app.test_cli import call, refused
from tests.builders import Product

SUBNETS = "cidr,name\n10.0.0.0/24,office\n10.1.0.0/24,lab\n"


def nothing(stage: str, done: int, total: int) -> None:
    """Take progress."""


def test_import_export_and_undo(tmp_path: Path) -> None:
    source = tmp_path / "subnets.csv"
    source.write_text(SUBNETS)
    planned = call(tmp_path, "import", str(source), "--plan")
    assert (planned.returncode, "subnets: 2 create" in planned.stdout) == (0, True), planned.stderr
    made = json.loads(call(tmp_path, "import", str(source), "--yes", "--json").stdout)
    assert (made["state"], made["counts"]["create"]) == ("committed", 2)
    csv = call(tmp_path, "export", "csv", "--table", "subnets").stdout
    assert csv.count("\n") == 3
    found = call(tmp_path, "search", "10.1.0.7", "--json")
    assert "10.1.0.0/24" in found.stdout
    assert call(tmp_path, "search", "nothing-like-this").returncode == 1
    kea = tmp_path / "kea.conf"
    report = json.loads(call(tmp_path, "export", "kea", "-o", str(kea), "--json").stdout)
    assert report["losses"] == []
    assert '"10.0.0.0/24"' in kea.read_text()
    undone = call(tmp_path, "imports", "undo", str(made["id"]))
    assert "is undone" in undone.stdout, undone.stderr
    assert call(tmp_path, "export", "csv", "--table", "subnets").stdout.count("\n") == 1
    listed = json.loads(call(tmp_path, "imports", "list", "--json").stdout)
    assert [row["state"] for row in listed] == ["undone", "planned"]


def test_import_in_conflict_changes_nothing_and_ends_with_3(tmp_path: Path) -> None:
    source = tmp_path / "subnets.csv"
    source.write_text(SUBNETS + "10.0.0.7/24,wrong\n")
    done = call(tmp_path, "import", str(source), "--yes")
    assert done.returncode == 3
    assert "line 4: conflict: 10.0.0.7/24: " in done.stdout
    assert "1 rows are in conflict; nothing was changed" in done.stderr
    assert call(tmp_path, "import", str(source), "--yes", "--skip-conflicts").returncode == 0
    assert call(tmp_path, "export", "csv", "--table", "subnets").stdout.count("\n") == 3


def test_bad_files_and_formats_are_refused(tmp_path: Path) -> None:
    refused(call(tmp_path, "import", str(tmp_path / "none.csv")), "cannot be read: No such file")
    (tmp_path / "odd").write_text("???")
    refused(call(tmp_path, "import", str(tmp_path / "odd")), "cannot be told from the file")
    refused(call(tmp_path, "export", "xml"), "The format is one of csv, json, kea, dnsmasq")
    refused(call(tmp_path, "export", "csv"), "Name a table")


def test_users_and_tokens_from_the_first_to_the_last(tmp_path: Path) -> None:
    for name, role in (("root", "admin"), ("ann", "viewer")):
        done = call(tmp_path, "user", "add", name, "--role", role, "--password-stdin", given="long enough 1\n")
        assert done.returncode == 0, done.stderr
    assert call(tmp_path, "user", "passwd", "ann", "--password-stdin", given="even longer 2\n").returncode == 0
    assert call(tmp_path, "user", "role", "ann", "operator").returncode == 0
    listed = json.loads(call(tmp_path, "user", "list", "--json").stdout)
    assert [(row["name"], row["role"]) for row in listed] == [("ann", "operator"), ("root", "admin")]
    past = call(tmp_path, "token", "create", "--user", "ann", "--name", "x", "--expires", "2020-01-01")
    refused(past, "is in the past")
    made = call(tmp_path, "token", "create", "--user", "ann", "--name", "x", "--expires", "2090-01-01", "--json")
    token = json.loads(made.stdout)
    assert token["token"].startswith("lb_")
    shown = call(tmp_path, "token", "list", "--json").stdout
    assert token["token"] not in shown
    assert json.loads(shown)[0]["user"] == "ann"
    assert call(tmp_path, "token", "revoke", str(token["id"])).returncode == 0
    refused(call(tmp_path, "token", "revoke", "99"), "There is no token 99")
    assert call(tmp_path, "user", "remove", "ann").returncode == 0
    refused(call(tmp_path, "user", "role", "ann", "admin"), "There is no user ann")
    refused(call(tmp_path, "user", "remove", "root"), "last admin")


def test_backup_while_the_servers_run_and_restore_only_when_they_do_not(product: Product, tmp_path: Path) -> None:
    product.plan()
    product.wait(product.live)
    product.simulate(20, rate=500)
    path = tmp_path / "backup.db"
    made = json.loads(product.command("backup", str(path), "--json"))
    assert made["rows"]["leases"] == 20
    refused(call(tmp_path, "backup", str(path), **product.env), "exists already")
    running = call(tmp_path, "restore", str(path), "--yes", **product.env)
    refused(running, "A DHCP worker runs on this database")
    product.api("DELETE", "/subnets/1")
    product.stop()
    with sqlite3.connect(product.database) as connection:
        connection.execute("UPDATE workers SET last_seen = 0")
        assert connection.execute("SELECT count(*) FROM subnets").fetchone() == (0,)
    connection.close()
    done = call(tmp_path, "restore", str(path), "--yes", **product.env)
    assert "Restored" in done.stdout, done.stderr
    with sqlite3.connect(product.database) as connection:
        assert connection.execute("SELECT count(*) FROM subnets").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM leases").fetchone() == (20,)
    connection.close()


def test_backup_of_either_database_restores_on_either(empty_engine: Engine, tmp_path: Path) -> None:
    upgrade(empty_engine)
    with unit_of_work(make_session_factory(empty_engine)) as session:
        subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.0.0.0/24", name="kept"))
    counts = backups.backup(empty_engine, tmp_path / "one.db", nothing)
    assert counts["subnets"] == 1
    other = make_engine(f"sqlite:///{tmp_path}/other.db")
    backups.restore(other, tmp_path / "one.db", nothing)
    with unit_of_work(make_session_factory(other)) as session:
        assert [row.name for row in subnets.list_subnets(session)] == ["kept"]
        subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.1.0.0/24", name="new"))
    backups.backup(other, tmp_path / "two.db", nothing)
    other.dispose()
    if empty_engine.dialect.name == "postgresql":
        empty_engine.dispose()
    backups.restore(empty_engine, tmp_path / "two.db", nothing)
    with unit_of_work(make_session_factory(empty_engine)) as session:
        assert [row.name for row in subnets.list_subnets(session)] == ["kept", "new"]
        assert subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr="10.2.0.0/24")).id == 3


def test_restore_of_a_database_in_use_and_of_a_damaged_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    backups.backup(engine, path, nothing)
    if engine.dialect.name == "postgresql":
        other = create_engine(engine.url)
        with other.connect() as connection:
            connection.execute(text("SELECT 1"))
            with pytest.raises(Conflict, match="Another program"):
                backups.restore(engine, path, nothing)
        other.dispose()
    data = bytearray(path.read_bytes())
    data[5000:9000] = b"\xff" * 4000
    path.write_bytes(data)
    with pytest.raises(Invalid, match=r"damaged|no backup"):
        backups.restore(engine, path, nothing)
    (tmp_path / "text").write_text("hello, this is no database at all, but a text")
    with pytest.raises(Invalid, match="no backup"):
        backups.restore(engine, tmp_path / "text", nothing)

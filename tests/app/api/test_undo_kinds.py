"""Does the undo of each kind of change of each object bring back exactly the rows that were, or say why not?"""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import ColumnElement, Table, select

from app.api.audit import UNDOABLE
from app.database import unit_of_work
from app.models import Base, User
from app.services import external_users
from app.settings import Settings
from tests.app.api.undo_world import TAKEN_BACK, WORLD, Step
from tests.builders import PASSWORD, add_script, application, hold_leases

GROWS = {"version", "updated_at", "last_used_at"}
"""What each write changes."""
LOGS = {"audit", "revisions", "kept_answers", "occupancy", "webhook_deliveries", "sqlite_sequence"}
"""What is written beside the objects."""

UNSEEN = ("reservation_identifiers", "id")
"""A key that nothing shows or refers to."""


class Caller:
    """An admin's script over an application in this process."""

    def __init__(self, database: Path) -> None:
        self.app = application(Settings(database_url=f"sqlite:///{database}"))
        self.headers: dict[str, str] = {}
        self._loop = asyncio.Runner()
        transport = httpx.ASGITransport(self.app)
        self._web = httpx.AsyncClient(transport=transport, base_url="http://server.test")

    def close(self) -> None:
        self._loop.close()
        self.app.state.engine.dispose()

    def __call__(self, step: Step, status: int | None = None) -> Any:
        method, path, body = step
        answer = self._loop.run(self._web.request(method, f"/api/v1{path}", json=body, headers=self.headers))
        assert answer.status_code == status if status else answer.status_code < 300, (step, answer.text)
        return answer.json() if answer.content else None

    def newest(self) -> int:
        return int(self(("GET", "/audit?limit=1", None))["items"][0]["id"])

    def undo(self, status: int = 200, entry: int | None = None) -> Any:
        return self(("POST", f"/audit/{entry or self.newest()}/undo", None), status)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of every object, as the database has it."""
        with unit_of_work(self.app.state.sessions, writing=False) as session:
            return {
                table.name: [{k: v for k, v in row.items() if k not in GROWS and (table.name, k) != UNSEEN}
                             for row in session.execute(select(table).order_by(*order_of(table))).mappings()]
                for table in Base.metadata.sorted_tables if table.name not in LOGS
            }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """Return every object as the API shows it."""
        kinds = (kind.replace("_", "-") for kind in UNDOABLE if kind not in ("settings", "addresses"))
        found = {kind: self(("GET", f"/{kind}?limit=1000", None))["items"] for kind in kinds}
        found |= {"settings": [self(("GET", "/settings", None))]}
        found |= {ip: [self(("GET", f"/addresses/{ip}", None))] for ip in ("10.0.0.30", "10.0.0.31", "10.0.0.230")}
        return {
            kind: [{k: v for k, v in row.items() if k not in GROWS} for row in rows] for kind, rows in found.items()
        }


def order_of(table: Table) -> Sequence[ColumnElement[Any]]:
    columns = table.primary_key.columns
    return [table.c[n] for n in ("reservation_id", "type", "value")] if table.name == UNSEEN[0] else list(columns)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> tuple[Path, dict[str, str]]:
    """A database with an object of every kind, and the headers of an admin's token."""
    path = tmp_path_factory.mktemp("planned") / "web.db"
    shutil.copyfile(migrated_file, path)
    caller = Caller(path)
    with unit_of_work(caller.app.state.sessions) as session:
        caller.headers = add_script(session, "root", "admin")
    for step in WORLD:
        caller(step)
    hold_leases(caller.app.state.engine, "10.0.0.60", "10.0.0.70")
    caller.close()
    return path, caller.headers


@pytest.fixture
def caller(planned: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Caller]:
    source, headers = planned
    shutil.copyfile(source, tmp_path / "web.db")
    made = Caller(tmp_path / "web.db")
    made.headers = headers
    yield made
    made.close()


def test_every_kind_of_object_has_every_kind_of_change_here() -> None:
    done = {tuple(name.split()[:2]) for name in (*TAKEN_BACK, *OUT_OF_USE, *REFUSED, "delete users")}
    wanted = {(verb, kind) for kind in UNDOABLE for verb in ("create", "update", "delete") if kind != "settings"}
    assert wanted | {("update", "settings")} <= done


def take_back(caller: Caller, step: Step) -> None:
    """Make a change, undo it, and undo the undo."""
    rows, shown = caller.rows(), caller.shown()
    caller(step)
    changed = caller.rows()
    assert changed != rows
    caller.undo()
    assert caller.rows() == rows
    assert caller.shown() == shown
    if step[1] not in ("/users", "/webhooks"):  # their secrets don't come again
        caller.undo()
        assert caller.rows() == changed


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_undo_brings_back_exactly_the_rows_that_were(caller: Caller, name: str) -> None:
    take_back(caller, TAKEN_BACK[name])


OUT_OF_USE: dict[str, list[Step]] = {
    "delete option_definitions": [
        ("PATCH", "/settings", {"options": []}),
        *(("PATCH", path, {"options": []}) for path in ("/subnets/1", "/pools/1", "/reservations/1")),
        ("DELETE", "/option-definitions/1", None),
    ],
    "delete vlans": [("PATCH", "/subnets/1", {"vlan": None}), ("DELETE", "/vlans/1", None)],
}  # fmt: skip


@pytest.mark.parametrize("name", OUT_OF_USE)
def test_what_may_go_only_when_it_is_out_of_use_comes_back_too(caller: Caller, name: str) -> None:
    *before, step = OUT_OF_USE[name]
    for other in before:
        caller(other)
    take_back(caller, step)


REFUSED: dict[str, tuple[Step, str]] = {
    "delete webhooks": (("DELETE", "/webhooks/1", None), "secret"),
    "create tokens": (("POST", "/tokens", {"name": "x"}), "secret"),
    "delete tokens": (("DELETE", "/tokens/1", None), "secret"),
    "password users": (("PUT", "/users/2/password", {"password": "another good password"}), "former password"),
    "rotate webhooks": (("POST", "/webhooks/1/rotate", None), "secret"),
    "release leases": (("DELETE", "/leases/10.0.0.60", None), "told already"),
    "quarantine leases": (("POST", "/leases/10.0.0.60/quarantine", None), "told already"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_undo_that_is_not_possible_is_refused_with_the_reason(caller: Caller, name: str) -> None:
    step, reason = REFUSED[name]
    if name == "delete tokens":
        caller(("POST", "/tokens", {"name": "other"}))
        step = ("DELETE", "/tokens/2", None)
    caller(step)
    before = caller.rows()
    problem = caller.undo(409)["errors"][0]
    assert problem["code"] == "not_undoable"
    assert reason in problem["detail"]
    assert caller.rows() == before


def test_deleted_user_comes_back_without_the_password_alone(caller: Caller) -> None:
    rows, shown = caller.rows(), caller.shown()
    caller(("DELETE", "/users/2", None))
    caller.undo()
    (vera,) = (row for row in rows["users"] if row["name"] == "vera")
    assert (vera["disabled"], bool(vera.pop("password_hash"))) == (True, True)
    (back,) = (row for row in caller.rows()["users"] if row["name"] == "vera")
    assert (back.pop("password_hash"), back) == ("", vera)
    seen = [{**row, "has_password": row["has_password"] and row["name"] != "vera"} for row in shown["users"]]
    assert caller.shown()["users"] == seen


def test_tag_and_vlan_that_a_change_named_first_stay_known(caller: Caller) -> None:
    """The undo takes them from the subnet; as names that may be chosen they stay."""
    before = caller.rows()
    caller(("PATCH", "/subnets/1", {"vlan": 8, "tags": ["new"]}))
    caller.undo()
    after = caller.rows()
    assert [row["name"] for row in after.pop("tags")] == ["lab", "new"]
    assert [(row["group"], row["vid"]) for row in after.pop("vlans")] == [("hall", 7), ("hall", 8)]
    assert after == {name: rows for name, rows in before.items() if name not in ("tags", "vlans")}


def come(caller: Caller, subject: str, name: str) -> int:
    with unit_of_work(caller.app.state.sessions) as session:
        return external_users.come(session, "https://id.test", subject, name, "viewer").id


def test_deleted_account_of_the_provider_comes_back_with_its_link(caller: Caller) -> None:
    nina = come(caller, "42", "nina")
    caller(("PATCH", f"/users/{nina}", {"subnets": [1]}))
    rows, shown = caller.rows(), caller.shown()
    caller(("DELETE", f"/users/{nina}", None))
    caller.undo()
    assert (caller.rows(), caller.shown()) == (rows, shown)
    assert come(caller, "42", "nina") == nina
    caller.undo()
    assert all(row["name"] != "nina" for row in caller.rows()["users"])


@pytest.mark.parametrize(("subject", "name", "field"), [("42", "other", "external_id"), ("43", "nina", "name")])
def test_account_whose_person_or_name_has_another_one_stays_away(
    caller: Caller, subject: str, name: str, field: str
) -> None:
    nina = come(caller, "42", "nina")
    caller(("DELETE", f"/users/{nina}", None))
    entry = caller.newest()
    come(caller, subject, name)
    problem = caller.undo(409, entry)["errors"][0]
    assert (problem["code"], problem["pointer"]) == ("duplicate", f"/{field}")


def test_object_whose_id_another_has_comes_back_with_a_new_one(caller: Caller) -> None:
    for path, body in (
        ("/users/2", {"name": "olga", "password": PASSWORD}),
        ("/tags/1", {"name": "new"}),
        ("/denied-clients/1", {"mac": "00:1b:22"}),
        ("/alert-rules/2", {"name": "silent", "kind": "worker_silent"}),
    ):
        resource = path.rpartition("/")[0]
        before = len(caller.shown()[resource[1:]])
        caller(("DELETE", path, None))
        entry = caller.newest()
        assert caller(("POST", resource, body))["id"] == int(path.rpartition("/")[2])
        caller.undo(entry=entry)
        assert len(caller.shown()[resource[1:]]) == before + 1


def test_secret_of_an_account_is_in_no_picture(caller: Caller) -> None:
    with unit_of_work(caller.app.state.sessions, writing=False) as session:
        hashes = [h for h in session.scalars(select(User.password_hash)) if h]
    assert hashes
    told = repr(caller(("GET", "/audit?limit=1000", None)))
    assert "password_hash" not in told and not any(text in told for text in hashes)

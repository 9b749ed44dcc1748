"""Do rows that are changed, or taken back, together fare as they would one by one?"""

from typing import Any

import pytest
from sqlalchemy import event, select

from app.database import SessionFactory, unit_of_work
from app.models import Import, ImportChunk, ImportRow, Reservation
from app.schemas.addresses import AddressIn
from app.schemas.reservations import ReservationIn
from app.services import addresses, reservations
from app.transfer import csv_tables, jobs
from app.transfer.planning import Planner, take_back
from app.transfer.rehearsal import Rehearsal, Writes
from tests.app.transfer.test_jobs import OLGA, SUBNETS, actions, commit, picture, undo, upload, written

HOSTS = ["mac,client_id,ip,hostname", *(f"02:00:00:00:00:{n:02x},,10.0.0.{n},host{n}" for n in range(10, 30))]
CHANGES = b"""mac,client_id,ip,hostname,tags
02:00:00:00:00:0a,01aa,10.0.0.10,renamed10,lab
02:00:00:00:00:0b,,10.0.0.11,bad name!,
02:00:00:00:00:0c,,10.0.0.99,moved-onto-a-static-one,lost-tag
02:00:00:00:00:0d,,10.0.0.255,moved-onto-the-broadcast,
02:00:00:00:00:0e,,10.0.0.64,moved,
02:00:00:00:00:0f,01aa,10.0.0.15,client-id-of-line-2,
02:00:00:00:00:10,,10.0.0.64,address-of-line-6,
02:00:00:00:00:40,,10.0.0.65,new,
02:00:00:00:00:11,,10.0.0.65,address-of-line-9,
02:00:00:00:00:12,,10.0.0.18,host18,
02:00:00:00:00:13,,10.0.0.19,renamed19,
02:00:00:00:00:13,,10.0.0.19,renamed-again,
02:00:00:00:00:41,,10.0.0.20,other-device,
02:00:00:00:00:14,,10.0.0.66,device-of-line-14,
02:00:00:00:00:15,,192.0.2.1,outside,
02:00:00:00:00:16,,10.0.0.22,renamed22,
02:00:00:00:00:16,,10.0.0.23,renamed23,
02:00:00:00:00:42,,10.0.0.67,new-too,
02:00:00:00:00:18,01bb,10.0.0.24,renamed24,
"""
EXCHANGE = b"""mac,client_id,ip,hostname
02:00:00:00:00:0a,,10.0.0.10,gives-its-client-id
02:00:00:00:00:0b,01aa,10.0.0.11,takes-it
"""
NOT_COMPARED = {"at", "message", "request_id", "updated_at"}
"""What two imports of the same file do not share."""
IN_USE = ["ip,state,hostname", *(f"10.0.0.{n},static,host{n}" for n in range(100, 110))]
IN_USE_CHANGES = b"""ip,state,hostname,owner,tags
10.0.0.100,discovered,renamed100,,lab
10.0.0.101,nonsense,renamed101,,
10.0.0.10,static,reserved,,
10.0.0.102,static,host102,,
10.0.0.111,static,new,olga,new-tag
10.0.0.111,static,new-otherwise,,
192.0.2.1,static,outside,,
10.0.0.255,static,broadcast,,lost-tag
10.0.0.103,static,renamed103,otto,
10.0.0.300,static,no-address,,
10.0.0.112,static,new-too,,
10.0.0.104,static,renamed104,,
"""


def world(factory: SessionFactory) -> None:
    """Plan subnets, hosts and an address in use."""
    commit(factory, upload(factory, SUBNETS))
    commit(factory, upload(factory, "\n".join(HOSTS).encode()))
    with unit_of_work(factory) as session:
        addresses.put_address(session, OLGA, "10.0.0.99", AddressIn())


def writes(factory: SessionFactory, import_id: int, *, undo: bool) -> dict[str, Any]:
    """Return what the chunks of a plan write: audit entries in order, reservations and addresses by their key."""
    audit: list[dict[str, Any]] = []
    rows: dict[str, dict[str, Any]] = {"made": {}, "changed": {}, "gone": {}}
    query = select(ImportChunk.data).where(ImportChunk.import_id == import_id, ImportChunk.undo == undo)
    with unit_of_work(factory, writing=False) as session:
        for data in session.scalars(query.order_by(ImportChunk.number)):
            part = Writes.unpack(data)
            audit += [compared(entry) for entry in part.made.get("audit", [])]
            for sort, found in rows.items():
                tables = getattr(part, sort)
                found |= {row["id"]: row for row in tables.get("reservations", [])}
                found |= {row["ip"]: compared(row) for row in tables.get("addresses", [])}
    return {"audit": audit, **rows}


def compared(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what two imports do not share, of pictures too."""
    kept = {name: value for name, value in row.items() if name not in NOT_COMPARED}
    return {name: compared(value) if isinstance(value, dict) else value for name, value in kept.items()}


def rehearsed(factory: SessionFactory, import_id: int) -> tuple[list[str], dict[str, Any]]:
    """Return what an undo keeps, and what it would write."""
    with unit_of_work(factory) as session:
        for row in session.scalars(select(ImportRow).where(ImportRow.import_id == import_id)):
            row.kept = ""
    jobs.Job(factory, import_id, jobs.nobody)._rehearse_undo(OLGA)
    return kept(factory, import_id), writes(factory, import_id, undo=True)


def kept(factory: SessionFactory, import_id: int) -> list[str]:
    with unit_of_work(factory, writing=False) as session:
        rows = select(ImportRow.kept).where(ImportRow.import_id == import_id).order_by(ImportRow.id)
        return list(session.scalars(rows))


def fared_alike(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch, source: bytes) -> int:
    """Plan a file with its rows together and with each alone; return the first import, which is as the other."""
    together = upload(factory, source)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "CHUNK_ROWS", 1)
        alone = upload(factory, source)
    assert actions(factory, together) == actions(factory, alone)
    assert written(factory, together) == written(factory, alone)
    assert writes(factory, together, undo=False) == writes(factory, alone, undo=False)
    return together


@pytest.mark.parametrize("before", [None, EXCHANGE.replace(b":0a,,", b":0a,01aa,").replace(b":0b,01aa", b":0b,")])
def test_changed_rows_fare_together_as_one_by_one(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    """Conflicts in the middle stop nothing; a client identifier that goes from one to the other does."""
    world(factory)
    if before is not None:
        commit(factory, upload(factory, before))
    source = CHANGES if before is None else EXCHANGE
    together = fared_alike(factory, monkeypatch, source)
    found = {line: action for line, action, _ in actions(factory, together)}
    if before is not None:
        assert found == {2: "update", 3: "update"}
    else:
        assert {line for line, action in found.items() if action == "update"} >= {2, 6, 12, 14, 17, 20}
        assert {line for line, action in found.items() if action == "conflict"} >= {4, 5, 7, 8, 10, 13, 16}


def test_undo_fares_together_as_one_by_one(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was changed since is kept, what cannot come back too; the others are taken back."""
    world(factory)
    before = picture(factory)
    made = commit(factory, upload(factory, CHANGES), skip_conflicts=True)
    with unit_of_work(factory) as session:
        by_ip = {str(row.ip): row for row in session.scalars(select(Reservation))}
        taken = ReservationIn.model_validate(
            {"ip": "10.0.0.14", "identifiers": [{"type": "mac", "value": "02:00:00:00:01:00"}]}
        )
        reservations.create_reservation(session, OLGA, taken)
        for ip in ("10.0.0.19", "10.0.0.65"):
            by_ip[ip].hostname = "mine-now"
        for ip in ("10.0.0.22", "10.0.0.67"):
            reservations.delete_reservation(session, OLGA, by_ip[ip].id)
    reasons, planned = rehearsed(factory, made)
    monkeypatch.setattr(jobs, "CHUNK_ROWS", 1)
    assert rehearsed(factory, made) == (reasons, planned)
    assert {reason for reason in reasons if reason} == {
        "Changed since: hostname.", "It is gone.", "10.0.0.14 is reserved already."
    }  # fmt: skip
    monkeypatch.undo()
    undo(factory, made)
    after = picture(factory)
    same = ("10.0.0.10", "10.0.0.20", "10.0.0.24")
    for ip in same:
        assert host(after, ip) == host(before, ip)
    assert host(after, "10.0.0.64")["hostname"] == "moved"
    assert host(after, "10.0.0.65")["hostname"] == "mine-now"


def host(found: dict[str, list[Any]], ip: str) -> dict[str, Any]:
    """Return a reservation of a picture of the plan, with its identifiers but for their ids."""
    row: dict[str, Any] = next(row for row in found["reservations"] if str(row["ip"]) == ip)
    names = [(i["type"], i["value"]) for i in found["reservation_identifiers"] if i["reservation_id"] == row["id"]]
    return {**row, "identifiers": names}


def test_addresses_fare_together_as_one_by_one(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    world(factory)
    commit(factory, upload(factory, "\n".join(IN_USE).encode()))
    together = fared_alike(factory, monkeypatch, IN_USE_CHANGES)
    found = {line: action for line, action, _ in actions(factory, together)}
    assert {line for line, action in found.items() if action == "create"} == {6, 12}
    assert {line for line, action in found.items() if action == "update"} == {2, 10, 13}
    commit(factory, together, skip_conflicts=True)
    with unit_of_work(factory) as session:
        addresses.put_address(session, OLGA, "10.0.0.103", AddressIn(hostname="mine now"))
        addresses.delete_address(session, OLGA, "10.0.0.104")
        addresses.delete_address(session, OLGA, "10.0.0.112")
    reasons, planned = rehearsed(factory, together)
    monkeypatch.setattr(jobs, "CHUNK_ROWS", 1)
    assert rehearsed(factory, together) == (reasons, planned)
    assert {reason for reason in reasons if reason} == {"Changed since: hostname, owner.", "It is gone."}
    assert [(entry["action"], entry["object"]) for entry in planned["audit"]] == [
        ("delete", "addresses/10.0.0.111"),
        ("update", "addresses/10.0.0.100"),
    ]


def test_undo_gives_back_what_went_from_one_to_the_other(factory: SessionFactory) -> None:
    world(factory)
    commit(factory, upload(factory, EXCHANGE.replace(b":0a,,", b":0a,01aa,").replace(b":0b,01aa", b":0b,")))
    before = picture(factory)
    made = commit(factory, upload(factory, EXCHANGE))
    assert {action for _, action, _ in actions(factory, made)} == {"update"}
    undo(factory, made)
    after = picture(factory)
    assert [host(after, f"10.0.0.{n}") for n in (10, 11)] == [host(before, f"10.0.0.{n}") for n in (10, 11)]


def test_rows_without_rights_are_kept_by_an_undo(factory: SessionFactory) -> None:
    world(factory)
    made = commit(factory, upload(factory, CHANGES), skip_conflicts=True)
    with unit_of_work(factory, writing=False) as session:
        rows = list(
            session.scalars(select(ImportRow).where(ImportRow.import_id == made, ImportRow.object_id != ""))
        )
        rehearsal = Rehearsal(session)
    guest = OLGA.__class__("gast", "viewer")
    assert {*take_back(rehearsal, guest, rows)} == {"This needs the role operator; gast is viewer."}
    rehearsal.close()


def test_changes_and_undo_cost_few_queries(factory: SessionFactory) -> None:
    """What is asked grows with the chunks, not with the rows."""
    commit(factory, upload(factory, SUBNETS))
    hosts = [(f"02:00:00:00:00:{n:02x},10.0.0.{n}", n) for n in range(1, 201)]
    old, new = ("\n".join(["mac,ip,hostname", *(f"{host},{word}{n}" for host, n in hosts)]) for word in "ab")
    made = commit(factory, upload(factory, old.encode()))
    document = csv_tables.parse(new, None)
    with unit_of_work(factory, writing=False) as session:
        rows = list(session.scalars(select(ImportRow).where(ImportRow.import_id == made)))
        assert session.get_one(Import, made).state == "committed"
        for work in ("update", "undo"):
            rehearsal = Rehearsal(session)
            asked: list[str] = []
            event.listen(
                rehearsal.engine, "before_cursor_execute", lambda *call, asked=asked: asked.append(call[2])
            )
            if work == "update":
                assert {v.action for v in Planner(rehearsal, OLGA).rows(document.rows)} == {"update"}
            else:
                assert {*take_back(rehearsal, OLGA, rows)} == {""}
            rehearsal.close()
            looks = [text for text in asked if text.startswith("SELECT")]
            assert len(looks) < len(rows) / 10, (work, looks)

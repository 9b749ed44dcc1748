"""Does an import go into the plan whole, and come back out, on both databases?"""

from typing import Any

import pytest
from sqlalchemy import event, select

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, Base, Import, ImportChunk, ImportRow, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, audit, imports, reservations, subnets
from app.services.actors import Actor
from app.services.errors import Conflict
from app.transfer import csv_tables, jobs
from app.transfer.planning import Planner
from app.transfer.rehearsal import NOT_PLAN, Rehearsal, plan_tables
from tests.app.transfer.test_formats import DNSMASQ, ISC, KEA

OLGA = Actor("olga", "admin")
SUBNETS = b"cidr,name,dhcp_enabled\n10.0.0.0/24,office,yes\n10.0.0.0/8,all,no\n"
HOSTS = b"mac,ip,hostname\n02:00:00:00:00:01,10.0.0.11,one\n02:00:00:00:00:02,10.0.0.12,two\n"


def upload(factory: SessionFactory, source: bytes, format_: str = "csv", actor: Actor = OLGA) -> int:
    """Take a file in and plan it."""
    with unit_of_work(factory) as session:
        made = imports.upload(session, actor, "file", format_, None, source).id
    return work(factory, made)


def work(factory: SessionFactory, import_id: int) -> int:
    assert jobs.claim(factory, import_id) == import_id
    jobs.work(factory, import_id)
    return import_id


def commit(factory: SessionFactory, import_id: int, *, skip_conflicts: bool = False) -> int:
    with unit_of_work(factory) as session:
        imports.order_commit(session, OLGA, import_id, skip_conflicts=skip_conflicts)
    return work(factory, import_id)


def undo(factory: SessionFactory, import_id: int) -> int:
    with unit_of_work(factory) as session:
        imports.order_undo(session, OLGA, import_id)
    return work(factory, import_id)


def state(factory: SessionFactory, import_id: int) -> tuple[str, dict[str, Any]]:
    with unit_of_work(factory, writing=False) as session:
        row = session.get_one(Import, import_id)
        assert row.error == ""
        return row.state, row.counts


def actions(factory: SessionFactory, import_id: int) -> list[tuple[int, str, str]]:
    with unit_of_work(factory, writing=False) as session:
        rows = session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.id))
        return [(row.line, row.action, row.reason) for row in rows]


def picture(factory: SessionFactory) -> dict[str, list[Any]]:
    """Return all that is planned, without the counters that grow with each write."""
    grow = {"updated_at", "created_at", "version", "number", "changed_at"}
    with unit_of_work(factory, writing=False) as session:
        return {
            table.name: [{k: v for k, v in row.items() if k not in grow}
                         for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in plan_tables() if table.name != "revisions"
        }  # fmt: skip


def test_every_table_is_plan_or_is_known_not_to_be() -> None:
    """A new table must be placed: what is planned is rehearsed and exported, what is not is left alone."""
    planned = {table.name for table in plan_tables()}
    assert planned & {"subnets", "pools", "reservations", "addresses", "settings"}
    assert set(Base.metadata.tables) >= NOT_PLAN


def test_plan_changes_nothing_and_commit_writes_all(factory: SessionFactory) -> None:
    first = upload(factory, SUBNETS)
    assert state(factory, first) == ("planned", {"create": 2, "subnets": {"create": 2}})
    with unit_of_work(factory, writing=False) as session:
        assert subnets.list_subnets(session) == []
        assert audit.current_revision(session) == 0
    commit(factory, first)
    commit(factory, upload(factory, HOSTS))
    with unit_of_work(factory, writing=False) as session:
        assert [row.cidr for row in subnets.list_subnets(session)] == ["10.0.0.0/8", "10.0.0.0/24"]
        assert [row.hostname for row in reservations.list_reservations(session)] == ["one", "two"]
        objects = [entry.object for entry in audit.list_entries(session)]
        assert objects == ["imports/2", "reservations/2", "reservations/1", "imports/1", "subnets/2", "subnets/1"]
        assert audit.current_revision(session) == 6
        assert session.scalar(select(ImportChunk.number).limit(1)) is None


def test_what_is_made_afterwards_gets_ids_of_its_own(factory: SessionFactory) -> None:
    commit(factory, upload(factory, SUBNETS))
    with unit_of_work(factory) as session:
        assert subnets.create_subnet(session, OLGA, SubnetIn(cidr="172.16.0.0/16")).id == 3


def test_same_file_again_skips_every_row(factory: SessionFactory) -> None:
    for source, format_ in ((SUBNETS, "csv"), (HOSTS, "csv"), (KEA.replace(b"10.0.0", b"10.8.0"), "kea")):
        commit(factory, upload(factory, source, format_))
        _, counts = state(factory, upload(factory, source, format_))
        assert not {"create", "update", "conflict"} & set(counts), (format_, counts)


def test_conflicts_name_the_line_and_the_reason_and_stop_the_commit(factory: SessionFactory) -> None:
    commit(factory, upload(factory, SUBNETS))
    bad = HOSTS + b"02:00:00:00:00:03,10.0.0.12,three\n02:00:00:00:00:04,192.0.2.1,four\nzz,10.0.0.13,five\n"
    made = upload(factory, bad)
    assert actions(factory, made)[:2] == [(2, "create", ""), (3, "create", "")]
    reasons = [reason for _, action, reason in actions(factory, made) if action == "conflict"]
    assert "Line 3 says otherwise" in reasons[0]
    assert "192.0.2.1 is in no subnet" in reasons[1]
    assert "identifiers/0" in reasons[2]
    with unit_of_work(factory) as session, pytest.raises(Conflict, match="3 rows are in conflict"):
        imports.order_commit(session, OLGA, made)
    commit(factory, made, skip_conflicts=True)
    with unit_of_work(factory, writing=False) as session:
        assert len(reservations.list_reservations(session)) == 2


def test_undo_takes_back_creates_and_updates(factory: SessionFactory) -> None:
    commit(factory, upload(factory, SUBNETS))
    before = picture(factory)
    hosts = commit(factory, upload(factory, HOSTS))
    renamed = commit(factory, upload(factory, HOSTS.replace(b"one", b"uno").replace(b"10.0.0.12", b"10.0.0.22")))
    assert state(factory, renamed)[1]["update"] == 2
    undo(factory, renamed)
    with unit_of_work(factory, writing=False) as session:
        shown = [(str(row.ip), row.hostname) for row in reservations.list_reservations(session)]
    assert shown == [("10.0.0.11", "one"), ("10.0.0.12", "two")]
    undo(factory, hosts)
    assert state(factory, hosts) == ("undone", {"create": 2, "reservations": {"create": 2}, "kept": 0})
    assert picture(factory) == before


def test_undo_keeps_what_was_changed_since(factory: SessionFactory) -> None:
    made = commit(factory, upload(factory, SUBNETS))
    with unit_of_work(factory) as session:
        subnets.update_subnet(session, OLGA, 2, {"name": "mine now"})
    undo(factory, made)
    assert state(factory, made)[1]["kept"] == 1
    with unit_of_work(factory, writing=False) as session:
        assert [row.name for row in subnets.list_subnets(session)] == ["mine now"]
        kept = session.scalars(select(ImportRow.kept).where(ImportRow.kept != "")).all()
    assert kept == ["Changed since: name."]


def test_undo_keeps_a_subnet_that_others_use(factory: SessionFactory) -> None:
    made = commit(factory, upload(factory, SUBNETS))
    commit(factory, upload(factory, HOSTS))
    undo(factory, made)
    with unit_of_work(factory, writing=False) as session:
        assert [row.cidr for row in subnets.list_subnets(session)] == ["10.0.0.0/24"]
        assert len(reservations.list_reservations(session)) == 2


def test_commit_broken_off_goes_on_where_it_was(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK_ROWS", 1)
    commit(factory, upload(factory, SUBNETS))
    made = upload(factory, HOSTS)
    with unit_of_work(factory) as session:
        imports.order_commit(session, OLGA, made)
    job = jobs.Job(factory, made, jobs.nobody)
    assert job._begin_writing()
    with unit_of_work(factory) as session:
        job._write_chunk(session, 1, undo=False)
    with pytest.raises(Conflict, match="being written"), unit_of_work(factory) as session:
        subnets.create_subnet(session, OLGA, SubnetIn(cidr="172.16.0.0/16"))
    work(factory, made)
    with unit_of_work(factory) as session:
        assert len(reservations.list_reservations(session)) == 2
        subnets.create_subnet(session, OLGA, SubnetIn(cidr="172.16.0.0/16"))


def test_failed_commit_is_taken_back(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second part cannot be written: a row with its key has come in past every rule."""
    monkeypatch.setattr(jobs, "CHUNK_ROWS", 1)
    commit(factory, upload(factory, SUBNETS))
    before = picture(factory)
    made = upload(factory, HOSTS)
    with unit_of_work(factory) as session:
        session.add(Reservation(id=2, subnet_id=2, ip="10.0.0.200", identifiers=[]))
        imports.order_commit(session, OLGA, made)
    with pytest.raises(Exception, match=r"UNIQUE|duplicate"):
        work(factory, made)
    with unit_of_work(factory) as session:
        row = session.get_one(Import, made)
        assert (row.state, row.writing) == ("failed", False)
        assert "taken back" in row.error
        session.delete(session.get_one(Reservation, 2))
    assert picture(factory) == before


def test_commit_after_another_change_is_planned_again(factory: SessionFactory) -> None:
    commit(factory, upload(factory, SUBNETS))
    made = upload(factory, HOSTS)
    with unit_of_work(factory) as session:
        subnets.update_subnet(session, OLGA, 2, {"gateway": "10.0.0.11"})
    with unit_of_work(factory) as session:
        imports.order_commit(session, OLGA, made)
    assert jobs.claim(factory, made)
    jobs.work(factory, made)
    with unit_of_work(factory, writing=False) as session:
        row = session.get_one(Import, made)
        assert (row.state, row.counts["conflict"]) == ("planned", 1)
        assert "changed meanwhile" in row.error
        assert reservations.list_reservations(session) == []


def test_rows_that_the_caller_may_not_write_are_conflicts(factory: SessionFactory) -> None:
    made = upload(factory, KEA, "kea", Actor("otto", "operator"))
    reasons = [reason for _, action, reason in actions(factory, made) if action == "conflict"]
    assert reasons == ["This needs the role admin; otto is operator."]


@pytest.mark.parametrize(("format_", "source"), [("kea", KEA), ("isc-dhcpd", ISC), ("dnsmasq", DNSMASQ)])
def test_other_servers_configurations_become_a_plan(factory: SessionFactory, format_: str, source: bytes) -> None:
    commit(factory, upload(factory, source, format_))
    with unit_of_work(factory, writing=False) as session:
        assert session.scalars(select(Subnet)).all()
        assert session.scalars(select(Pool)).all()
        (host,) = session.scalars(select(Reservation))
        assert host.ip is not None
        assert session.scalars(select(AuditEntry.actor).distinct()).all() == ["olga"]


MESSY = b"""mac,client_id,ip,subnet,hostname,tags,option:ntp-servers
02:00:00:00:00:01,,10.0.0.11,,one,lab,10.0.0.1
02-00-00-00-00-01,,10.0.0.11,10.0.0.0/24,one,lab,10.0.0.1
02:00:00:00:00:01,,10.0.0.12,,same-device,,
02:00:00:00:00:02,,10.0.0.11,,same-address,,
02:00:00:00:00:03,01aa,10.0.0.13,,three,lab dhcp,nonsense
02:00:00:00:00:04,01aa,10.0.0.14,,four,new-tag,
02:00:00:00:00:05,01aa,10.0.0.15,,client-id-of-line-7,,
02:00:00:00:00:06,,10.0.0.1,,gateway,lost-tag,
02:00:00:00:00:07,,10.0.0.255,,broadcast,,
02:00:00:00:00:08,,10.0.0.30,,static,,
02:00:00:00:00:09,,10.0.0.16,10.0.1.0/24,not-there,,
02:00:00:00:00:0a,,10.0.0.17,10.9.0.0/24,no-subnet,,
02:00:00:00:00:0b,,192.0.2.1,,outside,,
02:00:00:00:00:0c,,10.0.0.300,,no-address,,
02:00:00:00:00:0d,,,10.0.0.0/24,anywhere,,
02:00:00:00:00:0d,,,10.0.0.0/24,anywhere,,
02:00:00:00:00:0d,,,10.0.0.0/24,elsewhere,,
02:00:00:00:00:0e,,,,nowhere,,
02:00:00:00:00:0f,,10.0.0.18,,bad name!,,
02:00:00:00:00:10,,10.1.0.18,,in-the-wide-one,,
02:00:00:00:00:11,,10.0.0.19,,last,,
,,10.0.0.20,,nobody,,
"""


def test_rows_planned_together_fare_as_they_would_one_by_one(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(factory, upload(factory, SUBNETS + b"10.0.1.0/24,other,yes\n"))
    with unit_of_work(factory) as session:
        office = session.scalars(select(Subnet).where(Subnet.name == "office")).one()
        subnets.update_subnet(session, OLGA, office.id, {"gateway": "10.0.0.1"})
        addresses.put_address(session, OLGA, "10.0.0.30", AddressIn())
    together = upload(factory, MESSY)
    monkeypatch.setattr(jobs, "CHUNK_ROWS", 1)
    alone = upload(factory, MESSY)
    assert actions(factory, together) == actions(factory, alone)
    assert written(factory, together) == written(factory, alone)
    reasons = {line: reason for line, action, reason in actions(factory, together) if action == "conflict"}
    assert "Line 2 says otherwise" in reasons[4]
    assert "Line 7 says otherwise" in reasons[8]
    assert {action for _, action, _ in actions(factory, together)} >= {"create", "skip", "conflict", "error"}


def written(factory: SessionFactory, import_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the object that each row of a plan makes."""
    with unit_of_work(factory, writing=False) as session:
        rows = session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.id))
        return [(row.key, row.object_id, row.values) for row in rows]


def test_new_rows_cost_few_queries(factory: SessionFactory) -> None:
    commit(factory, upload(factory, SUBNETS))
    lines = [f"02:00:00:00:00:{n:02x},10.0.0.{n},host{n}" for n in range(1, 201)]
    document = csv_tables.parse("\n".join(["mac,ip,hostname", *lines]), None)
    with unit_of_work(factory, writing=False) as session:
        rehearsal = Rehearsal(session)
    asked: list[str] = []
    event.listen(rehearsal.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    verdicts = Planner(rehearsal, OLGA).rows(document.rows)
    rehearsal.close()
    assert {verdict.action for verdict in verdicts} == {"create"}
    looks = [text for text in asked if not text.startswith("INSERT")]
    assert len(looks) < len(lines) / 10, looks

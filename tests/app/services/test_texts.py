"""Are parts of texts found, by whatever index the database has, as a look at each row finds them?"""

import re
from ipaddress import ip_address
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.database import make_session_factory, unit_of_work
from app.models import KnownAddress, Reservation, Subnet
from app.services.texts import TEXTS, holding_text
from tests.perf.api import Watch

SUBNET: Final = {"first": ip_address("10.0.0.0"), "last": ip_address("10.0.0.255"), "prefix_len": 24}
WRITTEN: Final = (
    "nas-77.example", "NAS-78", 'a "quoted" word', "100% sure", "100_sure", "back\\slash", "it's", "Größe 5",
    "*", "nas OR printer", "a\nb c", "", "日本語の名前", "-n", "a" * 120,
)  # fmt: skip
ASKED: Final = (
    "nas", "NAS-7", "example", '"quoted"', '"', '""', "100%", "100_", "%", "k\\s", "it's", "'s", "größe", "Größe",
    "*", "OR ", "nas OR", "a\nb", "本語の", "本", "-n", "na", "n", "a" * 100, "b" * 200, "hostname:", "nas*",
    "NEAR(",
)  # fmt: skip


@pytest.fixture
def session(engine: Engine) -> Any:
    """A session over a plan with each of the texts in each column."""
    with unit_of_work(make_session_factory(engine)) as found:
        subnet = Subnet(**SUBNET, name="0")
        found.add(subnet)
        found.flush()
        number = 0
        for model, columns in TEXTS.items():
            for column in columns:
                for written in WRITTEN:
                    number += 1
                    found.add(_row(model, subnet, number, {column.key: written}))
        found.flush()
        yield found


def _row(model: type[Any], subnet: Subnet, number: int, texts: dict[str, str]) -> Any:
    if model is Subnet:
        address = ip_address(f"10.1.{number}.0")
        return Subnet(first=address, last=address, prefix_len=32, **{"name": "", **texts})
    return model(ip=ip_address(f"10.0.0.{number}"), subnet_id=subnet.id, **texts)


def _found(session: Session, model: type[Any], asked: str) -> set[str]:
    key = Subnet.first if model is Subnet else model.ip
    return {str(one) for one in session.scalars(select(key).where(holding_text(model, asked)))}


def _expected(session: Session, model: type[Any], asked: str) -> set[str]:
    """Look at each row; SQLite knows upper and lower case of ASCII letters alone."""

    def folded(written: str) -> str:
        if session.get_bind().dialect.name == "postgresql":
            return written.lower()
        return "".join(letter.lower() if letter.isascii() else letter for letter in written)

    return {
        str(row.first if model is Subnet else row.ip)
        for row in session.scalars(select(model))
        if any(folded(asked) in folded(getattr(row, column.key)) for column in TEXTS[model])
    }


@pytest.mark.parametrize("model", TEXTS)
def test_an_index_finds_what_a_look_at_each_row_finds(session: Session, model: type[Any]) -> None:
    found = {asked: _found(session, model, asked) for asked in ASKED}
    assert found == {asked: _expected(session, model, asked) for asked in ASKED}
    assert sum(map(bool, found.values())) > len(ASKED) / 2


@pytest.mark.parametrize("model", TEXTS)
def test_no_table_is_read_as_a_whole(engine: Engine, model: type[Any]) -> None:
    """An index leads to the rows on either database."""
    watch = Watch(engine)
    with unit_of_work(make_session_factory(engine), writing=False) as session:
        _found(session, model, "server-1")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        lines = list(watch.plan(connection))
    whole = re.compile(rf"(SCAN|Seq Scan on) {model.__tablename__}\b")
    assert lines
    assert [line for line in lines if whole.search(line)] == []


@pytest.mark.parametrize("model", TEXTS)
def test_what_changed_or_went_is_found_no_more(session: Session, model: type[Any]) -> None:
    column = TEXTS[model][0].key
    row = session.scalars(select(model).where(holding_text(model, "nas-77.ex"))).first()
    assert row is not None
    count = len(_found(session, model, "nas-77.ex"))
    setattr(row, column, "elsewhere")
    for other in TEXTS[model][1:]:
        setattr(row, other.key, "")
    session.flush()
    assert len(_found(session, model, "nas-77.ex")) == count - 1
    assert len(_found(session, model, "ELSEWHERE")) == 1
    session.delete(row)
    session.flush()
    assert _found(session, model, "elsewhere") == set()


def test_what_hangs_on_a_subnet_goes_with_it(engine: Engine, session: Session) -> None:
    """And its index with it: what comes into its place is found by its own texts."""
    session.execute(text("DELETE FROM subnets WHERE name = '0'"))
    subnet = Subnet(**SUBNET, name="again")
    session.add(subnet)
    session.flush()
    for model in (Reservation, KnownAddress):
        session.expire_all()
        assert _found(session, model, "nas") == set()
        session.add(_row(model, subnet, 1, {"hostname": "fax-1"}))
        session.flush()
        assert _found(session, model, "FAX") == {"10.0.0.1"}


def test_addresses_are_found_after_the_file_is_packed_anew(engine: Engine) -> None:
    """SQLite numbers rows without a key of integers anew in a VACUUM."""
    factory = make_session_factory(engine)
    with unit_of_work(factory) as session:
        subnet = Subnet(**SUBNET, name="0")
        session.add(subnet)
        session.flush()
        for number in range(1, 100):
            session.add(_row(KnownAddress, subnet, number, {"hostname": f"host-{number:03}"}))
    with unit_of_work(factory) as session:
        session.execute(text("DELETE FROM addresses WHERE hostname < 'host-050'"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("COMMIT") if engine.dialect.name == "sqlite" else None
        connection.exec_driver_sql("VACUUM")
    with unit_of_work(factory) as session:
        assert _found(session, KnownAddress, "host-07") == {f"10.0.0.{n}" for n in range(70, 80)}

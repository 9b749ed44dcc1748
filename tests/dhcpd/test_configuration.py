"""Is a configuration compiled slice by slice the one that was saved, and does a bad one leave the last in force?"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.database import make_engine
from dhcpd import configuration
from dhcpd.adapters.loader import load_in_steps
from dhcpd.configuration import Compilation
from dhcpd.engine.snapshot import Snapshot
from tests.perf.plan import announce, write_many

RESERVATIONS = 300


@pytest.fixture
def engine(tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    shutil.copyfile(migrated_file, tmp_path / "test.db")
    made = make_engine(f"sqlite:///{tmp_path}/test.db")
    write_many(made, 3, RESERVATIONS)
    announce(made)
    yield made
    made.dispose()


def finish(compilation: Compilation) -> Snapshot | None:
    while compilation.is_running:
        found = compilation.advance()
        if found is not None:
            return found
    return None


def test_slices_make_the_whole_configuration(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "SLICE_S", 0.00005)
    compilation = Compilation(engine)
    compilation.begin(())
    assert compilation.advance() is None, "it is not done at once"
    found = finish(compilation)
    assert found is not None
    assert (len(found.subnets), len(found.reservations), len(found.reserved)) == (3, RESERVATIONS, RESERVATIONS)
    assert compilation.advance() is None, "it is given out once"


def test_a_change_in_the_midst_is_not_half_seen(engine: Engine) -> None:
    steps = load_in_steps(engine, ())
    next(steps)
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE reservations SET hostname = 'late'"))
    announce(engine)
    with pytest.raises(StopIteration) as ended:
        while True:
            next(steps)
    assert ended.value.value.revision == 1
    assert {r.hostname for r in ended.value.value.reserved.values()} == {f"host{n}" for n in range(RESERVATIONS)}


def test_a_failed_one_is_told_and_another_may_begin(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    compilation = Compilation(engine)
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE reservation_identifiers SET value = 'xx' WHERE reservation_id = 7"))
    compilation.begin(())
    assert finish(compilation) is None
    assert "stays in force" in caplog.text
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("DELETE FROM reservation_identifiers WHERE reservation_id = 7"))
    compilation.begin(())
    assert finish(compilation) is not None


def test_one_that_is_given_up_holds_no_connection(engine: Engine) -> None:
    compilation = Compilation(engine)
    compilation.begin(())
    compilation.advance()
    compilation.begin(())  # instead of the first
    compilation.close()
    assert not compilation.is_running
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of QueuePool

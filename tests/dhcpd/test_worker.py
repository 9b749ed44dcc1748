"""Does one packet that the server fails on leave the others served?"""

import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.database import make_engine, make_session_factory, unit_of_work
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import pools, subnets
from app.services.actors import COMMAND_LINE
from dhcpd.engine.reasons import Reason
from dhcpd.worker import Worker
from tests.builders import discover, free_port


@pytest.fixture
def engine(tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    shutil.copyfile(migrated_file, tmp_path / "test.db")
    made = make_engine(f"sqlite:///{tmp_path}/test.db")
    with unit_of_work(make_session_factory(made)) as session:
        for network in ("10.1.0", "10.2.0"):
            row = subnets.create_subnet(session, COMMAND_LINE, SubnetIn(cidr=f"{network}.0/24"))
            pools.create_pool(
                session, COMMAND_LINE, PoolIn(subnet_id=row.id, start=f"{network}.10", end=f"{network}.20")
            )
    yield made
    made.dispose()


def serve(engine: Engine, broken: int) -> tuple[Worker, bytes]:
    """Ask from a network whose configuration is broken, then from a sound one; return the one reply."""
    port = free_port(socket.SOCK_DGRAM)
    worker = Worker(engine, "w", ["lo"], port)
    worker.open()
    worker.start()
    subnet = worker.snapshot.subnet_of(broken)
    assert subnet is not None
    subnet.scope.options[1] = None  # type: ignore[assignment]  # what no checked configuration can hold
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for relay in ("10.1.0.1", "10.2.0.1"):
            client.sendto(discover(relay, b"\2\0\0\0\0\1", wanted=b"\1"), ("127.0.0.1", port))
            worker.turn()
        reply = client.recv(2048)
    worker.close()
    return worker, reply


def test_a_fault_of_ours_costs_one_packet_its_answer_and_is_counted(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as apart:  # a browser's test may have left an event loop running in this thread
        worker, reply = apart.submit(serve, engine, 0x0A010000).result()
    assert reply[16:20] == bytes((10, 2, 0, 10))
    assert worker.stats.by_reason[Reason.DROP_OUR_FAULT] == 1
    assert "could not be decided" in caplog.text

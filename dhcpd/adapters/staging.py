"""Which leases of other servers wait to be taken over, and what became of each?"""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, Row, bindparam, select, update

from app.models.imports import StagedLease
from dhcpd.engine.leases import NEVER
from dhcpd.engine.takeover import Foreign

AT_ONCE: Final = 300
"""Leases taken over in one transaction, so that clients wait for milliseconds only."""


class Staged(NamedTuple):
    """A waiting lease; undo = it is to be given back."""

    import_id: int
    undo: bool
    foreign: Foreign


def waiting(engine: Engine, limit: int = AT_ONCE) -> list[Staged]:
    """Return leases that nobody has judged yet."""
    query = (
        select(StagedLease.__table__).where(StagedLease.result == "").order_by(StagedLease.import_id).limit(limit)
    )
    with engine.connect() as connection:
        return [Staged(row.import_id, row.undo, _foreign(row)) for row in connection.execute(query)]


def _foreign(row: Row[Any]) -> Foreign:
    return Foreign(
        int(row.ip), row.state, row.htype, bytes(row.mac), bytes(row.client_id), row.hostname, row.vendor_class,
        _seconds(row.started_at, 0), _seconds(row.expires_at, NEVER), bytes(row.relay_info),
    )  # fmt: skip


def _seconds(moment: datetime | None, unknown: int) -> int:
    return unknown if moment is None else int(moment.timestamp())


def judge(engine: Engine, results: Sequence[tuple[Staged, str]]) -> None:
    """Note what became of leases."""
    columns = StagedLease.__table__.c
    statement = (
        update(StagedLease.__table__)  # type: ignore[arg-type]  # a Table
        .where(columns.import_id == bindparam("of_import"), columns.ip == bindparam("of_ip"))
        .values(result=bindparam("outcome"))
    )
    rows = [{"of_import": staged.import_id, "of_ip": IPv4Address(staged.foreign.ip), "outcome": outcome[:80]}
            for staged, outcome in results]  # fmt: skip
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(statement, rows)

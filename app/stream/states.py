"""How do the use of subnets and the workers change? Their present state, told when it is another one."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import Subnet
from app.models.types import Address
from app.services import usage, workers
from app.services.audit import current_revision
from app.services.nesting import holders
from app.stream.log import Item

AT_ONCE: Final = 500
"""Addresses whose subnets are counted anew in one go; the others wait for the next one."""
KEPT: Final = 5000
TOUCHED: Final = 100_000


class States:
    """The states that were told last, each with a number that grows; numbers count from the server's start."""

    def __init__(self) -> None:
        self._told: dict[Any, Item] = {}
        self.number = 0

    def tell(self, name: Any, place: Any, data: dict[str, Any]) -> bool:
        """Take in a state; tell whether it is another than the one before."""
        before = self._told.pop(name, None)
        if before is not None and before.data == data:
            self._told[name] = before
            return False
        self.number += 1
        self._told[name] = Item(self.number, place, data)
        if len(self._told) > KEPT:
            self._told.pop(next(iter(self._told)))
        return True

    def after(self, number: int) -> list[Item]:
        """Return the states that became so after a number."""
        return [item for item in self._told.values() if item.id > number]


class Usage(States):
    """The use of the subnets in which something happened."""

    def __init__(self, factory: SessionFactory) -> None:
        super().__init__()
        self._factory = factory
        self._touched: dict[Address, None] = {}

    def touch(self, items: Iterable[Item]) -> None:
        """Note where something happened."""
        for item in items:
            if item.place is not None and len(self._touched) < TOUCHED:
                self._touched[item.place[0]] = None

    def count(self) -> bool:
        """Count what was touched; tell whether anything changed."""
        addresses = list(self._touched)[:AT_ONCE]
        if not addresses:
            return False
        with unit_of_work(self._factory, writing=False) as session:
            rows = {row.id: row for found in holders(session, addresses).values() for row in found}
            told = used(session, list(rows.values()))
        for address in addresses:
            self._touched.pop(address, None)
        changed = [self.tell(item.id, item.place, item.data) for item in told]
        return any(changed)


def used(session: Session, rows: Sequence[Subnet]) -> list[Item]:
    """Return the use of subnets; the id is the subnet's."""
    counted = usage.usage(session, rows)
    return [
        Item(row.id, (row.first, row.last), {
            "subnet_id": row.id, "cidr": row.cidr, "usage": counted[row.id]._asdict(),
        })
        for row in rows
    ]  # fmt: skip


class Workers(States):
    """Which workers live, and which revision each serves."""

    def __init__(self, factory: SessionFactory) -> None:
        super().__init__()
        self._factory = factory

    def look(self) -> bool:
        """Look at them; tell whether anything changed."""
        with unit_of_work(self._factory, writing=False) as session:
            latest = current_revision(session)
            told = [
                {"id": row.id, "live": workers.is_live(row), "revision_applied": row.revision_applied,
                 "revision_latest": latest, "warnings": list(row.warnings or [])}
                for row in workers.list_workers(session)
            ]  # fmt: skip
        changed = [self.tell(data["id"], None, data) for data in told]
        return any(changed)

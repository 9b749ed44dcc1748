"""Which addresses are leased or declined, 64 to a row, so that use is counted without a look at the leases?

    block 0x280000 = 10.0.0.0 .. 10.0.0.63       bit 5 of `active` = 10.0.0.5 has an active lease

The rows are written in the transaction of the leases. Bits are absolute, so a row written twice stays right.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any, Final

from sqlalchemy import Connection, text

from dhcpd.engine.leases import ACTIVE, QUARANTINED, Lease, LeaseChange

BLOCK_BITS: Final = 6
_ALL: Final = (1 << 64) - 1
_UPSERT: Final = (
    "INSERT INTO lease_blocks (block, active, declined) VALUES ({0}, {0}, {0}) ON CONFLICT (block) DO UPDATE SET "
    "active = (lease_blocks.active & {0}) | excluded.active, "
    "declined = (lease_blocks.declined & {0}) | excluded.declined"
)
SQL: Final = {"sqlite": _UPSERT.format("?"), "postgresql": _UPSERT.format("%s")}
Row = tuple[int, int, int, int, int]


def note(connection: Connection, leases: Iterable[Lease]) -> None:
    """Write the bits of the leases in the transaction of the connection, in the order of blocks (no deadlocks)."""
    rows = rows_of(leases)
    if rows:
        connection.exec_driver_sql(SQL[connection.dialect.name], rows)


def changed(changes: Iterable[LeaseChange]) -> Iterable[Lease]:
    """Yield the leases whose bits differ from before; a renewal changes none. One worker's view only."""
    for before, after, _ in changes:
        if before is None or before.state != after.state:
            yield after


def rows_of(leases: Iterable[Lease]) -> list[Row]:
    """Return (block, active, declined, kept, kept) of each block touched; the last lease of an address counts."""
    blocks: dict[int, list[int]] = {}
    for lease in leases:
        ip = lease[0]
        bit = 1 << (ip & 63)
        found = blocks.get(ip >> BLOCK_BITS)
        if found is None:
            found = blocks[ip >> BLOCK_BITS] = [0, 0, 0]
        found[0] |= bit
        if lease[1] == ACTIVE:
            found[1] |= bit
            found[2] &= ~bit
        else:
            found[1] &= ~bit
            found[2] = found[2] | bit if lease[1] in QUARANTINED else found[2] & ~bit
    return [
        (block, _signed(active), _signed(declined), _signed(_ALL ^ touched), _signed(_ALL ^ touched))
        for block, (touched, active, declined) in sorted(blocks.items())
    ]


class Marks:
    """Notes which addresses are leased or declined while leases pass by, each address once."""

    __slots__ = ("_active", "_declined")

    def __init__(self) -> None:
        self._active: dict[int, int] = {}
        self._declined: dict[int, int] = {}

    def noting(self, leases: Iterable[Lease]) -> Iterator[Lease]:
        """Yield the leases."""
        active, declined = self._active, self._declined
        for lease in leases:
            ip, state = lease[0], lease[1]
            marks = active if state == ACTIVE else declined
            if marks is active or state in QUARANTINED:
                marks[ip >> BLOCK_BITS] = marks.get(ip >> BLOCK_BITS, 0) | 1 << (ip & 63)
            yield lease

    def right(self) -> dict[int, tuple[int, int]]:
        """Return what the blocks that have any mark ought to say: (active, declined)."""
        blocks = self._active.keys() | self._declined.keys()
        return {n: (_signed(self._active.get(n, 0)), _signed(self._declined.get(n, 0))) for n in blocks}


def bounds(block: int) -> tuple[IPv4Address, IPv4Address]:
    """Return the first and the last address of a block."""
    first = block << BLOCK_BITS
    return IPv4Address(first), IPv4Address(first + 63)


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def suspects(connection: Connection, marks: Marks) -> list[int]:
    """Return the blocks that do not say what the leases, all of them, say."""
    right = marks.right()
    query = text("SELECT block, active, declined FROM lease_blocks WHERE active <> 0 OR declined <> 0")
    found: dict[int, tuple[int, int]] = {row[0]: (row[1], row[2]) for row in connection.execute(query)}
    return sorted(block for block in {*right, *found} if right.get(block) != found.get(block))


def rewrite(connection: Connection, blocks: Iterable[int], leases: Iterable[Lease]) -> None:
    """Make the blocks say what their leases, all of them, say."""
    right = {row[0]: row[1:3] for row in rows_of(leases)}
    rows: list[Any] = [(block, *right.get(block, (0, 0)), 0, 0) for block in blocks]
    connection.exec_driver_sql(SQL[connection.dialect.name], rows)

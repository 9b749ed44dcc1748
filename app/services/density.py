"""How many addresses of each part of a large prefix are taken? Counted from the blocks that the worker keeps."""

from bisect import bisect_right
from collections.abc import Sequence
from ipaddress import IPv4Address

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.occupancy import LeaseBlock
from app.models.types import Address

BLOCK = 64
ALL = 2**64 - 1


def taken_in(session: Session, parts: Sequence[tuple[Address, Address]]) -> list[int]:
    """Return the number of leased or declined addresses of each part; parts are in order and do not overlap."""
    if not parts or not isinstance(parts[0][0], IPv4Address):
        return [0] * len(parts)
    starts = [int(first) for first, _ in parts]
    counts = [0] * len(parts)
    low, high = starts[0] // BLOCK, int(parts[-1][1]) // BLOCK
    query = select(LeaseBlock.block, LeaseBlock.active, LeaseBlock.declined).where(
        LeaseBlock.block.between(low, high)
    )
    for block, active, declined in session.execute(query):
        first = block * BLOCK
        index = bisect_right(starts, first) - 1
        if index >= 0:
            counts[index] += ((active | declined) & ALL).bit_count()
    return counts

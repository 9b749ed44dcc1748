"""Who is left unanswered when more arrives than can be answered?"""

from collections.abc import Callable
from typing import Final, TypeVar

from dhcpd.protocol.constants import OPTIONS_OFFSET, MessageType

_DISCOVER: Final = bytes((53, 1, MessageType.DISCOVER))
T = TypeVar("T")


def shed(queue: list[T], limit: int, data_of: Callable[[T], bytes]) -> list[T]:
    """Return at most `limit` of the queue, in its order: without the oldest DISCOVERs, then without the oldest.

    A DISCOVER begins an exchange, the others finish one that has been paid for already; and a client sends another
    DISCOVER soon, while an answer to an old one may come too late.
    """
    excess = len(queue) - limit
    if excess <= 0:
        return queue
    kept = []
    for item in queue:
        if excess and data_of(item)[OPTIONS_OFFSET : OPTIONS_OFFSET + 3] == _DISCOVER:
            excess -= 1
        else:
            kept.append(item)
    return kept[excess:]

"""Who is left unanswered when more arrives than can be answered?"""

from dhcpd.engine.shed import shed
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, encode


def message(kind: MessageType, number: int) -> bytes:
    options = {53: bytes((kind,)), 61: bytes(3)}
    return encode(Packet(xid=number, chaddr=b"client", options=options), limit_bytes=548, order=()).data


D = [message(MessageType.DISCOVER, n) for n in range(4)]
R = [message(MessageType.REQUEST, n) for n in range(4)]


def same(data: bytes) -> bytes:
    return data


def test_short_queue_is_answered_whole() -> None:
    queue = [D[0], R[0]]
    assert shed(queue, 2, same) is queue


def test_oldest_discovers_go_first_and_the_order_stays() -> None:
    assert shed([D[0], R[0], D[1], R[1], D[2]], 3, same) == [R[0], R[1], D[2]]


def test_without_discovers_the_oldest_go() -> None:
    assert shed([R[0], D[0], R[1], R[2], R[3]], 2, same) == [R[2], R[3]]


def test_octets_that_are_no_message_can_be_shed() -> None:
    assert shed([b"", b"\0", D[0]], 1, same) == [b"\0"]

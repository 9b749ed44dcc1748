"""Which of several workers on one host takes a packet? The kernel decides, by hardware address.

A broadcast reaches every socket of an SO_REUSEPORT group: a filter on each drops what is another worker's. A
unicast reaches one socket: a second program chooses it. Both are classic BPF over the same hash of chaddr, so a
client keeps its worker. A client that has waited for `FALLBACK_SECS` is everybody's (RFC 3074 §4: its worker may be
down).
"""

import ctypes
import socket
from struct import pack
from typing import Final, NamedTuple

from dhcpd.engine.balance import FALLBACK_SECS

SO_ATTACH_REUSEPORT_CBPF: Final = 51
_SO_ATTACH_FILTER: Final = 26
_UDP_HEADER: Final = 8
_SECS: Final = 8
_CHADDR_TAIL: Final = 30  # the last four octets of an Ethernet address
_PACKET_TYPE: Final = 0xFFFFF004  # SKF_AD_OFF + SKF_AD_PKTTYPE
_PACKET_BROADCAST: Final = 1
_GOLDEN: Final = 0x9E3779B1  # Knuth's multiplicative hash: neighbouring addresses spread

_LOAD_WORD, _LOAD_HALF, _LOAD_LENGTH = 0x20, 0x28, 0x80
_MULTIPLY, _SHIFT_RIGHT, _MODULO = 0x24, 0x74, 0x94
_IF_EQUAL, _IF_AT_LEAST, _RETURN, _RETURN_A = 0x15, 0x35, 0x06, 0x16
_ALL: Final = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


class Shard(NamedTuple):
    """One worker's part of the clients: `number` of `workers`, from 0."""

    number: int
    workers: int


def shard_of(chaddr: bytes, workers: int) -> int:
    """Return whose the client is, as the kernel computes it."""
    tail = int.from_bytes(chaddr.ljust(6, b"\0")[2:6], "big")
    return ((tail * _GOLDEN & _ALL) >> 16) % workers


def attach(udp: socket.socket, shard: Shard) -> None:
    """Make a socket take only its shard's packets; it must have SO_REUSEPORT set and not be bound yet."""
    _attach(udp, _SO_ATTACH_FILTER, _broadcast_filter(shard))


def attach_group(udp: socket.socket, workers: int) -> None:
    """Let the kernel choose, for a unicast, the socket of the group by client; the socket is bound already."""
    _attach(udp, SO_ATTACH_REUSEPORT_CBPF, [*_hash(_CHADDR_TAIL, workers), (_RETURN_A, 0, 0, 0)])


def attach_filter(raw: socket.socket, program: list[Instruction]) -> None:
    """Make a socket receive only what the program accepts."""
    _attach(raw, _SO_ATTACH_FILTER, program)


def _hash(offset: int, workers: int) -> list[Instruction]:
    return [
        (_LOAD_WORD, 0, 0, offset),
        (_MULTIPLY, 0, 0, _GOLDEN),
        (_SHIFT_RIGHT, 0, 0, 16),
        (_MODULO, 0, 0, workers),
    ]


def _broadcast_filter(shard: Shard) -> list[Instruction]:
    """Accept unicasts, the shard's broadcasts, those that waited long; a short packet is the first shard's."""
    accept, drop = 11, 12
    short = accept if shard.number == 0 else drop
    program: list[Instruction] = [
        (_LOAD_WORD, 0, 0, _PACKET_TYPE),
        (_IF_EQUAL, 0, accept - 2, _PACKET_BROADCAST),
        (_LOAD_LENGTH, 0, 0, 0),
        (_IF_AT_LEAST, 0, short - 4, _UDP_HEADER + _CHADDR_TAIL + 4),
        (_LOAD_HALF, 0, 0, _UDP_HEADER + _SECS),
        (_IF_AT_LEAST, accept - 6, 0, FALLBACK_SECS),
        *_hash(_UDP_HEADER + _CHADDR_TAIL, shard.workers),
        (_IF_EQUAL, 0, 1, shard.number),
    ]
    return [*program, (_RETURN, 0, 0, _ALL), (_RETURN, 0, 0, 0)]


def _attach(udp: socket.socket, option: int, program: list[Instruction]) -> None:
    """Give the kernel a `struct sock_fprog`: how many instructions, and where they are."""
    code = ctypes.create_string_buffer(b"".join(pack("=HBBI", *instruction) for instruction in program))
    udp.setsockopt(socket.SOL_SOCKET, option, pack("@HP", len(program), ctypes.addressof(code)))

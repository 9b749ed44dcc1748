"""Where does each option of a message go: in which order, whole or split, and in which field?"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dhcpd.protocol.constants import (
    CLIENT_ID,
    END,
    FILE_BYTES,
    LEASE_TIME,
    MESSAGE_TYPE,
    OVERLOAD,
    OVERLOAD_FILE,
    OVERLOAD_SNAME,
    PAD,
    RELAY_INFO,
    ROUTERS,
    SERVER_ID,
    SNAME_BYTES,
    SUBNET_MASK,
)

_FIRST: Final = (MESSAGE_TYPE, SERVER_ID, LEASE_TIME)
_KEPT: Final = frozenset((MESSAGE_TYPE, SERVER_ID, LEASE_TIME, CLIENT_ID, RELAY_INFO))
_END: Final = bytes((END,))
_OVERLOAD_BYTES: Final = 3


class Layout(NamedTuple):
    """The contents of the three fields that can carry options; `file` and `sname` are empty if not overloaded."""

    options: bytes
    file: bytes = b""
    sname: bytes = b""
    dropped: tuple[int, ...] = ()


def lay_out(
    options: dict[int, bytes], order: Sequence[int], *, room: int, file_free: bool, sname_free: bool
) -> Layout:
    """Return where the options go when the options field has `room` octets, END included.

    53, 54 and 51 come first, then those in `order` (but 1 before 3), then the others as `options` has them; 82 is
    last in the options field (RFC 3046 §2.1). Options 0, 52 and 255 in `options` are ignored.
    """
    ordered: list[tuple[int, bytes]] = _sort(options, order)
    data = b"".join([_write(code, value) for code, value in ordered]) + _END
    if len(data) <= room:
        return Layout(data)
    return _squeeze(ordered, room, file_free=file_free, sname_free=sname_free)


def _sort(options: dict[int, bytes], order: Iterable[int]) -> list[tuple[int, bytes]]:
    rest = options.copy()
    for code in (PAD, OVERLOAD, END):
        rest.pop(code, None)
    relay_info = rest.pop(RELAY_INFO, None)
    ordered: list[tuple[int, bytes]] = [(code, rest.pop(code)) for code in _FIRST if code in rest]
    for code in order:
        if code == ROUTERS and code in rest and SUBNET_MASK in rest:  # RFC 2132 §3.3: the mask MUST be first
            ordered.append((SUBNET_MASK, rest.pop(SUBNET_MASK)))
        if code in rest:
            ordered.append((code, rest.pop(code)))
    ordered += rest.items()
    if relay_info is not None:
        ordered.append((RELAY_INFO, relay_info))
    return ordered


def _write(code: int, value: bytes) -> bytes:
    """Return the option as one instance, or as several if it is longer than 255 octets (RFC 3396 §5)."""
    length = len(value)
    if length < 256:
        return bytes((code, length)) + value
    pieces = (value[start : start + 255] for start in range(0, length, 255))
    return b"".join([bytes((code, len(piece))) + piece for piece in pieces])


def _squeeze(ordered: list[tuple[int, bytes]], room: int, *, file_free: bool, sname_free: bool) -> Layout:
    """Spread over `file` and `sname` what does not fit (RFC 2131 §4.1); drop what fits nowhere."""
    left = [room - len(_END), (FILE_BYTES - 1) * file_free, (SNAME_BYTES - 1) * sname_free]
    if file_free or sname_free:
        left[0] -= _OVERLOAD_BYTES
    places: dict[int, list[tuple[int, bytes]]] = {}
    for code, value in sorted(ordered, key=_claim):
        pieces = _place(code, value, left)
        if pieces:
            places[code] = pieces
    dropped = tuple(code for code, _ in ordered if code not in places)
    first, file, sname = (_gather(ordered, places, field) for field in range(3))
    overload = OVERLOAD_FILE * bool(file) | OVERLOAD_SNAME * bool(sname)
    if overload:
        start = sum(2 + len(value) for code, value in ordered if code in _FIRST)
        first = first[:start] + bytes((OVERLOAD, 1, overload)) + first[start:]
    return Layout(first + _END, file and file + _END, sname and sname + _END, dropped)


def _claim(option: tuple[int, bytes]) -> int:
    """Sort key: who takes its room first, 82 before all (no other field may hold it), then the kept ones."""
    code = option[0]
    return 0 if code == RELAY_INFO else 1 if code in _FIRST else 2 if code in _KEPT else 3


def _place(code: int, value: bytes, left: list[int]) -> list[tuple[int, bytes]]:
    """Take the option's room out of `left`; return its pieces by field, none if there is no room."""
    whole = _write(code, value)
    stays = code in _FIRST or code == RELAY_INFO  # in the options field
    if len(value) < 256:
        for field, room in enumerate(left):
            if len(whole) <= room and (field == 0 or not stays):
                left[field] -= len(whole)
                return [(field, whole)]
    may_be_cut = not stays and (len(value) > 255 or code in _KEPT)
    pieces = _spread(code, value, left) if may_be_cut else []
    if not pieces and code in _KEPT:
        left[0] -= len(whole)
        pieces = [(0, whole)]
    return pieces


def _spread(code: int, value: bytes, left: list[int]) -> list[tuple[int, bytes]]:
    """Cut the option to the room in options, file and sname, in the order in which they are joined again.

    RFC 3396 §5; returns nothing and takes nothing if there is not room for all of it.
    """
    pieces: list[tuple[int, bytes]] = []
    after = left.copy()
    rest = value
    for field in range(len(after)):
        while rest and after[field] > 2:
            piece = rest[: min(255, after[field] - 2)]
            rest = rest[len(piece) :]
            after[field] -= 2 + len(piece)
            pieces.append((field, bytes((code, len(piece))) + piece))
    if rest:
        return []
    left[:] = after
    return pieces


def _gather(ordered: list[tuple[int, bytes]], places: dict[int, list[tuple[int, bytes]]], field: int) -> bytes:
    return b"".join(piece for code, _ in ordered for where, piece in places.get(code, ()) if where == field)

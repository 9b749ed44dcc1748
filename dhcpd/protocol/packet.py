"""What does a DHCPv4 message say, and how is one written?

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+---------------+---------------+
    |    op (1)     |   htype (1)   |   hlen (1)    |   hops (1)    |   0
    +---------------+---------------+---------------+---------------+
    |                            xid (4)                            |   4
    +-------------------------------+-------------------------------+
    |           secs (2)            |           flags (2)           |   8
    +-------------------------------+-------------------------------+
    |                           ciaddr (4)                          |  12
    |                           yiaddr (4)                          |  16
    |                           siaddr (4)                          |  20
    |                           giaddr (4)                          |  24
    +---------------------------------------------------------------+
    |                           chaddr (16)                         |  28
    |                           sname  (64)                         |  44
    |                           file   (128)                        | 108
    +---------------------------------------------------------------+
    |                   magic cookie 99.130.83.99                   | 236
    |                   options (variable)                          | 240
    +---------------------------------------------------------------+

RFC 2131 §2 (figure 1), RFC 2132 §2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple

from dhcpd.protocol.constants import (
    BOOTREQUEST,
    CHADDR_BYTES,
    END,
    FILE_BYTES,
    FIXED_BYTES,
    LEASE_TIME,
    MAGIC_COOKIE,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGE_SIZE,
    MESSAGE_TYPE,
    MIN_MESSAGE_BYTES,
    OPTIONS_OFFSET,
    OVERLOAD,
    OVERLOAD_FILE,
    OVERLOAD_SNAME,
    REQUESTED_ADDRESS,
    SERVER_ID,
    SNAME_BYTES,
    SUBNET_SELECTION,
)
from dhcpd.protocol.errors import DecodeError
from dhcpd.protocol.layout import lay_out

_HEADER: Final = Struct("!BBBBIHHIIII")
_MESSAGE: Final = Struct("!BBBBIHHIIII16s64s128s4s")
_NO_SNAME: Final = bytes(SNAME_BYTES)
_NO_FILE: Final = bytes(FILE_BYTES)
# Options whose value the engine reads as a number without asking again how long it is.
_FIXED_LENGTHS: Final = (
    (REQUESTED_ADDRESS, 4),
    (SERVER_ID, 4),
    (MAX_MESSAGE_SIZE, 2),
    (LEASE_TIME, 4),
    (SUBNET_SELECTION, 4),
)


@dataclass(slots=True)
class Packet:
    """A DHCPv4 (or BOOTP) message. Mutable and unchecked, for speed: `decode` checks, `encode` trusts.

    Addresses are integers. `chaddr` has exactly hlen octets; `sname` and `file` end before their first NUL and
    are empty when they carried options. `options` maps a code to its value, repeated instances joined
    (RFC 3396), in order of first appearance; option 52 is not among them.
    """

    op: int = BOOTREQUEST
    htype: int = 1
    hops: int = 0
    xid: int = 0
    secs: int = 0
    flags: int = 0
    ciaddr: int = 0
    yiaddr: int = 0
    siaddr: int = 0
    giaddr: int = 0
    chaddr: bytes = b""
    sname: bytes = b""
    file: bytes = b""
    options: dict[int, bytes] = field(default_factory=dict)

    @property
    def message_type(self) -> int | None:
        """The value of option 53, which may be one that no RFC defines; None in a BOOTP message."""
        value = self.options.get(MESSAGE_TYPE)
        return value[0] if value else None


class Encoded(NamedTuple):
    """A message as bytes, and the codes of the options that found no room in it."""

    data: bytes
    dropped: tuple[int, ...]


def decode(data: bytes | bytearray | memoryview) -> Packet:
    """Return the message in `data`; raise DecodeError, and nothing else, if there is none.

    Both BOOTREQUEST and BOOTREPLY are accepted, so that clients and tests can read replies. Options 50, 51,
    53, 54, 57 and 118 have their right length in the result.
    """
    if type(data) is not bytes:
        data = bytes(data)
    if data[236:240] != MAGIC_COOKIE:
        return _without_cookie(data)
    op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr = _HEADER.unpack_from(data)
    if not 0 < op < 3 or hlen > CHADDR_BYTES or len(data) > MAX_MESSAGE_BYTES:
        raise _bad_header(data)
    options: dict[int, bytes] = {}
    _read_options(data, OPTIONS_OFFSET, options)
    sname = data[44:108]
    file = data[108:236]
    if OVERLOAD in options:
        sname, file = _read_overload(sname, file, options)
    _check_lengths(options)
    return Packet(
        op,
        htype,
        hops,
        xid,
        secs,
        flags,
        ciaddr,
        yiaddr,
        siaddr,
        giaddr,
        data[28 : 28 + hlen],
        b"" if sname == _NO_SNAME else sname.partition(b"\0")[0],
        b"" if file == _NO_FILE else file.partition(b"\0")[0],
        options,
    )


def _without_cookie(data: bytes) -> Packet:
    """Return the BOOTP message of a client that says nothing in the vendor field (RFC 951; RFC 1534 §2)."""
    if len(data) < OPTIONS_OFFSET:
        raise DecodeError("truncated", f"{len(data)} octets, a message has at least {OPTIONS_OFFSET}")
    if any(data[FIXED_BYTES:]) or len(data) < MIN_MESSAGE_BYTES:
        raise DecodeError("bad-cookie", data[FIXED_BYTES:OPTIONS_OFFSET].hex())
    return decode(data[:FIXED_BYTES] + MAGIC_COOKIE + b"\0" * (MIN_MESSAGE_BYTES - OPTIONS_OFFSET))


def _bad_header(data: bytes) -> DecodeError:
    if len(data) > MAX_MESSAGE_BYTES:
        return DecodeError("oversized", f"{len(data)} octets")
    if data[2] > CHADDR_BYTES:
        return DecodeError("bad-hlen", f"hlen {data[2]}")
    return DecodeError("bad-op", f"op {data[0]}")


def _read_options(data: bytes, position: int, options: dict[int, bytes]) -> None:
    """Add to `options` what stands in `data` from `position` up to END, joining repeats (RFC 3396 §7).

    There is no bounds check per option: a length that runs past the end of `data` leaves `position` there,
    and the next read fails.
    """
    try:
        while (code := data[position]) != END:
            if not code:
                position += 1
                continue
            start = position + 2
            position = start + data[position + 1]
            if code not in options:
                options[code] = data[start:position]
            elif code == MESSAGE_TYPE:
                raise DecodeError("bad-message-type", "option 53 appears twice")
            else:
                options[code] += data[start:position]
    except IndexError:
        if position != len(data):
            raise DecodeError("option-overrun", "an option runs past the end") from None
        if options or len(data) < MIN_MESSAGE_BYTES:
            raise DecodeError("no-end", "the options do not stop with END") from None
        # Nothing but pads: a BOOTP client that fills in the cookie alone (RFC 1542 §2.1 leaves it free to).


def _read_overload(sname: bytes, file: bytes, options: dict[int, bytes]) -> tuple[bytes, bytes]:
    """Read the options in `file`, then in `sname` (RFC 2131 §4.1); return what these still hold as text."""
    overload = options.pop(OVERLOAD)
    if len(overload) != 1 or not 0 < overload[0] < 4:
        raise DecodeError("bad-overload", overload.hex())
    if overload[0] & OVERLOAD_FILE:
        _read_options(file, 0, options)
        file = b""
    if overload[0] & OVERLOAD_SNAME:
        _read_options(sname, 0, options)
        sname = b""
    options.pop(OVERLOAD, None)  # RFC 2132 §9.3: it has no meaning inside the fields that it opens
    return sname, file


def _check_lengths(options: dict[int, bytes]) -> None:
    message_type = options.get(MESSAGE_TYPE)
    if message_type is not None and len(message_type) != 1:
        raise DecodeError("bad-message-type", f"option 53 has {len(message_type)} octets")
    for code, length in _FIXED_LENGTHS:
        if code in options and len(options[code]) != length:
            raise DecodeError("bad-option-length", f"option {code} has {len(options[code])} octets")


def encode(packet: Packet, *, limit_bytes: int, order: Sequence[int]) -> Encoded:
    """Return `packet` as a message of at most `limit_bytes`, padded to 300 octets.

    `limit_bytes` bounds the UDP payload: the datagram that the client accepts, less 28. `order` is the
    client's parameter request list. Options 53, 54, 51, 61 and 82 are never dropped; if these alone are
    longer than the limit, so is the message. Raises ValueError if chaddr, sname or file is too long for its field.
    """
    layout = lay_out(
        packet.options,
        order,
        room=min(limit_bytes, MAX_MESSAGE_BYTES) - OPTIONS_OFFSET,
        file_free=not packet.file,
        sname_free=not packet.sname,
    )
    file = layout.file or packet.file
    sname = layout.sname or packet.sname
    chaddr = packet.chaddr
    if len(chaddr) > CHADDR_BYTES or len(sname) > SNAME_BYTES or len(file) > FILE_BYTES:
        raise ValueError("chaddr, sname or file is longer than its field")
    fixed = _MESSAGE.pack(
        packet.op,
        packet.htype,
        len(chaddr),
        packet.hops,
        packet.xid,
        packet.secs,
        packet.flags,
        packet.ciaddr,
        packet.yiaddr,
        packet.siaddr,
        packet.giaddr,
        chaddr,
        sname,
        file,
        MAGIC_COOKIE,
    )
    return Encoded((fixed + layout.options).ljust(MIN_MESSAGE_BYTES, b"\0"), layout.dropped)

"""What stands in a frame? A second reading of RFC 791, 768, 2131 and 2132 that shares no code with the server.

Written from the figures of the RFCs and strict where the server's own decoder is lenient: an encoder's mistake that
its own decoder forgives can't hide here. `Reply` keeps every option where it stood, so that order, repetition and
overload can be judged.
"""

import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
LEASEQUERY, LEASEUNASSIGNED, LEASEUNKNOWN, LEASEACTIVE = range(10, 14)
COOKIE = bytes((99, 130, 83, 99))
BROADCAST_MAC = b"\xff" * 6
BROADCAST = 0x8000
Option = tuple[int, bytes]


def ip(text: str) -> bytes:
    return IPv4Address(text).packed


def u16(number: int) -> bytes:
    return struct.pack("!H", number)


def u32(number: int) -> bytes:
    return struct.pack("!I", number)


def tlv(options: list[Option]) -> bytes:
    """Return options (or sub-options) one after another, without END."""
    return b"".join(bytes((code, len(value))) + value for code, value in options)


def message(
    options: list[Option] | None,
    *,
    op: int = 1,
    htype: int = 1,
    hlen: int | None = None,
    hops: int = 0,
    xid: int = 0,
    secs: int = 0,
    flags: int = 0,
    ciaddr: str = "0.0.0.0",
    giaddr: str = "0.0.0.0",
    chaddr: bytes = b"",
    sname: bytes = b"",
    file: bytes = b"",
    end: bytes = b"\xff",
) -> bytes:
    """Return a DHCP message (RFC 2131 §2, figure 1); options None: plain BOOTP with an empty vendor field."""
    length = len(chaddr) if hlen is None else hlen
    head = struct.pack("!BBBBIHH", op, htype, length, hops, xid, secs, flags)
    head += ip(ciaddr) + bytes(8) + ip(giaddr) + chaddr.ljust(16, b"\0") + sname.ljust(64, b"\0")
    head += file.ljust(128, b"\0")
    if options is None:
        return head + bytes(64)
    return (head + COOKIE + tlv(options) + end).ljust(300, b"\0")


def _sum(data: bytes) -> int:
    """Return the ones-complement sum of RFC 1071, carried."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def datagram(payload: bytes, source: str, destination: str, sport: int, dport: int) -> bytes:
    """Return an IPv4 packet with a UDP datagram, both checksums filled in."""
    length = 8 + len(payload)
    pseudo = ip(source) + ip(destination) + struct.pack("!BBH", 0, 17, length)
    udp = struct.pack("!HHHH", sport, dport, length, 0) + payload
    udp = udp[:6] + u16((~_sum(pseudo + udp) & 0xFFFF) or 0xFFFF) + udp[8:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + ip(source) + ip(destination)
    return head[:10] + u16(~_sum(head) & 0xFFFF) + head[12:] + udp


@dataclass
class Reply:
    """A server's answer, from the Ethernet header to the last option."""

    mac_to: bytes
    source: str
    to: str
    sport: int
    dport: int
    sums_right: bool
    data: bytes
    fields: dict[str, list[Option]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the fixed fields; option fields are read when the cookie is there."""
        data = self.data
        self.op, self.htype, self.hlen, self.hops, self.xid, self.secs, self.flags = struct.unpack(
            "!BBBBIHH", data[:12]
        )
        self.ciaddr, self.yiaddr, self.siaddr, self.giaddr = (
            str(IPv4Address(data[start : start + 4])) for start in (12, 16, 20, 24)
        )
        self.chaddr, self.sname, self.file = data[28:44], data[44:108], data[108:236]
        if data[236:240] == COOKIE:
            self.fields["options"] = read_options(data[240:])
            overload = self.get(52) or b"\0"
            if overload[0] & 1:
                self.fields["file"] = read_options(self.file)
            if overload[0] & 2:
                self.fields["sname"] = read_options(self.sname)

    @property
    def options(self) -> list[Option]:
        """Every option in the order of reading: options, file, sname (RFC 2131 §4.1)."""
        return [option for part in ("options", "file", "sname") for option in self.fields.get(part, [])]

    @property
    def codes(self) -> list[int]:
        return [code for code, _ in self.options]

    def get(self, code: int) -> bytes | None:
        """Return an option's value, instances joined (RFC 3396 §7)."""
        found = [value for number, value in self.options if number == code]
        return b"".join(found) if found else None

    def __getitem__(self, code: int) -> bytes:
        """Return an option's value; fails when the option is missing."""
        value = self.get(code)
        assert value is not None, f"option {code} is missing; there are {self.codes}"
        return value

    @property
    def type(self) -> int:
        return self[53][0]

    def seconds(self, code: int) -> int:
        return int.from_bytes(self[code], "big")


def read_options(data: bytes) -> list[Option]:
    """Return the options before END; fails on an overrun, a missing END, or octets after END that are no pads."""
    found: list[Option] = []
    position = 0
    while True:
        assert position < len(data), "the options have no END (RFC 2131 §4.1)"
        code = data[position]
        if code == 255:
            assert not data[position + 1 :].strip(b"\0"), "there are octets after END (RFC 2132 §3.2)"
            return found
        position += 1
        if code == 0:
            continue
        assert position < len(data), f"option {code} has no length"
        end = position + 1 + data[position]
        assert end <= len(data), f"option {code} runs past the end"
        found.append((code, data[position + 1 : end]))
        position = end


def read_frame(frame: bytes) -> Reply | None:
    """Return the server's reply in an Ethernet frame; None when it is anything else."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    packet = frame[14:]
    header = (packet[0] & 15) * 4
    packet = packet[: struct.unpack("!H", packet[2:4])[0]]
    udp = packet[header:]
    sport, dport, length, udp_sum = struct.unpack("!HHHH", udp[:8])
    if len(udp) < 8 + 236 or udp[8] != 2:
        return None
    pseudo = packet[12:20] + struct.pack("!BBH", 0, 17, length)
    right = _sum(packet[:header]) == 0xFFFF and (udp_sum == 0 or _sum(pseudo + udp) == 0xFFFF)
    source, to = (str(IPv4Address(packet[start : start + 4])) for start in (12, 16))
    return Reply(frame[:6], source, to, sport, dport, right and length == len(udp), udp[8:])

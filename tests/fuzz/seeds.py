"""With which messages does a fuzzer begin? Real ones of every kind, and their random descendants."""

from random import Random
from typing import Final

from tests.e2e.conformance.wire import Option, ip, message, tlv

_MAC: Final = b"\2\0\0\0\0\1"
_PRL: Final = (55, bytes((1, 3, 6, 15, 119, 121, 108, 66, 67, 150)))
_RELAY_INFO: Final = (82, tlv([(1, b"eth-7"), (2, b"modem"), (6, b"c1"), (12, b"\0\3")]))
_OPTIONS: Final[tuple[Option, ...]] = (
    _PRL,
    _RELAY_INFO,
    (82, tlv([(5, ip("10.1.0.0")), (11, ip("10.1.0.1")), (19, b""), (151, b"\xff")])),
    (61, b"\xff\0\0\0\1\0\1\2\3"),
    (61, b"\1" + _MAC),
    (50, ip("10.0.0.101")),
    (50, ip("192.168.1.1")),
    (54, ip("10.0.0.1")),
    (54, ip("10.9.9.9")),
    (51, b"\xff\xff\xff\xff"),
    (57, b"\x02\x40"),
    (57, b"\x05\xdc"),
    (60, b"PXEClient:Arch:00007:UNDI:003016"),
    (93, b"\0\7"),
    (77, b"\4iPXE"),
    (12, b"unwanted"),
    (80, b""),
    (118, ip("10.2.0.0")),
    (52, b"\3"),
    (81, b"\0\0\0host.example.org"),
    (124, b"\0\0\x0d\xe9\4test"),
    (43, tlv([(6, b"\x08"), (255, b"")])),
)


def seeds() -> list[bytes]:
    """Return inputs: the octet that chooses the ingress, then the message."""
    found = [b"\0" + message(None, chaddr=_MAC), b"\1" + message([], chaddr=_MAC, giaddr="10.2.0.1")]
    for kind in (*range(1, 9), 10):
        plain = message(
            [(53, bytes((kind,))), _PRL], chaddr=_MAC, ciaddr="10.0.0.101" if kind in (7, 8) else "0.0.0.0"
        )
        relayed = message(
            [(53, bytes((kind,))), (61, b"\xff\0\0\0\1"), (50, ip("10.1.0.101")), _PRL, _RELAY_INFO],
            chaddr=_MAC,
            giaddr="10.1.0.1",
        )
        found += [b"\0" + plain, b"\x11" + relayed]
    return found


def random_input(random: Random) -> bytes:
    """Return a plausible message with a few octets changed, cut or doubled: most pass the first checks."""
    number = random.choice((1, 1, 1, 2, 3, 40))
    chosen: list[Option] = (
        [(53, bytes((random.choice((1, 1, 3, 3, 3, 4, 7, 8, 10)),)))] if random.random() < 0.95 else []
    )
    chosen += random.sample(_OPTIONS, random.randrange(8))
    if random.random() < 0.1:
        chosen.append((random.randrange(256), random.randbytes(random.randrange(256))))
    data = message(
        chosen,
        hlen=random.choice((None, None, None, 0, 16, random.randrange(256))),
        htype=random.choice((1, 1, 6, 32)),
        xid=random.getrandbits(32),
        secs=random.choice((0, 3, 65535)),
        flags=random.choice((0, 0x8000, 0xFFFF)),
        ciaddr=random.choice(("0.0.0.0", "0.0.0.0", "10.0.0.101", "10.2.0.120", "255.255.255.255")),
        giaddr=random.choice(("0.0.0.0", "10.1.0.1", "10.2.0.1", "10.9.0.1", "172.16.0.1")),
        chaddr=b"\2\0\0\0" + bytes((random.choice((0, 0xDE)), random.randrange(number))),
        sname=random.choice((b"", b"boot", tlv([(12, b"in-sname")]) + b"\xff")),
        file=random.choice((b"", b"rom.0", tlv([(61, b"in-file"), (55, b"\1")]) + b"\xff")),
    )
    return bytes((random.randrange(256),)) + _spoil(data, random)


def _spoil(data: bytes, random: Random) -> bytes:
    for _ in range(random.choice((0, 0, 1, 1, 4))):
        at = (
            random.randrange(len(data))
            if random.random() < 0.3
            else random.randrange(min(240, len(data) - 1), len(data))
        )
        way = random.randrange(4)
        if way == 0:
            data = data[:at] + bytes((random.choice((0, 1, 255, random.randrange(256))),)) + data[at + 1 :]
        elif way == 1:
            data = data[: max(at, 1)]
        elif way == 2:
            data = data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]
        else:
            data = data[:at] + data[at : at + 40] + data[at:]
    return data

"""Which networks does every server serve, ours and the peers, for the same questions?

A network is a /24 (two are larger) behind the relay 10.30.0.2, known by its giaddr; LINK is the server's own wire.
Options are written twice on purpose: as a person writes them for our API, and as the octets that an RFC wants.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from tests.e2e.conformance.wire import ip, u16, u32


@dataclass(frozen=True)
class Setting:
    """An option: its code, the value as our API takes it, the octets on the wire; `always`: sent unasked."""

    code: int
    value: Any
    octets: bytes
    always: bool = False


@dataclass(frozen=True)
class Reserved:
    """A device (kind of identifier, its octets) that is promised the address with this number."""

    kind: str
    identifier: bytes
    last: int
    hostname: str = ""


@dataclass(frozen=True, eq=False)
class Network:
    """One network and how it is served; times in seconds. `needs`: the feature without which it makes no sense."""

    name: str
    prefix: str
    pool: tuple[int, int] = (100, 199)
    mask: int = 24
    settings: tuple[Setting, ...] = ()
    lease_s: int = 3600
    min_s: int = 60
    max_s: int = 7200
    authoritative: bool = True
    gateway: bool = True
    next_server: str | None = None
    server_name: str | None = None
    boot_file: str | None = None
    relays: tuple[str, ...] = ()
    shared: str | None = None
    reserved: tuple[Reserved, ...] = ()
    needs: str | None = None
    rapid: bool = False
    bootp: bool = False
    probed: bool = False

    def at(self, number: int) -> str:
        """Return the address with this number in the network: 1 is the router, 256 the first of a second /24."""
        return str(IPv4Address(f"{self.prefix}.0") + number)

    @property
    def first(self) -> str:
        return self.at(self.pool[0])

    @property
    def last(self) -> str:
        return self.at(self.pool[1])

    @property
    def netmask(self) -> str:
        return str(IPv4Network(f"{self.prefix}.0/{self.mask}").netmask)

    def pooled(self, address: str) -> bool:
        return IPv4Address(self.first) <= IPv4Address(address) <= IPv4Address(self.last)


DNS = Setting(6, ["192.0.2.53", "192.0.2.54"], ip("192.0.2.53") + ip("192.0.2.54"))
DOMAIN = Setting(15, "test.example", b"test.example")
NTP = Setting(42, ["192.0.2.123"], ip("192.0.2.123"))
MTU = Setting(26, 1400, u16(1400))
FORWARDING = Setting(19, False, b"\0")
TTL = Setting(23, 64, b"\x40")
ARP_TIMEOUT = Setting(35, 600, u32(600))
USUAL = (DNS, DOMAIN, NTP, MTU, FORWARDING, TTL, ARP_TIMEOUT)

# RFC 3442 page 3: the destination descriptors of its own example, each with a router.
ROUTES = Setting(
    121,
    [
        {"destination": "0.0.0.0/0", "router": "10.42.0.1"},
        {"destination": "10.0.0.0/8", "router": "10.42.0.2"},
        {"destination": "10.17.0.0/16", "router": "10.42.0.3"},
        {"destination": "10.27.129.0/24", "router": "10.42.0.4"},
        {"destination": "10.229.0.128/25", "router": "10.42.0.5"},
        {"destination": "10.198.122.47/32", "router": "10.42.0.6"},
    ],
    b"\x00" + ip("10.42.0.1") + b"\x08\x0a" + ip("10.42.0.2") + b"\x10\x0a\x11" + ip("10.42.0.3")
    + b"\x18\x0a\x1b\x81" + ip("10.42.0.4") + b"\x19\x0a\xe5\x00\x80" + ip("10.42.0.5")
    + b"\x20\x0a\xc6\x7a\x2f" + ip("10.42.0.6"),
)  # fmt: skip
# RFC 3397 §3: "eng.apple.com." and "marketing.apple.com.", the second pointing into the first.
SEARCH = Setting(
    119,
    ["eng.apple.com", "marketing.apple.com"],
    b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04",
)
LONG_NAMES = tuple(f"{'n' * 20}{number:02}.example" for number in range(20))
FAT = tuple(
    Setting(code, [f"192.0.{code}.{host}" for host in range(1, 31)],
            b"".join(ip(f"192.0.{code}.{host}") for host in range(1, 31)))
    for code in (4, 7, 9, 41, 42, 44, 45)
)  # fmt: skip
LONG_ROUTES = Setting(
    121,
    [{"destination": f"172.16.{number}.0/24", "router": "10.43.0.1"} for number in range(40)],
    b"".join(b"\x18\xac\x10" + bytes((number,)) + ip("10.43.0.1") for number in range(40)),
)

LINK = Network("link", "10.77.0", (100, 999), 22, USUAL)
CIRCUIT = b"\x01\x05eth-7"
KNOWN_MAC = bytes.fromhex("02fe00000001")
BOOTP_MAC = bytes.fromhex("02fe00000004")
KNOWN_ID = bytes.fromhex("ff00000001000100012345678902fe00000002")
_ALL = (
    LINK,
    Network("plain", "10.40.0", (100, 999), 22, USUAL),
    Network("routes", "10.42.0", settings=(ROUTES, SEARCH, Setting(33, [["192.0.2.7", "10.42.0.9"]],
            ip("192.0.2.7") + ip("10.42.0.9")))),
    Network("fat", "10.43.0", settings=(*FAT, LONG_ROUTES)),
    Network("boot", "10.44.0", next_server="192.0.2.69", server_name="boot.example", boot_file="pxe/start.0",
            settings=(DNS, Setting(66, "tftp.example", b"tftp.example"), Setting(67, "other.0", b"other.0"))),
    Network("quiet", "10.45.0", authoritative=False, needs="not authoritative"),
    Network("forever", "10.46.0", max_s=0xFFFFFFFF, needs="infinite leases"),
    Network("rapid", "10.47.0", settings=(DNS,), rapid=True, needs="rapid commit"),
    Network("v6only", "10.48.0", settings=(DNS, Setting(108, 1800, u32(1800)))),
    Network("bootp", "10.49.0", pool=(100, 119), settings=(DNS, DOMAIN), boot_file="rom.bin",
            next_server="192.0.2.69", bootp=True, reserved=(Reserved("mac", BOOTP_MAC, 10, "terminal"),)),
    Network("probed", "10.58.0", pool=(100, 103), probed=True, needs="a probe before an offer"),
    Network("tiny", "10.52.0", pool=(100, 101)),
    Network("pair", "10.51.0", pool=(100, 101)),
    Network("reserved", "10.53.0", settings=(DNS,), reserved=(
        Reserved("mac", KNOWN_MAC, 10, "printer"), Reserved("client_id", KNOWN_ID, 11),
        Reserved("mac", bytes.fromhex("02fe00000003"), 150))),
    Network("ports", "10.54.0", reserved=(Reserved("circuit_id", b"eth-7", 20),
            Reserved("remote_id", b"modem-9", 21)), needs="reservations by option 82"),
    Network("listed", "10.55.0", relays=("10.62.0.1",), needs="relay addresses outside the subnet"),
    Network("first", "10.56.0", pool=(100, 101), shared="building"),
    Network("second", "10.57.0", pool=(100, 199), shared="building"),
)  # fmt: skip
NETWORKS = {network.name: network for network in _ALL}
REQUESTER = NETWORKS["plain"].at(1)
"""The relay that may ask who holds an address (RFC 4388)."""
NOWHERE = Network("nowhere", "10.63.0")
"""A network that no server knows."""

"""Does any history of clients, clocks, refusals and configurations give one address to two owners?"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import decide
from dhcpd.engine.leases import ACTIVE, Lease, LeaseChange
from dhcpd.engine.snapshot import Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import MessageType
from dhcpd.protocol.packet import Packet, decode

SERVER = 0x0A000001
FIRST = 0x0A000064
SIZE = 5
CLIENTS = st.integers(1, 8)


class Service(RuleBasedStateMachine):
    """The worker's loop without input and output; `database` is what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000
        self.table = Table()
        self.database: dict[int, Lease] = {}
        self.promised: dict[int, tuple[bytes, int]] = {}
        self.offers: dict[int, int] = {}
        self.configure(None, None, SIZE)

    def mac(self, client: int) -> bytes:
        return bytes((2, 0, 0, 0, 0, client))

    @rule(client=st.none() | CLIENTS, offset=st.none() | st.integers(0, SIZE - 1), size=st.integers(1, SIZE))
    def configure(self, client: int | None, offset: int | None, size: int) -> None:
        scope = Scope({})
        pools = (Pool(1, 1, FIRST, FIRST + size - 1, scope),)
        subnet = Subnet(1, 0x0A000000, 0x0A0000FF, 1, scope, pools, 100, 10, 200)
        keys, reserved = {}, {}
        if client is not None:
            made = Reservation(1, 1, FIRST + offset if offset is not None else None, "", scope)
            keys[1, "mac", self.mac(client)] = made
            if made.ip is not None:
                reserved[made.ip] = made
        self.table.use(Snapshot(1, (subnet,), {"eth0": 1}, {}, keys, reserved, frozenset()))

    def ask(
        self, client: int, kind: int, *, refused: bool = False, ciaddr: int = 0, **options: bytes
    ) -> Packet | None:
        sent = {53: bytes((kind,)), **{int(code[1:]): value for code, value in options.items()}}
        packet = Packet(chaddr=self.mac(client), options=sent, ciaddr=ciaddr)
        ingress = Ingress("eth0", SERVER, 0, 68, frozenset({SERVER}))
        decision = decide(packet, ingress, self.table.snapshot, self.table, now=self.now)
        self.table.apply(decision.changes)
        changes = [change for change in decision.changes if type(change) is LeaseChange]
        if changes and refused:
            for change in reversed(changes):
                self.table.revert(change)
            return None
        self.store(changes)
        reply = decode(decision.reply) if decision.reply else None
        if reply is not None and reply.message_type == MessageType.ACK:
            holder = self.promised.get(reply.yiaddr)
            assert holder is None or holder[0] == packet.chaddr or holder[1] <= self.now, "two owners"
            assert self.database[reply.yiaddr].mac == packet.chaddr, "an ACK that is not in the database"
            self.promised[reply.yiaddr] = (packet.chaddr, self.now + int.from_bytes(reply.options[51], "big"))
        return reply

    def store(self, changes: list[LeaseChange]) -> None:
        for change in changes:
            self.database[change.after.ip] = change.after
            if change.after.state != ACTIVE:
                self.promised.pop(change.after.ip, None)

    @rule(client=CLIENTS, wish=st.none() | st.integers(-1, SIZE))
    def discover(self, client: int, wish: int | None) -> None:
        asked: dict[str, Any] = {"o50": (FIRST + wish).to_bytes(4, "big")} if wish is not None else {}
        offer = self.ask(client, MessageType.DISCOVER, **asked)
        if offer is not None:
            self.offers[client] = offer.yiaddr

    @rule(client=CLIENTS, refused=st.booleans())
    def request(self, client: int, refused: bool) -> None:
        if client in self.offers:
            address = self.offers[client].to_bytes(4, "big")
            self.ask(client, MessageType.REQUEST, refused=refused, o50=address, o54=SERVER.to_bytes(4, "big"))

    @rule(client=CLIENTS, offset=st.integers(0, SIZE - 1))
    def reboot(self, client: int, offset: int) -> None:
        self.ask(client, MessageType.REQUEST, o50=(FIRST + offset).to_bytes(4, "big"))

    @rule(client=CLIENTS, offset=st.integers(0, SIZE - 1))
    def renew(self, client: int, offset: int) -> None:
        self.ask(client, MessageType.REQUEST, ciaddr=FIRST + offset)

    @rule(client=CLIENTS, offset=st.integers(0, SIZE - 1))
    def release(self, client: int, offset: int) -> None:
        self.ask(client, MessageType.RELEASE, ciaddr=FIRST + offset)

    @rule(client=CLIENTS, offset=st.integers(0, SIZE - 1))
    def decline(self, client: int, offset: int) -> None:
        self.ask(client, MessageType.DECLINE, o50=(FIRST + offset).to_bytes(4, "big"))

    @rule(client=CLIENTS)
    def choose_another_server(self, client: int) -> None:
        self.ask(client, MessageType.REQUEST, o50=b"\1\1\1\1", o54=b"\1\1\1\1")

    @rule(seconds=st.sampled_from([1, 1, 1, 30, 61, 101, 100_000]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.store(self.table.expire(self.now, limit=1000))

    @rule()
    def restart(self) -> None:
        snapshot, self.table = self.table.snapshot, Table()
        self.table.load(self.database.values())
        self.table.use(snapshot)

    @rule(client=CLIENTS)
    def returning_client_gets_its_address_back(self, client: int) -> None:
        held = [row for row in self.database.values() if row.mac == self.mac(client) and row.state == ACTIVE]
        keeps = [row for row in held if row.expires_at > self.now and self.table.is_allocatable(
            row.ip, (row.client_key,), self.now)]  # fmt: skip
        reserved = (1, "mac", self.mac(client)) in self.table.snapshot.reservations
        if len(keeps) == len(held) == 1 and not reserved:
            offer = self.ask(client, MessageType.DISCOVER)
            assert offer is not None
            assert offer.yiaddr == keeps[0].ip
            self.offers[client] = offer.yiaddr

    @invariant()
    def memory_is_the_database(self) -> None:
        assert self.table.leases == self.database


TestService = Service.TestCase
TestService.settings = settings(max_examples=1500, stateful_step_count=60, deadline=None)

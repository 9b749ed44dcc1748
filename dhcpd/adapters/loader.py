"""How do the rows of the plan become a Snapshot?"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.models.addresses import KnownAddress
from app.models.pools import Pool as PoolRow
from app.models.reservations import Reservation as ReservationRow
from app.models.settings import GlobalSettings
from app.models.subnets import SharedNetwork
from app.models.subnets import Subnet as SubnetRow
from app.models.workers import Revision
from dhcpd.adapters.interfaces import Interface
from dhcpd.engine.snapshot import Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.constants import BROADCAST_ADDRESS_OPTION, ROUTERS, SUBNET_MASK
from dhcpd.protocol.options import encode_value, find

DEFAULT_LEASE_S, DEFAULT_MIN_S, DEFAULT_MAX_S = 43200, 60, 604800


def load_snapshot(engine: Engine, interfaces: Iterable[Interface]) -> Snapshot:
    """Read the whole configuration in one read transaction and compile it."""
    with Session(engine) as session:
        return _Compiler(session, list(interfaces)).compile()


class _Compiler:
    """Holds the rows while they are compiled."""

    def __init__(self, session: Session, interfaces: list[Interface]) -> None:
        self.revision = session.scalar(select(Revision.number).where(Revision.id == 1)) or 0
        self.settings = session.get(GlobalSettings, 1)
        self.subnets = [s for s in session.scalars(select(SubnetRow)) if s.first.version == 4 and s.dhcp_enabled]
        self.shared = {s.name: s for s in session.scalars(select(SharedNetwork))}
        self.pools = [p for p in session.scalars(select(PoolRow)) if p.first.version == 4]
        self.reservations = list(session.scalars(select(ReservationRow)))
        self.known = [int(a.ip) for a in session.scalars(select(KnownAddress)) if a.ip.version == 4]
        self.interfaces = interfaces
        self.link_names: dict[str, int] = {}

    def compile(self) -> Snapshot:
        subnets = {row.id: self._subnet(row) for row in self.subnets}
        reservations, reserved = self._reservations(subnets)
        settings = self.settings
        return Snapshot(
            revision=self.revision,
            subnets=tuple(subnets.values()),
            interfaces=self._interfaces(subnets),
            relays={parse_ipv4(relay): subnets[row.id].link for row in self.subnets for relay in row.relays},
            reservations=reservations,
            reserved=reserved,
            blocked=frozenset(self._blocked()),
            offer_hold_s=settings.offer_hold_s if settings else 60,
            decline_hold_s=settings.decline_hold_s if settings else 86400,
        )

    def _link(self, row: SubnetRow) -> int:
        """Give subnets of one shared network one link number, negative so that no id collides."""
        if not row.shared_network:
            return row.id
        return self.link_names.setdefault(row.shared_network, -1 - len(self.link_names))

    def _subnet(self, row: SubnetRow) -> Subnet:
        settings = self.settings
        scope = self._subnet_scope(row)
        pools = tuple(
            Pool(p.id, row.id, int(p.first), int(p.last), narrow(scope, p.options))
            for p in sorted(self.pools, key=lambda p: int(p.first))
            if p.subnet_id == row.id and p.kind == "dynamic"
        )
        return Subnet(
            id=row.id,
            first=int(row.first),
            last=int(row.last),
            link=self._link(row),
            scope=scope,
            pools=pools,
            lease_s=row.lease_time or (settings.lease_time if settings else DEFAULT_LEASE_S),
            min_lease_s=row.min_lease_time or (settings.min_lease_time if settings else DEFAULT_MIN_S),
            max_lease_s=row.max_lease_time or (settings.max_lease_time if settings else DEFAULT_MAX_S),
            renew_s=row.renew_time,
            rebind_s=row.rebind_time,
            authoritative=row.authoritative,
            ignore_client_id=row.ignore_client_id,
        )

    def _subnet_scope(self, row: SubnetRow) -> Scope:
        mask = (0xFFFFFFFF << (32 - row.prefix_len)) & 0xFFFFFFFF
        options = {SUBNET_MASK: mask.to_bytes(4, "big")}
        if row.prefix_len < 31:
            options[BROADCAST_ADDRESS_OPTION] = int(row.last).to_bytes(4, "big")
        if row.gateway is not None:
            options[ROUTERS] = int(row.gateway).to_bytes(4, "big")
        scope = Scope(options)
        settings = self.settings
        if settings is not None:
            scope = narrow(scope, settings.options, settings.next_server, None, settings.boot_file)
        shared = self.shared.get(row.shared_network or "")
        if shared is not None:
            scope = narrow(scope, shared.options)
        return narrow(scope, row.options, row.next_server, row.server_name, row.boot_file)

    def _interfaces(self, subnets: dict[int, Subnet]) -> dict[str, int]:
        found: dict[str, int] = {}
        for interface in self.interfaces:
            for subnet in subnets.values():
                if any(subnet.first <= address <= subnet.last for address in interface.addresses):
                    found.setdefault(interface.name, subnet.link)
        for row in self.subnets:
            if row.interface:
                found[row.interface] = subnets[row.id].link
        return found

    def _reservations(
        self, subnets: dict[int, Subnet]
    ) -> tuple[dict[tuple[int, str, bytes], Reservation], dict[int, Reservation]]:
        by_key: dict[tuple[int, str, bytes], Reservation] = {}
        by_ip: dict[int, Reservation] = {}
        for row in self.reservations:
            subnet = subnets.get(row.subnet_id)
            if subnet is None:
                continue
            ip = int(row.ip) if row.ip is not None else None
            pool = subnet.pool_of(ip) if ip is not None else None
            scope = narrow(pool.scope if pool else subnet.scope, row.options, row.next_server, None, row.boot_file)
            made = Reservation(row.id, row.subnet_id, ip, row.hostname, scope)
            for identifier in row.identifiers:
                by_key[row.subnet_id, identifier.type, bytes.fromhex(identifier.value)] = made
            if ip is not None:
                by_ip[ip] = made
        return by_key, by_ip

    def _blocked(self) -> set[int]:
        """Collect what is never offered: known, gateway, network, broadcast, our own, excluded."""
        blocked = set(self.known)
        for row in self.subnets:
            if row.gateway is not None:
                blocked.add(int(row.gateway))
            if row.prefix_len < 31:
                blocked.update((int(row.first), int(row.last)))
        for interface in self.interfaces:
            blocked.update(interface.addresses)
        dynamic = [p for p in self.pools if p.kind == "dynamic"]
        for hole in (p for p in self.pools if p.kind == "excluded"):
            for pool in dynamic:
                first, last = max(int(hole.first), int(pool.first)), min(int(hole.last), int(pool.last))
                blocked.update(range(first, last + 1))
        return blocked


def narrow(
    parent: Scope,
    rows: list[dict[str, Any]],
    next_server: str | None = None,
    server_name: str | None = None,
    boot_file: str | None = None,
) -> Scope:
    """Return the parent's settings overridden by a more specific scope's; the parent itself if by none."""
    if not (rows or next_server or server_name or boot_file):
        return parent
    options, always = dict(parent.options), set(parent.always)
    for row in rows:
        definition = find(row["option"])
        if definition is not None:
            options[definition.code] = encode_value(definition, row["value"])
            if row.get("always"):
                always.add(definition.code)
    return Scope(
        options,
        frozenset(always),
        parse_ipv4(next_server) if next_server else parent.siaddr,
        server_name.encode() if server_name else parent.sname,
        boot_file.encode() if boot_file else parent.file,
    )

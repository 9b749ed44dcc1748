"""What is a relay told that asks who holds an address? RFC 4388."""

from dhcpd.engine.classify import Ingress
from dhcpd.engine.leases import ACTIVE, NEVER, Change, Lease
from dhcpd.engine.reasons import Reason
from dhcpd.engine.reply import renewal_times
from dhcpd.engine.route import Destination
from dhcpd.engine.snapshot import Snapshot
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import (
    ASSOCIATED_IP,
    BOOTREPLY,
    CLIENT_ID,
    CLIENT_LAST_TRANSACTION_TIME,
    HOST_NAME,
    INFINITE_S,
    LEASE_TIME,
    MAX_MESSAGE_BYTES,
    MESSAGE_TYPE,
    PARAMETER_REQUEST_LIST,
    REBINDING_TIME,
    RELAY_INFO,
    RENEWAL_TIME,
    SERVER_ID,
    SERVER_PORT,
    VENDOR_CLASS,
    MessageType,
)
from dhcpd.protocol.packet import Packet, encode

Answer = tuple[Reason, bytes | None, Destination | None, tuple[Change, ...]]
ETHERNET = 1
_ALWAYS = frozenset((LEASE_TIME, CLIENT_ID, CLIENT_LAST_TRANSACTION_TIME, ASSOCIATED_IP))


def answer(packet: Packet, ingress: Ingress, snapshot: Snapshot, table: Table, *, now: int) -> Answer:
    """Return the outcome of a LEASEQUERY. The answer goes to giaddr, so that is who must be listed (§6.4)."""
    if not any(first <= packet.giaddr <= last for first, last in snapshot.leasequery):
        return Reason.DROP_LEASEQUERY_REFUSED, None, None, ()
    client_id = packet.options.get(CLIENT_ID, b"")
    if not packet.ciaddr and not client_id and not packet.chaddr:
        return Reason.DROP_LEASEQUERY_EMPTY, None, None, ()
    if packet.ciaddr:  # §6.4.1: by address; else by client identifier; else by hardware address
        lease = table.leases.get(packet.ciaddr)
        found = [lease] if lease is not None and _is_active(lease, now) else []
        known = snapshot.subnet_of(packet.ciaddr) is not None
    else:
        found = [lease for lease in table.leases_of(packet.chaddr, client_id) if _is_active(lease, now)]
        known = False
    if found:
        newest = max(found, key=lambda lease: lease.renewed_at)
        options, kind, reason = _describe(packet, newest, found, snapshot, now), MessageType.LEASEACTIVE, None
    else:
        newest, options = None, {}
        kind = MessageType.LEASEUNASSIGNED if known else MessageType.LEASEUNKNOWN
        reason = Reason.LEASE_UNASSIGNED if known else Reason.LEASE_UNKNOWN
    data = _reply(packet, ingress, kind, newest, options)
    return reason or Reason.LEASE_TOLD, data, Destination(packet.giaddr, SERVER_PORT), ()


def _is_active(lease: Lease, now: int) -> bool:
    return lease.state == ACTIVE and lease.expires_at > now


def _reply(
    packet: Packet, ingress: Ingress, kind: MessageType, lease: Lease | None, extra: dict[int, bytes]
) -> bytes:
    """Lay out the answer: ciaddr and chaddr are the lease's, or as asked when there is none."""
    options = {MESSAGE_TYPE: bytes((kind,)), SERVER_ID: ingress.server_ip.to_bytes(4, "big"), **extra}
    reply = Packet(BOOTREPLY, packet.htype, 0, packet.xid, 0, packet.flags, options=options)
    reply.giaddr = packet.giaddr
    reply.ciaddr = packet.ciaddr if lease is None else lease.ip
    reply.chaddr = packet.chaddr if lease is None else lease.mac
    reply.htype = packet.htype if lease is None else _htype(lease)
    return encode(reply, limit_bytes=MAX_MESSAGE_BYTES, order=packet.options.get(PARAMETER_REQUEST_LIST, b"")).data


def _describe(packet: Packet, lease: Lease, found: list[Lease], snapshot: Snapshot, now: int) -> dict[int, bytes]:
    """Return what is told of the lease: what was asked for, or everything without a list (§6.4.2)."""
    subnet = snapshot.subnet_of(lease.ip)
    told = dict(subnet.scope.options) if subnet is not None else {}
    told[CLIENT_LAST_TRANSACTION_TIME] = max(0, now - lease.renewed_at).to_bytes(4, "big")
    left = INFINITE_S if lease.expires_at >= NEVER else lease.expires_at - now
    told[LEASE_TIME] = left.to_bytes(4, "big")
    if subnet is not None and left != INFINITE_S:
        for code, at in zip((RENEWAL_TIME, REBINDING_TIME), renewal_times(subnet, _granted(lease)), strict=True):
            told[code] = max(0, lease.renewed_at + at - now).to_bytes(4, "big")
    texts = ((CLIENT_ID, lease.client_id), (RELAY_INFO, lease.relay_info), (HOST_NAME, lease.hostname.encode()))
    for code, value in (*texts, (VENDOR_CLASS, lease.vendor_class.encode())):
        if value:
            told[code] = value
    others = b"".join(other.ip.to_bytes(4, "big") for other in found if other is not lease)
    if others:
        told[ASSOCIATED_IP] = others
    wanted = packet.options.get(PARAMETER_REQUEST_LIST)
    if wanted is None:
        return told
    return {code: value for code, value in told.items() if code in _ALWAYS or code in wanted}


def _htype(lease: Lease) -> int:
    """Return the hardware type of the lease's client (§6.4.2: MUST), which only its keys tell."""
    if lease.client_key[:1] == b"\0":
        return lease.client_key[1]
    said = lease.client_id[0] if lease.client_id[1:] == lease.mac else 0  # RFC 2132 §9.14: type, then address
    return said or ETHERNET


def _granted(lease: Lease) -> int:
    return lease.expires_at - lease.renewed_at

"""For how long does a client get an address, and what is written down about it?"""

from typing import Final

from dhcpd.engine.classify import Request
from dhcpd.engine.leases import ACTIVE, NEVER, RELEASED, Change, Lease, LeaseChange
from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Subnet
from dhcpd.engine.table import Table
from dhcpd.protocol.constants import HOST_NAME, INFINITE_S, LEASE_TIME, RELAY_INFO, VENDOR_CLASS

TEXT_BYTES: Final = 255


def lease_seconds(request: Request, subnet: Subnet) -> int:
    """Return the lease time: what the client asks for within the subnet's limits, else the default."""
    asked = request.packet.options.get(LEASE_TIME)
    if asked is None:
        return subnet.lease_s
    if subnet.max_lease_s == INFINITE_S and asked == b"\xff\xff\xff\xff":
        return INFINITE_S
    return max(subnet.min_lease_s, min(int.from_bytes(asked, "big"), subnet.max_lease_s))


def bind(
    request: Request, subnet: Subnet, ip: int, lease_s: int, table: Table, new: Reason
) -> tuple[Reason, tuple[Change, ...]]:
    """Return the outcome, RENEWED or else `new`, and the changes that give the address to the client."""
    before = table.leases.get(ip)
    renewed = before if before is not None and before.state == ACTIVE and owns(request, before) else None
    reason = new if renewed is None else Reason.RENEWED
    changes: list[Change] = [LeaseChange(before, _lease(request, subnet, ip, lease_s, renewed), reason)]
    left = request.binding
    if left is not None and left.ip != ip and left.state == ACTIVE:
        gone = left._replace(state=RELEASED, expires_at=request.now)
        changes.insert(0, LeaseChange(left, gone, Reason.RELEASED))
    return reason, tuple(changes)


def owns(request: Request, lease: Lease) -> bool:
    """Tell whether the lease is the sender's."""
    if lease.client_key == request.client_key:
        return True
    return request.binding is not None and request.binding.ip == lease.ip


def _lease(request: Request, subnet: Subnet, ip: int, lease_s: int, renewed: Lease | None) -> Lease:
    packet, now = request.packet, request.now
    relay_info = packet.options.get(RELAY_INFO, b"")
    relay = packet.giaddr
    if renewed is not None and not relay:  # a unicast renewal: what the relay said stays known
        relay, relay_info = renewed.relay, renewed.relay_info
    hostname = _text(packet.options.get(HOST_NAME, b"")) or (renewed.hostname if renewed else "")
    if not hostname and request.reservation is not None:
        hostname = request.reservation.hostname
    return Lease(
        ip,
        ACTIVE,
        subnet.id,
        request.client_key,
        packet.chaddr,
        request.client_id,
        hostname,
        _text(packet.options.get(VENDOR_CLASS, b"")),
        renewed.started_at if renewed else now,
        now,
        NEVER if lease_s == INFINITE_S else now + lease_s,
        renewed.renewals + 1 if renewed else 0,
        relay,
        relay_info,
    )


def _text(data: bytes) -> str:
    """Return printable text of a client's bytes, at most 255 characters."""
    text = data.rstrip(b"\0").decode("utf-8", "replace")[:TEXT_BYTES]
    return "".join(c if c.isprintable() else "?" for c in text)

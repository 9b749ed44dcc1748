"""What is a server asked about a large plan? Lists, searches, use and free space, by groups."""

from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Lease, Subnet
from tests.perf.large_plan import BASE

Questions = dict[str, dict[str, str]]
"""Group -> what is asked -> path below /api/v1."""
SOON: Final = "expires_at__lt=2026-09-22T00:00:00Z&sort=expires_at"
DAY: Final = "from=2026-09-21T00:00:00Z&to=2026-09-22T00:00:00Z"


def questions(session: Session) -> Questions:
    """Return all that is asked of the plan of `large_plan`."""
    subnets = (session.scalar(select(func.count()).select_from(Subnet)) or 2) - 1
    middle = subnets // 2
    base = IPv4Address(BASE + (middle - 1) * 256)
    there = select(Lease).where(Lease.ip > base + 20, Lease.state == "active").order_by(Lease.ip).limit(1)
    lease = session.scalars(there).one()
    near = f"{IPv4Address(int(base) & 0xFFFF0000)}/16"
    return {
        "leases": _leases(lease, middle, near),
        "events": _events(lease, middle, subnets + 1),
        "subnets and pools": _subnets(middle, near),
        "reservations": _reservations(middle),
        "addresses": _addresses(lease, middle, near),
        "use and free space": _space(middle, subnets + 1),
        "search": _search(lease, base),
        "audit and the rest": _audit(middle, near),
    }


def _leases(lease: Lease, middle: int, near: str) -> dict[str, str]:
    mac = lease.mac.hex(":")
    return {
        "leases": "/leases", "leases, 1000 rows": "/leases?limit=1000", "leases, last page": "/leases?sort=-ip",
        "leases, counted": "/leases?count=exact", "active leases, counted": "/leases?state=active&count=exact",
        "leases of a subnet": f"/leases?subnet_id={middle}",
        "leases of a subnet by end": f"/leases?subnet_id={middle}&sort=-expires_at",
        "leases in a prefix": f"/leases?within={near}", "declined leases": "/leases?state=declined",
        "leases in conflict": "/leases?state=conflict", "released leases, last": "/leases?state=released&sort=-ip",
        "leases that ended": "/leases?state__in=expired,released", "leases of no state": "/leases?state=unheard",
        "leases by MAC": f"/leases?mac={mac}", "leases by vendor": f"/leases?mac__startswith={mac[:8]}",
        "leases that end first": "/leases?sort=expires_at", "leases that end last": "/leases?sort=-expires_at,ip",
        "leases that end soon": f"/leases?{SOON}", "active leases that end soon": f"/leases?{SOON}&state=active",
        "leases, rare name": f"/leases?q={lease.hostname}", "leases, common name": "/leases?q=printer",
        "leases, part of a name": f"/leases?hostname__contains={lease.hostname[-6:]}",
        "leases, no such name": "/leases?hostname__contains=zzzz", "leases, q is a MAC": f"/leases?q={mac}",
        "leases, q is an address": f"/leases?q={lease.ip}", "one lease": f"/leases/{lease.ip}",
        "leases by client-id": f"/leases?client_id={lease.client_id.hex()}",
    }  # fmt: skip


def _events(lease: Lease, middle: int, whole: int) -> dict[str, str]:
    mac = lease.mac.hex(":")
    return {
        "events": "/events", "events, 1000 rows": "/events?limit=1000",
        "events, counted": "/events?count=exact", "events of an address": f"/events?ip={lease.ip}",
        "events of a MAC": f"/events?mac={mac}", "events of an unknown MAC": "/events?mac=02:99:99:99:99:99",
        "events of a day": f"/events?{DAY}", "events of a day long ago": f"/events?{DAY.replace('2026', '2020')}",
        "events of a subnet": f"/events?subnet_id={middle}", "events of a /8": f"/events?subnet_id={whole}",
        "events of no subnet": "/events?subnet_id=999999", "events of a type": "/events?type=declined",
        "events of a name": f"/events?hostname={lease.hostname}",
        "events of a client-id": f"/events?client_id={lease.client_id.hex()}",
    }  # fmt: skip


def _subnets(middle: int, near: str) -> dict[str, str]:
    return {
        "subnets": "/subnets", "subnets, 1000 rows": "/subnets?limit=1000",
        "subnets, counted": "/subnets?count=exact", "subnets that hold an address": "/subnets?contains=10.9.9.9",
        "subnets in a prefix": f"/subnets?within={near}",
        "subnets by name": f"/subnets?q=site-{middle:05d}", "subnets by tag": "/subnets?tag=lab",
        "subnets of a VLAN": "/subnets?vlan=77", "one subnet": f"/subnets/{middle}",
        "subnets by last change": "/subnets?sort=-updated_at", "VLANs": "/vlans", "tags with their use": "/tags",
        "pools": "/pools", "pools, 1000 rows": "/pools?limit=1000",
        "pools of a subnet": f"/pools?subnet_id={middle}", "pools in a prefix": f"/pools?within={near}",
        "settings of a subnet": f"/subnets/{middle}/effective-options",
    }  # fmt: skip


def _reservations(middle: int) -> dict[str, str]:
    mac = f"02:00:00:00:{middle >> 8:02x}:{middle & 255:02x}"
    return {
        "reservations": "/reservations", "reservations, 1000 rows": "/reservations?limit=1000",
        "reservations by MAC": f"/reservations?mac={mac}",
        "reservations by name": f"/reservations?q=server-{middle}",
        "reservations, q is a MAC": f"/reservations?q={mac}", "reservations by tag": "/reservations?tag=office",
        "reservations by custom field": f"/reservations?cf_site=building-{middle}",
        "reservations of a subnet": f"/reservations?subnet_id={middle}",
        "reservations by name, sorted": "/reservations?sort=hostname",
        **{f"reservations, {s}": f"/reservations?state={s}" for s in ("active", "waiting", "idle", "conflict")},
    }  # fmt: skip


def _addresses(lease: Lease, middle: int, near: str) -> dict[str, str]:
    states = (
        "free", "leased", "offered", "reserved", "static", "discovered", "gateway", "excluded", "declined",
        "conflict", "network", "broadcast",
    )  # fmt: skip
    return {
        "addresses": "/addresses", "addresses, 1000 rows": "/addresses?limit=1000",
        "addresses of a subnet": f"/addresses?subnet_id={middle}&limit=256",
        "addresses in a prefix": f"/addresses?within={near}", "addresses, counted": "/addresses?count=exact",
        "addresses, q is a MAC": f"/addresses?q={lease.mac.hex(':')}", "addresses by name": "/addresses?q=nas-77",
        "addresses by a lease's name": f"/addresses?q={lease.hostname}", "one address": f"/addresses/{lease.ip}",
        **{f"addresses, {state}": f"/addresses?state={state}" for state in states},
        "addresses, 1000 leased": "/addresses?state=leased&limit=1000",
        "addresses, last free": "/addresses?state=free&within=10.240.0.0/16",
    }  # fmt: skip


def _space(middle: int, whole: int) -> dict[str, str]:
    return {
        "grid of a /24": f"/subnets/{middle}/grid", "grid of a /8": f"/subnets/{whole}/grid",
        "grid of a /16 of the /8": f"/subnets/{whole}/grid?from=10.5.0.0&to=10.5.255.255",
        "use of a /24": f"/subnets/{middle}", "use of a /8": f"/subnets/{whole}",
        "use of a subnet over time": f"/subnets/{middle // 100 * 100}/usage?range=7d",
        "use of a pool over time": f"/pools/{middle // 100 * 100}/usage?range=30d",
        "free /24 in a /8": f"/subnets/{whole}/free?prefix_len=24",
        "free /26 in a /24": f"/subnets/{middle}/free?prefix_len=26",
        "next address of a /24": f"/subnets/{middle}/next-ip", "next address of a /8": f"/subnets/{whole}/next-ip",
        "next address of a pool": f"/subnets/{middle}/next-ip?pool_id={middle}",
    }  # fmt: skip


def _search(lease: Lease, base: IPv4Address) -> dict[str, str]:
    return {
        "search an address": f"/search?q={lease.ip}", "search a MAC": f"/search?q={lease.mac.hex('-').upper()}",
        "search a name": f"/search?q={lease.hostname}", "search nothing": "/search?q=zzzz",
        "search a common name": "/search?q=printer", "search a reservation": "/search?q=server-777",
        "search a prefix": f"/search?q={base}/24", "search half a prefix": "/search?q=10.5",
        "search a VLAN": "/search?q=77", "search a subnet's name": "/search?q=site-0077",
    }  # fmt: skip


def _audit(middle: int, near: str) -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {
        "audit": "/audit", "audit, 1000 rows": "/audit?limit=1000", "audit, counted": "/audit?count=exact",
        "audit of an object": f"/audit?object=subnets/{middle}", "audit of a person": "/audit?actor=person-3",
        "audit of a day": f"/audit?{DAY}", "audit of today": f"/audit?from={today}T00:00:00Z",
        "audit in a prefix": f"/audit?within={near}", "audit of a request": f"/audit?request_id={middle:032x}",
        "audit by message": f"/audit?message__contains=CHG{middle:05d}",
        "audit after": "/audit?sort=id&id__gt=60000",
        "what a client will get": f"/explain?subnet_id={middle}&mac=02:99:99:99:99:99",
        "workers": "/workers", "alerts": "/alerts",
    }  # fmt: skip

"""What does a worker tell of itself each second, beside what it has counted? The row of `workers`."""

from collections.abc import Sequence
from typing import Any

from dhcpd.adapters.interfaces import Interface
from dhcpd.engine.snapshot import Snapshot
from dhcpd.engine.table import Table
from dhcpd.protocol.addresses import format_ipv4


def state(table: Table, snapshot: Snapshot, interfaces: Sequence[Interface], *, now: int) -> dict[str, Any]:
    """Return what is going on: offers held, links under a flood, class expressions that failed, own addresses."""
    return {
        "offers": table.offers(now=now),
        "floods": _floods(table, snapshot, now),
        "class_errors": dict(snapshot.classes.errors) if snapshot.classes else {},
        "addresses": [format_ipv4(address) for interface in interfaces for address in interface.addresses],
    }


def _floods(table: Table, snapshot: Snapshot, now: int) -> list[dict[str, int]]:
    """Return the links that are flooded by newcomers: their subnets, since when, how fast."""
    return [
        {"subnet_id": subnet.id, "since": flood.since, "newcomers_per_s": round(flood.rate(now))}
        for link, flood in table.floods.items()
        if flood.is_on(now)
        for subnet in snapshot.links.get(link, ())
    ]


def warnings(interfaces: Sequence[Interface], port: int, *, device: bool) -> list[str]:
    """Return, in sentences, what the worker can't do as it was started; device = it may send raw frames."""
    if not device:
        return [f"Without root only relayed clients are served, on port {port}."]
    bare = [interface.name for interface in interfaces if not interface.addresses]
    return [f"{name} has no IPv4 address: clients on it get no answer." for name in bare]

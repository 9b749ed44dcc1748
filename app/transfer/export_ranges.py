"""Which ranges may a server offer that knows no exclusions and no addresses in use?"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

Range = tuple[int, int]


def is_served(subnet: Mapping[str, Any]) -> bool:
    """Tell whether DHCPv4 serves the subnet."""
    return bool(subnet["dhcp_enabled"]) and ":" not in subnet["cidr"]


def offered(plan: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, list[tuple[Range, Mapping[str, Any]]]]:
    """Return by prefix the ranges of each dynamic pool, less excluded ranges, addresses in use and gateways."""
    holes: dict[str, list[Range]] = {}
    for pool in plan["pools"]:
        if pool["kind"] == "excluded":
            holes.setdefault(pool["subnet"], []).append(_range(pool))
    known = sorted(int(ip_address(row["ip"])) for row in plan["addresses"] if ":" not in row["ip"])
    found: dict[str, list[tuple[Range, Mapping[str, Any]]]] = {}
    for subnet in plan["subnets"]:
        network = ip_network(subnet["cidr"])
        edges = (int(network[0]), int(network[-1]))
        inside = [ip for ip in known if edges[0] <= ip <= edges[1]] if known else []
        if subnet.get("gateway"):
            inside.append(int(ip_address(subnet["gateway"])))
        if network.version == 4 and network.prefixlen < 31:
            inside += edges
        holes.setdefault(subnet["cidr"], []).extend((ip, ip) for ip in inside)
    for pool in plan["pools"]:
        if pool["kind"] == "dynamic" and ":" not in pool["start"]:
            for part in subtract(_range(pool), holes.get(pool["subnet"], [])):
                found.setdefault(pool["subnet"], []).append((part, pool))
    return found


def _range(pool: Mapping[str, Any]) -> Range:
    return int(ip_address(pool["start"])), int(ip_address(pool["end"]))


def subtract(whole: Range, holes: Iterable[Range]) -> list[Range]:
    """Return what is left of a range without the holes, in order."""
    left, (start, end) = [], whole
    for first, last in sorted(holes):
        if last < start or first > end:
            continue
        if first > start:
            left.append((start, first - 1))
        start = max(start, last + 1)
    return [*left, (start, end)] if start <= end else left


def text(number: int) -> str:
    """Return an address."""
    return str(IPv4Address(number))

"""Kea 2.2 (Debian's kea-dhcp4-server)."""

import json
from typing import Any

from tests.e2e.conformance.scenario import LINK, NETWORKS, Network, Setting
from tests.e2e.conformance.servers.base import Server

HOOKS = "/usr/lib/x86_64-linux-gnu/kea/hooks"


def data(setting: Setting) -> dict[str, Any]:
    return {
        "code": setting.code,
        "csv-format": False,
        "data": setting.octets.hex(),
        "always-send": setting.always,
    }


class Kea(Server):
    """Raw sockets, memfile leases. Options are given as octets."""

    name = "kea"
    lacks = frozenset(
        {
            "BOOTP by network",
            "a probe before an offer",
            "leasequery",
            "leasequery by requester",
            "rapid commit",
            "rapid commit by network",
            "reservations by option 82",
            "pools for BOOTP alone",
            "virtual subnets",
        }
    )

    def start(self) -> None:
        path = self.lab.folder / "kea.json"
        path.write_text(json.dumps({"Dhcp4": self._configuration()}))
        env = {"KEA_PIDFILE_DIR": str(self.lab.folder), "KEA_LOCKFILE_DIR": str(self.lab.folder)}
        self.process = self.lab.start("kea-dhcp4", "-c", str(path), env=env)

    def _configuration(self) -> dict[str, Any]:
        networks = [n for n in NETWORKS.values() if self.offers(n)]
        numbered = [self._subnet(number, network) for number, network in enumerate(networks, 1)]
        shared: dict[str, list[dict[str, Any]]] = {}
        for network, subnet in zip(networks, numbered, strict=True):
            if network.shared:
                shared.setdefault(network.shared, []).append(subnet)
        return {
            "interfaces-config": {"interfaces": ["s0", "s1"], "dhcp-socket-type": "raw"},
            "lease-database": {"type": "memfile", "persist": True, "name": f"{self.lab.folder}/kea.csv"},
            "hooks-libraries": [{"library": f"{HOOKS}/libdhcp_bootp.so"}],
            "valid-lifetime": 3600,
            "calculate-tee-times": True,
            "decline-probation-period": 86400,
            "host-reservation-identifiers": ["client-id", "hw-address"],
            "match-client-id": True,
            "subnet4": [s for s, n in zip(numbered, networks, strict=True) if not n.shared],
            "shared-networks": [
                {"name": name, "authoritative": True, "subnet4": members} for name, members in shared.items()
            ],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
        }

    def _subnet(self, number: int, network: Network) -> dict[str, Any]:
        router = Setting(3, None, bytes(int(part) for part in network.at(1).split(".")))
        settings = [*network.settings, *([router] if network.gateway else [])]
        names = {"client_id": "client-id", "mac": "hw-address"}
        subnet: dict[str, Any] = {
            "id": number,
            "subnet": f"{network.at(0)}/{network.mask}",
            "pools": [{"pool": f"{network.first} - {network.last}"}],
            "valid-lifetime": network.lease_s,
            "min-valid-lifetime": network.min_s,
            "max-valid-lifetime": network.max_s,
            "authoritative": network.authoritative,
            "option-data": [data(setting) for setting in settings],
            "reservations": [
                {
                    names[r.kind]: r.identifier.hex(":"),
                    "ip-address": network.at(r.last),
                    **({"hostname": r.hostname} if r.hostname else {}),
                }
                for r in network.reserved
            ],
        }
        if network.next_server:
            subnet["next-server"] = network.next_server
        if network.server_name:
            subnet["server-hostname"] = network.server_name
        if network.boot_file:
            subnet["boot-file-name"] = network.boot_file
        if network.relays:
            subnet["relay"] = {"ip-addresses": [*network.relays]}
        if network is LINK:
            subnet["interface"] = "s0"
        return subnet

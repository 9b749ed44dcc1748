"""dnsmasq 2.90."""

from typing import Any

from tests.e2e.conformance.scenario import NETWORKS, Network
from tests.e2e.conformance.servers.base import Server


class Dnsmasq(Server):
    """DHCP only; `authoritative` is one switch for all networks, and lease times have no limits."""

    name = "dnsmasq"
    lacks = frozenset(
        {
            "BOOTP by network",
            "a probe before an offer",
            "infinite leases",
            "lease time limits",
            "leasequery",
            "leasequery by requester",
            "long options",
            "not authoritative",
            "rapid commit by network",
            "relay addresses outside the subnet",
            "relay source port",
            "reservations by option 82",
            "pools for BOOTP alone",
            "virtual subnets",
        }
    )

    def start(self) -> None:
        folder = self.lab.folder
        path = folder / "dnsmasq.conf"
        path.write_text(self._configuration())
        self.process = self.lab.start("dnsmasq", "--keep-in-foreground", f"--conf-file={path}", "--pid-file=")

    def _configuration(self) -> str:
        lines = [
            *("port=0", "interface=s0", "interface=s1", "no-hosts", "no-resolv", "user=root"),
            *("dhcp-authoritative", "dhcp-rapid-commit", "bootp-dynamic", "no-ping", "dhcp-lease-max=10000"),
            *(f"dhcp-leasefile={self.lab.folder}/dnsmasq.leases", "log-dhcp", "log-facility=-"),
        ]
        for network in NETWORKS.values():
            if self.offers(network):
                lines += self._network(network)
        return "\n".join(lines) + "\n"

    def _network(self, network: Network) -> list[str]:
        name = network.name
        lines = [f"dhcp-range=set:{name},{network.first},{network.last},{network.netmask},{network.lease_s}"]
        for setting in network.settings:
            if len(setting.octets) > 255:
                continue  # "long options"
            force = "dhcp-option-force" if setting.always else "dhcp-option"
            lines.append(f"{force}=tag:{name},{setting.code},{text(setting.value)}")
        if network.gateway:
            lines.append(f"dhcp-option=tag:{name},3,{network.at(1)}")
        if network.boot_file:
            server = f"{network.server_name or ''},{network.next_server or ''}"
            lines.append(f"dhcp-boot=tag:{name},{network.boot_file},{server}")
        for reserved in network.reserved:
            given = {"mac": reserved.identifier.hex(":"), "client_id": f"id:{reserved.identifier.hex(':')}"}[
                reserved.kind
            ]
            label = f",{reserved.hostname}" if reserved.hostname else ""
            lines.append(f"dhcp-host={given},{network.at(reserved.last)}{label}")
        if network.shared and network is not NETWORKS["first"]:
            lines.append(f"shared-network={NETWORKS['first'].at(1)},{network.at(0)}")
        return lines


def text(value: Any) -> str:
    """Return the value of an option in dnsmasq's own writing."""
    if isinstance(value, list):
        return ",".join(text(item) for item in value)
    if isinstance(value, dict):
        return f"{value['destination']},{value['router']}"
    return str(int(value)) if isinstance(value, bool | int) else str(value)

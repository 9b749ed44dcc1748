"""ISC dhcpd 4.4 (Debian's isc-dhcp-server)."""

from tests.e2e.conformance.scenario import NETWORKS, Network, Setting
from tests.e2e.conformance.servers.base import Server

NAMES = {
    3: "routers", 4: "time-servers", 6: "domain-name-servers", 7: "log-servers", 9: "lpr-servers",
    12: "host-name", 15: "domain-name", 19: "ip-forwarding", 23: "default-ip-ttl", 26: "interface-mtu",
    33: "static-routes", 35: "arp-cache-timeout", 41: "nis-servers", 42: "ntp-servers",
    44: "netbios-name-servers", 45: "netbios-dd-server", 66: "tftp-server-name", 67: "bootfile-name",
    119: "domain-search",
}  # fmt: skip


def statement(setting: Setting) -> str:
    """Return the option as octets."""
    name = NAMES.get(setting.code, f"lb-{setting.code}")
    return f"option {name} = {setting.octets.hex(':')};"


class Dhcpd(Server):
    """One lease file with an fsync a lease."""

    name = "dhcpd"
    lacks = frozenset(
        {
            "leasequery by requester",
            "rapid commit",
            "rapid commit by network",
            "relay addresses outside the subnet",
            "relay source port",
            "server identifier override",
            "pools for BOOTP alone",
            "virtual subnets",
        }
    )

    def start(self) -> None:
        folder = self.lab.folder
        (folder / "dhcpd.leases").touch()
        path = folder / "dhcpd.conf"
        path.write_text(self._configuration())
        files = ("-cf", str(path), "-lf", f"{folder}/dhcpd.leases", "-pf", f"{folder}/dhcpd.pid")
        self.process = self.lab.start("dhcpd", "-f", "-4", *files, "s0", "s1")

    def _configuration(self) -> str:
        networks = [n for n in NETWORKS.values() if self.offers(n)]
        unknown = sorted({s.code for n in networks for s in n.settings} - set(NAMES))
        lines = [f"option lb-{code} code {code} = string;" for code in unknown]
        lines += ["ping-check false;", "ddns-update-style none;", "get-lease-hostnames false;"]
        lines += ["stash-agent-options true;", "one-lease-per-client false;"]
        lines += ["echo-client-id true;", "allow leasequery;"]
        lines += ["subnet 10.30.0.0 netmask 255.255.255.0 { }"]
        shared: dict[str, list[str]] = {}
        for network in networks:
            body = self._subnet(network)
            if network.shared:
                shared.setdefault(network.shared, []).append(body)
            else:
                lines.append(body)
        lines += [f"shared-network {name} {{\n" + "\n".join(rows) + "\n}" for name, rows in shared.items()]
        return "\n".join(lines) + "\n"

    def _subnet(self, network: Network) -> str:
        lines = [
            f"default-lease-time {network.lease_s};",
            f"min-lease-time {network.min_s};",
            f"max-lease-time {network.max_s};",
            f"option dhcp-renewal-time {network.lease_s // 2};",
            f"option dhcp-rebinding-time {network.lease_s * 7 // 8};",
            "authoritative;" if network.authoritative else "not authoritative;",
            *(statement(setting) for setting in network.settings),
        ]
        if network.probed:
            lines.append("ping-check true;")
        lines.append(f"range {'dynamic-bootp ' if network.bootp else ''}{network.first} {network.last};")
        if network.gateway:
            lines.append(f"option routers {network.at(1)};")
        if network.next_server:
            lines.append(f"next-server {network.next_server};")
        if network.server_name:
            lines.append(f'server-name "{network.server_name}";')
        if network.boot_file:
            lines.append(f'filename "{network.boot_file}";')
        lines += [self._host(network, number) for number in range(len(network.reserved))]
        inner = "\n  ".join(lines)
        return f"subnet {network.at(0)} netmask {network.netmask} {{\n  {inner}\n}}"

    def _host(self, network: Network, number: int) -> str:
        reserved = network.reserved[number]
        octets = reserved.identifier.hex(":")
        by = {
            "mac": f"hardware ethernet {octets};",
            "client_id": f"option dhcp-client-identifier {octets};",
            "circuit_id": f"host-identifier option agent.circuit-id {octets};",
            "remote_id": f"host-identifier option agent.remote-id {octets};",
        }[reserved.kind]
        name = f'option host-name "{reserved.hostname}";' if reserved.hostname else ""
        return f"host {network.name}-{number} {{ {by} fixed-address {network.at(reserved.last)}; {name} }}"

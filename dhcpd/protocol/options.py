"""Which options are there, and of which kind is each one's value?"""

from typing import Final

from dhcpd.protocol.catalogue import Catalogue
from dhcpd.protocol.definitions import OptionDefinition
from dhcpd.protocol.kind import Json

OPTIONS: Final = (
    OptionDefinition(1, "subnet-mask", "ip", "RFC 2132 §3.3", "Mask of the client's network"),
    OptionDefinition(2, "time-offset", "s32", "RFC 2132 §3.4", "Seconds east of UTC"),
    OptionDefinition(3, "routers", "ips", "RFC 2132 §3.5", "Routers on the client's network, preferred first"),
    OptionDefinition(4, "time-servers", "ips", "RFC 2132 §3.6", "Time servers (RFC 868)"),
    OptionDefinition(5, "name-servers", "ips", "RFC 2132 §3.7", "IEN 116 name servers"),
    OptionDefinition(6, "domain-name-servers", "ips", "RFC 2132 §3.8", "DNS servers, preferred first"),
    OptionDefinition(7, "log-servers", "ips", "RFC 2132 §3.9", "Log servers"),
    OptionDefinition(8, "cookie-servers", "ips", "RFC 2132 §3.10", "Quote of the day servers"),
    OptionDefinition(9, "lpr-servers", "ips", "RFC 2132 §3.11", "Line printer servers"),
    OptionDefinition(10, "impress-servers", "ips", "RFC 2132 §3.12", "Imagen Impress servers"),
    OptionDefinition(11, "resource-location-servers", "ips", "RFC 2132 §3.13", "Resource location servers"),
    OptionDefinition(12, "host-name", "text", "RFC 2132 §3.14", "Name of the client"),
    OptionDefinition(13, "boot-size", "u16", "RFC 2132 §3.15", "Length of the boot image in 512-octet blocks"),
    OptionDefinition(14, "merit-dump", "text", "RFC 2132 §3.16", "Path of the crash dump"),
    OptionDefinition(15, "domain-name", "text", "RFC 2132 §3.17", "Domain of the client"),
    OptionDefinition(16, "swap-server", "ip", "RFC 2132 §3.18", "Swap server"),
    OptionDefinition(17, "root-path", "text", "RFC 2132 §3.19", "Path of the root disk"),
    OptionDefinition(18, "extensions-path", "text", "RFC 2132 §3.20", "File with more options"),
    OptionDefinition(19, "ip-forwarding", "flag", "RFC 2132 §4.1", "Whether the client forwards packets"),
    OptionDefinition(
        20,
        "non-local-source-routing",
        "flag",
        "RFC 2132 §4.2",
        "Whether non-local source routes are followed",
    ),
    OptionDefinition(21, "policy-filters", "ip-pairs", "RFC 2132 §4.3", "Filters of non-local source routes"),
    OptionDefinition(22, "max-dgram-reassembly", "u16", "RFC 2132 §4.4", "Largest datagram to reassemble"),
    OptionDefinition(23, "default-ip-ttl", "u8", "RFC 2132 §4.5", "Time to live of datagrams sent"),
    OptionDefinition(
        24, "path-mtu-aging-timeout", "u32", "RFC 2132 §4.6", "Seconds before a path MTU is forgotten"
    ),
    OptionDefinition(25, "path-mtu-plateau-table", "u16s", "RFC 2132 §4.7", "MTU sizes for path discovery"),
    OptionDefinition(26, "interface-mtu", "u16", "RFC 2132 §5.1", "MTU of the interface"),
    OptionDefinition(27, "all-subnets-local", "flag", "RFC 2132 §5.2", "Whether all subnets share one MTU"),
    OptionDefinition(28, "broadcast-address", "ip", "RFC 2132 §5.3", "Broadcast address of the network"),
    OptionDefinition(
        29, "perform-mask-discovery", "flag", "RFC 2132 §5.4", "Whether the mask is asked for by ICMP"
    ),
    OptionDefinition(30, "mask-supplier", "flag", "RFC 2132 §5.5", "Whether mask questions are answered"),
    OptionDefinition(31, "router-discovery", "flag", "RFC 2132 §5.6", "Whether routers are discovered"),
    OptionDefinition(32, "router-solicitation-address", "ip", "RFC 2132 §5.7", "Where to ask for routers"),
    OptionDefinition(33, "static-routes", "ip-pairs", "RFC 2132 §5.8", "Classful routes: destination and router"),
    OptionDefinition(34, "trailer-encapsulation", "flag", "RFC 2132 §6.1", "Whether trailers are negotiated"),
    OptionDefinition(35, "arp-cache-timeout", "u32", "RFC 2132 §6.2", "Seconds that ARP entries last"),
    OptionDefinition(36, "ieee802-3-encapsulation", "flag", "RFC 2132 §6.3", "Whether 802.3 framing is used"),
    OptionDefinition(37, "default-tcp-ttl", "u8", "RFC 2132 §7.1", "Time to live of TCP segments"),
    OptionDefinition(38, "tcp-keepalive-interval", "u32", "RFC 2132 §7.2", "Seconds between keep-alives"),
    OptionDefinition(39, "tcp-keepalive-garbage", "flag", "RFC 2132 §7.3", "Whether keep-alives carry an octet"),
    OptionDefinition(40, "nis-domain", "text", "RFC 2132 §8.1", "NIS domain"),
    OptionDefinition(41, "nis-servers", "ips", "RFC 2132 §8.2", "NIS servers"),
    OptionDefinition(42, "ntp-servers", "ips", "RFC 2132 §8.3", "Time servers (NTP)"),
    OptionDefinition(
        43,
        "vendor-encapsulated-options",
        "opaque",
        "RFC 2132 §8.4",
        "Options of the vendor, in its own format",
    ),
    OptionDefinition(44, "netbios-name-servers", "ips", "RFC 2132 §8.5", "WINS servers"),
    OptionDefinition(45, "netbios-dd-servers", "ips", "RFC 2132 §8.6", "NetBIOS datagram servers"),
    OptionDefinition(46, "netbios-node-type", "u8", "RFC 2132 §8.7", "NetBIOS node type: 1, 2, 4 or 8"),
    OptionDefinition(47, "netbios-scope", "text", "RFC 2132 §8.8", "NetBIOS scope"),
    OptionDefinition(48, "font-servers", "ips", "RFC 2132 §8.9", "X font servers"),
    OptionDefinition(49, "x-display-managers", "ips", "RFC 2132 §8.10", "X display managers"),
    OptionDefinition(60, "vendor-class-identifier", "text", "RFC 2132 §9.13", "Vendor and type of the client"),
    OptionDefinition(64, "nisplus-domain", "text", "RFC 2132 §8.11", "NIS+ domain"),
    OptionDefinition(65, "nisplus-servers", "ips", "RFC 2132 §8.12", "NIS+ servers"),
    OptionDefinition(66, "tftp-server-name", "text", "RFC 2132 §9.4", "Boot server, by name"),
    OptionDefinition(67, "boot-file-name", "text", "RFC 2132 §9.5", "Boot file"),
    OptionDefinition(68, "mobile-ip-home-agents", "ips", "RFC 2132 §8.13", "Mobile IP home agents"),
    OptionDefinition(69, "smtp-servers", "ips", "RFC 2132 §8.14", "Mail servers (SMTP)"),
    OptionDefinition(70, "pop-servers", "ips", "RFC 2132 §8.15", "Mail servers (POP3)"),
    OptionDefinition(71, "nntp-servers", "ips", "RFC 2132 §8.16", "News servers"),
    OptionDefinition(72, "www-servers", "ips", "RFC 2132 §8.17", "Web servers"),
    OptionDefinition(73, "finger-servers", "ips", "RFC 2132 §8.18", "Finger servers"),
    OptionDefinition(74, "irc-servers", "ips", "RFC 2132 §8.19", "IRC servers"),
    OptionDefinition(75, "streettalk-servers", "ips", "RFC 2132 §8.20", "StreetTalk servers"),
    OptionDefinition(
        76, "streettalk-directory-assistance-servers", "ips", "RFC 2132 §8.21", "StreetTalk directory servers"
    ),
    OptionDefinition(85, "nds-servers", "ips", "RFC 2241 §2", "Novell directory servers"),
    OptionDefinition(86, "nds-tree-name", "text", "RFC 2241 §3", "Novell directory tree"),
    OptionDefinition(87, "nds-context", "text", "RFC 2241 §4", "Novell directory context"),
    OptionDefinition(
        88,
        "bcms-domain-names",
        "domains",
        "RFC 4280 §4.1",
        "Broadcast and multicast control servers, by name",
    ),
    OptionDefinition(89, "bcms-servers", "ips", "RFC 4280 §4.2", "Broadcast and multicast control servers"),
    OptionDefinition(98, "user-authentication", "text", "RFC 2485", "User authentication servers (URLs)"),
    OptionDefinition(100, "tz-posix-string", "text", "RFC 4833 §2", "Time zone, POSIX form"),
    OptionDefinition(101, "tz-database-name", "text", "RFC 4833 §2", "Time zone by name, such as Europe/Berlin"),
    OptionDefinition(
        108,
        "ipv6-only-preferred",
        "duration",
        "RFC 8925 §3.1",
        "Seconds for which a capable client does without IPv4",
    ),
    OptionDefinition(112, "netinfo-servers", "ips", "apple", "NetInfo parent servers"),
    OptionDefinition(113, "netinfo-tag", "text", "apple", "NetInfo parent tag"),
    OptionDefinition(114, "captive-portal", "text", "RFC 8910 §2.1", "URL of the captive portal's API"),
    OptionDefinition(116, "auto-configuration", "u8", "RFC 2563", "Whether link-local addresses are allowed"),
    OptionDefinition(117, "name-service-search", "u16s", "RFC 2937", "Order of name services"),
    OptionDefinition(119, "domain-search", "domains", "RFC 3397", "Domains in which short names are looked up"),
    OptionDefinition(120, "sip-servers", "opaque", "RFC 3361", "SIP servers, in wire form"),
    OptionDefinition(121, "classless-static-routes", "routes", "RFC 3442", "Routes: destination prefix and router"),
    OptionDefinition(136, "pana-agents", "ips", "RFC 5192", "PANA agents"),
    OptionDefinition(137, "lost-server", "domain", "RFC 5223", "Location-to-service server"),
    OptionDefinition(138, "capwap-controllers", "ips", "RFC 5417", "Wireless access controllers"),
    OptionDefinition(141, "sip-ua-domains", "domains", "RFC 6011", "SIP user agent configuration domains"),
    OptionDefinition(146, "rdnss-selection", "opaque", "RFC 6731", "DNS server selection, in wire form"),
    OptionDefinition(150, "tftp-servers", "ips", "RFC 5859", "TFTP servers, by address"),
    OptionDefinition(161, "mud-url", "text", "RFC 8520", "Manufacturer usage description"),
    OptionDefinition(208, "pxelinux-magic", "opaque", "RFC 5071", "Marks options for PXELINUX"),
    OptionDefinition(209, "pxelinux-config-file", "text", "RFC 5071", "PXELINUX configuration file"),
    OptionDefinition(210, "pxelinux-path-prefix", "text", "RFC 5071", "PXELINUX path prefix"),
    OptionDefinition(211, "pxelinux-reboot-time", "u32", "RFC 5071", "Seconds before PXELINUX reboots"),
    OptionDefinition(242, "avaya-phone-settings", "text", "private", "Settings for Avaya telephones"),
    OptionDefinition(249, "ms-classless-static-routes", "routes", "private", "Routes for old Windows clients"),
    OptionDefinition(252, "web-proxy-auto-discovery", "text", "private", "URL of the proxy configuration"),
)
STANDARD: Final = Catalogue(OPTIONS)
"""The catalogue without definitions of the user's own."""
BY_CODE: Final = {definition.code: definition for definition in OPTIONS}
BY_NAME: Final = {definition.name: definition for definition in OPTIONS}


def find(code_or_name: object) -> OptionDefinition | None:
    """Return the option of a code (3 or "3") or a name ("routers"); None if there is none."""
    return STANDARD.find(code_or_name)


def encode_value(definition: OptionDefinition, value: object) -> bytes:
    """Return the value as it goes on the wire; raise OptionValueError with a whole sentence."""
    return STANDARD.encode(definition, value)


def decode_value(definition: OptionDefinition, data: bytes) -> Json:
    """Return the value of the octets; raise OptionValueError if they can't be one."""
    return STANDARD.decode(definition, data)

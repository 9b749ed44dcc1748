"""Which options are there, and of which kind is each one's value?

A line for each: code, name, kind of value, where it is defined, what it is for, and what writes it into a message
if no user sets it. All of IANA's registry that has a format, and the private codes in common use.
"""

from collections.abc import Iterable
from typing import Final

from dhcpd.protocol.catalogue import Catalogue
from dhcpd.protocol.definitions import OptionDefinition
from dhcpd.protocol.kind import Json
from dhcpd.protocol.spaces import SPACES

Row = OptionDefinition
OPTIONS: Final = (
    Row(1, "subnet-mask", "ip", "RFC 2132 §3.3", "Mask of the client's network"),
    Row(2, "time-offset", "s32", "RFC 2132 §3.4", "Seconds east of UTC (100 and 101 replace it)"),
    Row(3, "routers", "ips", "RFC 2132 §3.5", "Routers on the client's network, preferred first"),
    Row(4, "time-servers", "ips", "RFC 2132 §3.6", "Time servers (RFC 868)"),
    Row(5, "name-servers", "ips", "RFC 2132 §3.7", "IEN 116 name servers"),
    Row(6, "domain-name-servers", "ips", "RFC 2132 §3.8", "DNS servers, preferred first"),
    Row(7, "log-servers", "ips", "RFC 2132 §3.9", "Log servers"),
    Row(8, "cookie-servers", "ips", "RFC 2132 §3.10", "Quote of the day servers"),
    Row(9, "lpr-servers", "ips", "RFC 2132 §3.11", "Line printer servers"),
    Row(10, "impress-servers", "ips", "RFC 2132 §3.12", "Imagen Impress servers"),
    Row(11, "resource-location-servers", "ips", "RFC 2132 §3.13", "Resource location servers"),
    Row(12, "host-name", "text", "RFC 2132 §3.14", "Name of the client"),
    Row(13, "boot-size", "u16", "RFC 2132 §3.15", "Length of the boot image in 512-octet blocks"),
    Row(14, "merit-dump", "text", "RFC 2132 §3.16", "Path of the crash dump"),
    Row(15, "domain-name", "text", "RFC 2132 §3.17", "Domain of the client"),
    Row(16, "swap-server", "ip", "RFC 2132 §3.18", "Swap server"),
    Row(17, "root-path", "text", "RFC 2132 §3.19", "Path of the root disk"),
    Row(18, "extensions-path", "text", "RFC 2132 §3.20", "File with more options"),
    Row(19, "ip-forwarding", "flag", "RFC 2132 §4.1", "Whether the client forwards packets"),
    Row(20, "non-local-source-routing", "flag", "RFC 2132 §4.2", "Whether non-local source routes are followed"),
    Row(21, "policy-filters", "ip-pairs", "RFC 2132 §4.3", "Filters of non-local source routes"),
    Row(22, "max-dgram-reassembly", "u16", "RFC 2132 §4.4", "Largest datagram to reassemble"),
    Row(23, "default-ip-ttl", "u8", "RFC 2132 §4.5", "Time to live of datagrams sent"),
    Row(24, "path-mtu-aging-timeout", "u32", "RFC 2132 §4.6", "Seconds before a path MTU is forgotten"),
    Row(25, "path-mtu-plateau-table", "u16s", "RFC 2132 §4.7", "MTU sizes for path discovery"),
    Row(26, "interface-mtu", "u16", "RFC 2132 §5.1", "MTU of the interface"),
    Row(27, "all-subnets-local", "flag", "RFC 2132 §5.2", "Whether all subnets share one MTU"),
    Row(28, "broadcast-address", "ip", "RFC 2132 §5.3", "Broadcast address of the network"),
    Row(29, "perform-mask-discovery", "flag", "RFC 2132 §5.4", "Whether the mask is asked for by ICMP"),
    Row(30, "mask-supplier", "flag", "RFC 2132 §5.5", "Whether mask questions are answered"),
    Row(31, "router-discovery", "flag", "RFC 2132 §5.6", "Whether routers are discovered"),
    Row(32, "router-solicitation-address", "ip", "RFC 2132 §5.7", "Where to ask for routers"),
    Row(33, "static-routes", "ip-pairs", "RFC 2132 §5.8", "Classful routes: destination and router"),
    Row(34, "trailer-encapsulation", "flag", "RFC 2132 §6.1", "Whether trailers are negotiated"),
    Row(35, "arp-cache-timeout", "u32", "RFC 2132 §6.2", "Seconds that ARP entries last"),
    Row(36, "ieee802-3-encapsulation", "flag", "RFC 2132 §6.3", "Whether 802.3 framing is used"),
    Row(37, "default-tcp-ttl", "u8", "RFC 2132 §7.1", "Time to live of TCP segments"),
    Row(38, "tcp-keepalive-interval", "u32", "RFC 2132 §7.2", "Seconds between keep-alives"),
    Row(39, "tcp-keepalive-garbage", "flag", "RFC 2132 §7.3", "Whether keep-alives carry an octet"),
    Row(40, "nis-domain", "text", "RFC 2132 §8.1", "NIS domain"),
    Row(41, "nis-servers", "ips", "RFC 2132 §8.2", "NIS servers"),
    Row(42, "ntp-servers", "ips", "RFC 2132 §8.3", "Time servers (NTP)"),
    Row(43, "vendor-encapsulated-options", "suboptions", "RFC 2132 §8.4", "Options of a vendor (its own space)"),
    Row(44, "netbios-name-servers", "ips", "RFC 2132 §8.5", "WINS servers"),
    Row(45, "netbios-dd-servers", "ips", "RFC 2132 §8.6", "NetBIOS datagram servers"),
    Row(46, "netbios-node-type", "u8", "RFC 2132 §8.7", "NetBIOS node type: 1, 2, 4 or 8"),
    Row(47, "netbios-scope", "text", "RFC 2132 §8.8", "NetBIOS scope"),
    Row(48, "font-servers", "ips", "RFC 2132 §8.9", "X font servers"),
    Row(49, "x-display-managers", "ips", "RFC 2132 §8.10", "X display managers"),
    Row(50, "requested-address", "ip", "RFC 2132 §9.1", "Address that the client asks for", "the client"),
    Row(51, "lease-time", "duration", "RFC 2132 §9.2", "Seconds that the lease lasts", "lease times"),
    Row(52, "option-overload", "u8", "RFC 2132 §9.3", "Fields that hold options: 1 file, 2 sname", "the server"),
    Row(53, "message-type", "u8", "RFC 2132 §9.6", "Kind of message", "the server"),
    Row(54, "server-identifier", "ip", "RFC 2132 §9.7", "Address of the server", "the server"),
    Row(55, "parameter-request-list", "u8s", "RFC 2132 §9.8", "Options that the client asks for", "the client"),
    Row(56, "message", "text", "RFC 2132 §9.9", "Why the server refuses", "the server"),
    Row(57, "max-message-size", "u16", "RFC 2132 §9.10", "Longest message that the client takes", "the client"),
    Row(58, "renewal-time", "duration", "RFC 2132 §9.11", "Seconds until the client renews (T1)", "lease times"),
    Row(59, "rebinding-time", "duration", "RFC 2132 §9.12", "Seconds until it asks any server (T2)", "lease times"),
    Row(60, "vendor-class-identifier", "text", "RFC 2132 §9.13", "Vendor and type of the client"),
    Row(61, "client-identifier", "opaque", "RFC 2132 §9.14", "Who the client is", "the client"),
    Row(62, "nwip-domain", "text", "RFC 2242 §2", "NetWare/IP domain"),
    Row(63, "nwip-suboptions", "suboptions", "RFC 2242 §3", "NetWare/IP settings (space nwip)"),
    Row(64, "nisplus-domain", "text", "RFC 2132 §8.11", "NIS+ domain"),
    Row(65, "nisplus-servers", "ips", "RFC 2132 §8.12", "NIS+ servers"),
    Row(66, "tftp-server-name", "text", "RFC 2132 §9.4", "Boot server, by name"),
    Row(67, "boot-file-name", "text", "RFC 2132 §9.5", "Boot file"),
    Row(68, "mobile-ip-home-agents", "ips", "RFC 2132 §8.13", "Mobile IP home agents"),
    Row(69, "smtp-servers", "ips", "RFC 2132 §8.14", "Mail servers (SMTP)"),
    Row(70, "pop-servers", "ips", "RFC 2132 §8.15", "Mail servers (POP3)"),
    Row(71, "nntp-servers", "ips", "RFC 2132 §8.16", "News servers"),
    Row(72, "www-servers", "ips", "RFC 2132 §8.17", "Web servers"),
    Row(73, "finger-servers", "ips", "RFC 2132 §8.18", "Finger servers"),
    Row(74, "irc-servers", "ips", "RFC 2132 §8.19", "IRC servers"),
    Row(75, "streettalk-servers", "ips", "RFC 2132 §8.20", "StreetTalk servers"),
    Row(76, "streettalk-directory-assistance-servers", "ips", "RFC 2132 §8.21", "StreetTalk directory servers"),
    Row(77, "user-class", "user-classes", "RFC 3004", "Kinds of user or use of the client", "the client"),
    Row(78, "slp-directory-agents", "slp-agents", "RFC 2610 §3", "Service location directory agents"),
    Row(79, "slp-service-scopes", "slp-scopes", "RFC 2610 §4", "Service location scopes"),
    Row(80, "rapid-commit", "empty", "RFC 4039", "Address in two messages", "rapid_commit"),
    Row(81, "client-fqdn", "fqdn", "RFC 4702", "Name of the client and who updates DNS", "the server"),
    Row(82, "relay-agent-information", "suboptions", "RFC 3046", "What the relay says of the client", "the relay"),
    Row(83, "isns-servers", "isns", "RFC 4174", "Internet storage name servers"),
    Row(85, "nds-servers", "ips", "RFC 2241 §2", "Novell directory servers"),
    Row(86, "nds-tree-name", "text", "RFC 2241 §3", "Novell directory tree"),
    Row(87, "nds-context", "text", "RFC 2241 §4", "Novell directory context"),
    Row(88, "bcms-domain-names", "plain-domains", "RFC 4280 §4.1", "Broadcast and multicast servers, by name"),
    Row(89, "bcms-servers", "ips", "RFC 4280 §4.2", "Broadcast and multicast control servers"),
    Row(90, "authentication", "opaque", "RFC 3118", "Authentication of the message", "the server"),
    Row(91, "client-last-transaction-time", "u32", "RFC 4388 §6.1", "Seconds since the client spoke", "the server"),
    Row(92, "associated-addresses", "ips", "RFC 4388 §6.1", "Other addresses of the client", "the server"),
    Row(93, "client-architecture", "u16s", "RFC 4578 §2.1", "Processor and firmware of the client", "the client"),
    Row(94, "client-interface", "ndi", "RFC 4578 §2.2", "Network interface of the client", "the client"),
    Row(95, "ldap-url", "text", "private", "Directory of the client (Apple; RFC 3679)"),
    Row(97, "client-uuid", "uuid", "RFC 4578 §2.3", "Identifier of the client's machine", "the client"),
    Row(98, "user-authentication", "text", "RFC 2485", "User authentication servers (URLs)"),
    Row(99, "civic-address", "civic", "RFC 4776", "Where the client is, as a postal address"),
    Row(100, "tz-posix-string", "text", "RFC 4833 §2", "Time zone, POSIX form"),
    Row(101, "tz-database-name", "text", "RFC 4833 §2", "Time zone by name, such as Europe/Berlin"),
    Row(108, "ipv6-only-preferred", "duration", "RFC 8925 §3.1", "Seconds that a client does without IPv4"),
    Row(109, "dhcp4o6-source-address", "ipv6", "RFC 8539", "Source address of softwires"),
    Row(112, "netinfo-servers", "ips", "private", "NetInfo parent servers"),
    Row(113, "netinfo-tag", "text", "private", "NetInfo parent tag"),
    Row(114, "captive-portal", "text", "RFC 8910 §2.1", "URL of the captive portal's API"),
    Row(116, "auto-configuration", "flag", "RFC 2563", "Whether the client may give itself a link-local address"),
    Row(117, "name-service-search", "u16s", "RFC 2937", "Order of name services"),
    Row(118, "subnet-selection", "ip", "RFC 3011", "Subnet that the client is to get an address of", "the client"),
    Row(119, "domain-search", "domains", "RFC 3397", "Domains in which short names are looked up"),
    Row(120, "sip-servers", "sip-servers", "RFC 3361", "SIP servers, by name or by address"),
    Row(121, "classless-static-routes", "routes", "RFC 3442", "Routes: destination prefix and router"),
    Row(122, "cablelabs-client-configuration", "suboptions", "RFC 3495", "Telephone adapters (space ccc)"),
    Row(123, "geoconf", "geoconf", "RFC 6225 §2.2.1", "Where the client is, with resolution"),
    Row(124, "vendor-identifying-class", "vendor-classes", "RFC 3925 §3", "Kinds of device by enterprise number"),
    Row(125, "vendor-identifying-options", "vendor-options", "RFC 3925 §4", "Options by enterprise number"),
    Row(128, "tftp-server-ip", "opaque", "private", "Telephones: TFTP server; also PXE, Etherboot, DOCSIS"),
    Row(129, "call-server-ip", "opaque", "private", "Telephones: call server; also PXE"),
    Row(130, "discrimination-string", "opaque", "private", "Telephones: vendor; also PXE"),
    Row(131, "statistics-server-ip", "opaque", "private", "Telephones: statistics server; also PXE"),
    Row(132, "vlan-id", "opaque", "private", "Telephones: VLAN; also PXE"),
    Row(133, "layer-2-priority", "opaque", "private", "Telephones: 802.1p priority; also PXE"),
    Row(134, "dscp", "opaque", "private", "Telephones: differentiated services code point; also PXE"),
    Row(135, "http-proxy", "opaque", "private", "Telephones: web proxy; also PXE"),
    Row(136, "pana-agents", "ips", "RFC 5192", "PANA agents"),
    Row(137, "lost-server", "domain", "RFC 5223", "Location-to-service server"),
    Row(138, "capwap-controllers", "ips", "RFC 5417", "Wireless access controllers"),
    Row(139, "mos-addresses", "suboptions", "RFC 5678 §2", "Mobility servers by address (space mos-addresses)"),
    Row(140, "mos-names", "suboptions", "RFC 5678 §3", "Mobility servers by name (space mos-names)"),
    Row(141, "sip-ua-domains", "plain-domains", "RFC 6011", "SIP user agent configuration domains"),
    Row(142, "andsf-servers", "ips", "RFC 6153", "Access network discovery servers"),
    Row(143, "sztp-redirect", "uris", "RFC 8572 §8.1", "Bootstrap servers for secure provisioning"),
    Row(144, "geoloc", "geoloc", "RFC 6225 §2.2.2", "Where the client is, with uncertainty"),
    Row(145, "forcerenew-nonce-capable", "u8s", "RFC 6704", "Algorithms for forced renewals", "the client"),
    Row(146, "rdnss-selection", "rdnss", "RFC 6731", "DNS servers for certain domains"),
    Row(147, "dots-agent", "domain", "RFC 8973 §5", "DDoS signalling agent, by name"),
    Row(148, "dots-addresses", "ips", "RFC 8973 §5", "DDoS signalling agents, by address"),
    Row(150, "tftp-servers", "ips", "RFC 5859", "TFTP servers, by address"),
    Row(151, "status-code", "status", "RFC 6926 §6.2.2", "How a bulk leasequery came out", "the server"),
    Row(152, "base-time", "u32", "RFC 6926 §6.2.3", "Seconds since 1970 at the server", "the server"),
    Row(153, "start-time-of-state", "u32", "RFC 6926 §6.2.4", "Seconds in the lease's state", "the server"),
    Row(154, "query-start-time", "u32", "RFC 6926 §6.2.5", "First moment that is asked for", "the client"),
    Row(155, "query-end-time", "u32", "RFC 6926 §6.2.6", "Last moment that is asked for", "the client"),
    Row(156, "dhcp-state", "u8", "RFC 6926 §6.2.7", "State of the lease", "the server"),
    Row(157, "data-source", "u8", "RFC 6926 §6.2.8", "Where the server knows it from", "the server"),
    Row(158, "pcp-servers", "ip-lists", "RFC 7291 §4", "Port control servers, each with its addresses"),
    Row(159, "port-parameters", "port-params", "RFC 7618 §9", "Ports of a shared address"),
    Row(160, "captive-portal-old", "text", "private", "Captive portal of RFC 7710; also Polycom"),
    Row(161, "mud-url", "text", "RFC 8520", "Manufacturer usage description"),
    Row(162, "encrypted-dns", "resolvers", "RFC 9463 §5", "Encrypted DNS resolvers"),
    Row(175, "etherboot", "suboptions", "private", "Settings of iPXE (space ipxe)"),
    Row(176, "ip-telephone", "text", "private", "Settings of Avaya telephones, older models"),
    Row(177, "packetcable", "opaque", "private", "Settings of telephone adapters before option 122"),
    Row(208, "pxelinux-magic", "opaque", "RFC 5071 §3", "Marks options for PXELINUX: f100747e"),
    Row(209, "pxelinux-config-file", "text", "RFC 5071 §4", "PXELINUX configuration file"),
    Row(210, "pxelinux-path-prefix", "text", "RFC 5071 §5", "PXELINUX path prefix"),
    Row(211, "pxelinux-reboot-time", "u32", "RFC 5071 §6", "Seconds before PXELINUX reboots"),
    Row(212, "6rd", "6rd", "RFC 5969 §7.1", "IPv6 rapid deployment"),
    Row(213, "access-network-domain", "domain", "RFC 5986 §3.2", "Domain of the access network"),
    Row(220, "subnet-allocation", "subnet-allocation", "RFC 6656", "Subnets for a router to give out"),
    Row(221, "virtual-subnet-selection", "vss", "RFC 6607", "Virtual network of the client"),
    Row(242, "avaya-phone-settings", "text", "private", "Settings for Avaya telephones"),
    Row(249, "ms-classless-static-routes", "routes", "private", "Routes for old Windows clients"),
    Row(252, "web-proxy-auto-discovery", "text", "private", "URL of the proxy configuration"),
)  # fmt: skip
STANDARD: Final = Catalogue((*OPTIONS, *SPACES))
"""The catalogue without definitions of the user's own."""


def with_user_defined(definitions: Iterable[OptionDefinition]) -> Catalogue:
    """Return the catalogue with definitions of the user's own, which go before the table's."""
    own = tuple(definitions)
    return Catalogue((*OPTIONS, *SPACES, *own)) if own else STANDARD


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

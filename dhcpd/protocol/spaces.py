"""Which sub-options of vendors are known from the start?"""

from typing import Final

from dhcpd.protocol.definitions import OptionDefinition

_ROWS: Final = (
    # The Preboot Execution Environment, in option 43 beside option 60 "PXEClient" (PXE 2.1 §2.3, RFC 4578).
    ("pxe", 1, "mtftp-address", "ip", "PXE 2.1", "Multicast address of the boot file"),
    ("pxe", 2, "mtftp-client-port", "u16", "PXE 2.1", "Port that the client listens on"),
    ("pxe", 3, "mtftp-server-port", "u16", "PXE 2.1", "Port that the server listens on"),
    ("pxe", 4, "mtftp-timeout", "u8", "PXE 2.1", "Seconds of silence before a transfer is begun"),
    ("pxe", 5, "mtftp-delay", "u8", "PXE 2.1", "Seconds before a transfer is begun anew"),
    ("pxe", 6, "discovery-control", "u8", "PXE 2.1", "1 no broadcast, 2 no multicast, 4 listed only, 8 boot file"),
    ("pxe", 7, "discovery-multicast-address", "ip", "PXE 2.1", "Where boot servers are asked for"),
    ("pxe", 8, "boot-servers", "boot-servers", "PXE 2.1", "Boot servers by type"),
    ("pxe", 9, "boot-menu", "boot-menu", "PXE 2.1", "What the menu says of each type"),
    ("pxe", 10, "menu-prompt", "menu-prompt", "PXE 2.1", "How long the menu waits, and its prompt"),
    ("pxe", 71, "boot-item", "u16s", "PXE 2.1", "Type and layer of the chosen boot server"),
    # iPXE's own, in option 175.
    ("ipxe", 1, "priority", "s8", "ipxe.org", "Preference of this offer"),
    ("ipxe", 8, "keep-san", "u8", "ipxe.org", "1 = leave network disks attached after booting from one fails"),
    ("ipxe", 9, "skip-san-boot", "u8", "ipxe.org", "1 = attach network disks, boot from elsewhere"),
    ("ipxe", 85, "syslogs", "text", "ipxe.org", "Encrypted syslog server"),
    ("ipxe", 176, "no-pxedhcp", "u8", "ipxe.org", "1 = do not wait for a proxy DHCP server"),
    ("ipxe", 190, "username", "text", "ipxe.org", "User of network disks and web servers"),
    ("ipxe", 191, "password", "text", "ipxe.org", "Password of network disks and web servers"),
    # CableLabs Client Configuration, option 122.
    ("ccc", 1, "primary-dhcp-server", "ip", "RFC 3495 §5.1", "Telephony provider's first DHCP server"),
    ("ccc", 2, "secondary-dhcp-server", "ip", "RFC 3495 §5.1", "Telephony provider's second DHCP server"),
    ("ccc", 3, "provisioning-server", "sip-servers", "RFC 3495 §5.2", "Provisioning server: one name or address"),
    ("ccc", 4, "as-backoff", "backoff", "RFC 3495 §5.3", "Kerberos AS timeouts and tries"),
    ("ccc", 5, "ap-backoff", "backoff", "RFC 3495 §5.4", "Kerberos AP timeouts and tries"),
    ("ccc", 6, "kerberos-realm", "domain", "RFC 3495 §5.5", "Kerberos realm"),
    ("ccc", 7, "use-tgt", "flag", "RFC 3495 §5.6", "Whether a ticket granting ticket is used"),
    ("ccc", 8, "provisioning-timer", "u8", "RFC 3495 §5.7", "Minutes for provisioning; 0 = no limit"),
    ("ccc", 9, "security-tickets", "u16", "RFC 3594 §5", "Bits of the tickets to forget"),
    ("ccc", 10, "kdc-servers", "ips", "RFC 3634 §1", "Key distribution centres, preferred first"),
    # NetWare/IP, option 63.
    ("nwip", 1, "nwip-does-not-exist", "empty", "RFC 2242", "No domain is to be found here"),
    ("nwip", 2, "nwip-exists-in-options", "empty", "RFC 2242", "All is said in these options"),
    ("nwip", 5, "nsq-broadcast", "flag", "RFC 2242", "Whether servers are asked for by broadcast"),
    ("nwip", 6, "preferred-dss", "ips", "RFC 2242", "Domain servers"),
    ("nwip", 7, "nearest-nwip-server", "ips", "RFC 2242", "Nearest servers"),
    ("nwip", 8, "autoretries", "u8", "RFC 2242", "Tries"),
    ("nwip", 9, "autoretry-seconds", "u8", "RFC 2242", "Seconds between tries"),
    ("nwip", 10, "nwip-1-1", "flag", "RFC 2242", "Whether version 1.1 is to be supported"),
    ("nwip", 11, "primary-dss", "ip", "RFC 2242", "First domain server"),
    # Mobility services, options 139 and 140.
    ("mos-addresses", 1, "information", "ips", "RFC 5678 §2", "Information service"),
    ("mos-addresses", 2, "command", "ips", "RFC 5678 §2", "Command service"),
    ("mos-addresses", 3, "event", "ips", "RFC 5678 §2", "Event service"),
    ("mos-names", 1, "information", "plain-domains", "RFC 5678 §3", "Information service"),
    ("mos-names", 2, "command", "plain-domains", "RFC 5678 §3", "Command service"),
    ("mos-names", 3, "event", "plain-domains", "RFC 5678 §3", "Event service"),
    # Option 43 of well-known vendors.
    ("tr069", 1, "acs-url", "text", "TR-069 §3.1", "URL of the auto-configuration server"),
    ("tr069", 2, "provisioning-code", "text", "TR-069 §3.1", "Provisioning code"),
    ("tr069", 3, "retry-minimum-wait", "u16", "TR-069 §3.1", "Seconds before the first retry"),
    ("tr069", 4, "retry-multiplier", "u16", "TR-069 §3.1", "Thousandths by which the wait grows"),
    ("microsoft", 1, "netbios", "u32", "MS-DHCPE", "2 = no NetBIOS over TCP/IP"),
    ("microsoft", 2, "release-on-shutdown", "u32", "MS-DHCPE", "1 = the lease is released at shutdown"),
    ("microsoft", 3, "default-route-metric", "u32", "MS-DHCPE", "Metric of the default route"),
    ("cisco-ap", 241, "controllers", "ips", "private", "Wireless LAN controllers of Cisco access points"),
    ("ubiquiti", 1, "controller", "ip", "private", "Address of the UniFi controller"),
    ("ruckus", 3, "zonedirector", "text", "private", "Addresses of the controllers, with commas between"),
    ("ruckus", 6, "smartzone", "text", "private", "Addresses of SmartZone, with commas between"),
    # Enterprises, option 125.
    ("vendor-4491", 1, "option-request", "u8s", "CL-SP-CANN", "CableLabs: options that are asked for"),
    ("vendor-4491", 2, "tftp-servers", "ips", "CL-SP-CANN", "CableLabs: configuration file servers"),
    ("vendor-3561", 4, "gateway-manufacturer-oui", "text", "TR-069 F.2", "Broadband Forum: maker of the gateway"),
    ("vendor-3561", 5, "gateway-serial-number", "text", "TR-069 F.2", "Broadband Forum: serial number"),
    ("vendor-3561", 6, "gateway-product-class", "text", "TR-069 F.2", "Broadband Forum: kind of the gateway"),
)  # fmt: skip
SPACES: Final = tuple(
    OptionDefinition(code, name, kind, rfc, description, space=space)
    for space, code, name, kind, rfc, description in _ROWS
)

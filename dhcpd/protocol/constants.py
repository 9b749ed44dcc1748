"""Which numbers does DHCPv4 put on the wire?

The codes used per packet are plain integers: reading a member of an IntEnum costs several times as much.
"""

from enum import IntEnum
from typing import Final

# --- Fixed fields and transport (RFC 951, RFC 2131 §2) ---

BOOTREQUEST: Final = 1
BOOTREPLY: Final = 2
SERVER_PORT: Final = 67
CLIENT_PORT: Final = 68
MAGIC_COOKIE: Final = b"\x63\x82\x53\x63"
BROADCAST_FLAG: Final = 0x8000
BROADCAST_ADDRESS: Final = 0xFFFFFFFF
INFINITE_S: Final = 0xFFFFFFFF
HTYPE_ETHERNET: Final = 1

# --- Sizes ---

FIXED_BYTES: Final = 236  # op .. file
OPTIONS_OFFSET: Final = 240  # the fixed fields and the cookie
CHADDR_BYTES: Final = 16
SNAME_BYTES: Final = 64
FILE_BYTES: Final = 128
MIN_MESSAGE_BYTES: Final = 300  # RFC 1542 §2.1: a BOOTP message is never shorter
DEFAULT_DATAGRAM_BYTES: Final = 576  # RFC 2131 §2: what every client accepts
IP_UDP_HEADER_BYTES: Final = 28
MAX_MESSAGE_BYTES: Final = 9216  # above a jumbo frame: no DHCP message is that long

# --- Option 52: which fields carry options instead (RFC 2132 §9.3) ---

OVERLOAD_FILE: Final = 1
OVERLOAD_SNAME: Final = 2


class MessageType(IntEnum):
    """Values of option 53 (RFC 2132 §9.6, RFC 3203, 4388, 6926, 7724)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8
    FORCERENEW = 9
    LEASEQUERY = 10
    LEASEUNASSIGNED = 11
    LEASEUNKNOWN = 12
    LEASEACTIVE = 13
    BULKLEASEQUERY = 14
    LEASEQUERYDONE = 15
    ACTIVELEASEQUERY = 16
    LEASEQUERYSTATUS = 17
    TLS = 18


# --- Option codes (names as in RFC 2132 and the later RFCs) ---

PAD: Final = 0
SUBNET_MASK: Final = 1
TIME_OFFSET: Final = 2
ROUTERS: Final = 3
TIME_SERVERS: Final = 4
DOMAIN_NAME_SERVERS: Final = 6
LOG_SERVERS: Final = 7
HOST_NAME: Final = 12
DOMAIN_NAME: Final = 15
INTERFACE_MTU: Final = 26
BROADCAST_ADDRESS_OPTION: Final = 28
STATIC_ROUTES: Final = 33
NTP_SERVERS: Final = 42
VENDOR_OPTIONS: Final = 43
NETBIOS_NAME_SERVERS: Final = 44
REQUESTED_ADDRESS: Final = 50
LEASE_TIME: Final = 51
OVERLOAD: Final = 52
MESSAGE_TYPE: Final = 53
SERVER_ID: Final = 54
PARAMETER_REQUEST_LIST: Final = 55
MESSAGE: Final = 56
MAX_MESSAGE_SIZE: Final = 57
RENEWAL_TIME: Final = 58
REBINDING_TIME: Final = 59
VENDOR_CLASS: Final = 60
CLIENT_ID: Final = 61
TFTP_SERVER_NAME: Final = 66
BOOTFILE_NAME: Final = 67
USER_CLASS: Final = 77
RAPID_COMMIT: Final = 80
CLIENT_FQDN: Final = 81
RELAY_INFO: Final = 82
AUTHENTICATION: Final = 90
CLIENT_LAST_TRANSACTION_TIME: Final = 91
ASSOCIATED_IP: Final = 92
CLIENT_ARCH: Final = 93
CLIENT_NDI: Final = 94
CLIENT_UUID: Final = 97
IPV6_ONLY: Final = 108
CAPTIVE_PORTAL: Final = 114
AUTO_CONFIGURE: Final = 116
SUBNET_SELECTION: Final = 118
DOMAIN_SEARCH: Final = 119
CLASSLESS_ROUTES: Final = 121
VENDOR_IDENTIFYING_CLASS: Final = 124
VENDOR_IDENTIFYING_OPTIONS: Final = 125
TFTP_SERVERS: Final = 150
STATUS_CODE: Final = 151
DHCP_STATE: Final = 156
DATA_SOURCE: Final = 157
MS_CLASSLESS_ROUTES: Final = 249
END: Final = 255

# --- Sub-options of option 82 ---

CIRCUIT_ID: Final = 1  # RFC 3046 §3.1
REMOTE_ID: Final = 2  # RFC 3046 §3.2
DOCSIS_DEVICE_CLASS: Final = 4  # RFC 3256
LINK_SELECTION: Final = 5  # RFC 3527
SUBSCRIBER_ID: Final = 6  # RFC 3993
RADIUS_ATTRIBUTES: Final = 7  # RFC 4014
RELAY_AUTHENTICATION: Final = 8  # RFC 4030
VENDOR_SPECIFIC: Final = 9  # RFC 4243
RELAY_FLAGS: Final = 10  # RFC 5010
SERVER_ID_OVERRIDE: Final = 11  # RFC 5107
RELAY_ID: Final = 12  # RFC 6925
ACCESS_TECHNOLOGY: Final = 13  # RFC 7839
ACCESS_NETWORK: Final = 14  # RFC 7839
ACCESS_POINT: Final = 15  # RFC 7839
ACCESS_POINT_BSSID: Final = 16  # RFC 7839
OPERATOR_ID: Final = 17  # RFC 7839
OPERATOR_REALM: Final = 18  # RFC 7839
SOURCE_PORT: Final = 19  # RFC 8357
VIRTUAL_SUBNET: Final = 151  # RFC 6607
VIRTUAL_SUBNET_CONTROL: Final = 152  # RFC 6607

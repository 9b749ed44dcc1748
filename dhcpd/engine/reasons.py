"""What are the possible outcomes for a packet called, and how are they told to a person?"""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """A named outcome: log key, metric label, event reason and help text in one."""

    __hash__ = str.__hash__  # Enum's own is a Python function: 0.3 us each time an outcome is counted

    OFFERED = "offered"
    OFFERED_AGAIN = "offered-again"
    PROBING = "probing"
    ASSIGNED = "assigned"
    RENEWED = "renewed"
    RELEASED = "released"
    ASSIGNED_RAPIDLY = "assigned-rapidly"
    ASSIGNED_BOOTP = "assigned-bootp"
    ANSWERED_BOOTP = "answered-bootp"
    DECLINED = "declined"
    INFORMED = "informed"
    IPV6_ONLY = "ipv6-only"
    LEASE_TOLD = "lease-told"
    LEASE_UNASSIGNED = "lease-unassigned"
    LEASE_UNKNOWN = "lease-unknown"
    CONFLICT = "conflict"
    EXPIRED = "expired"
    RELEASED_BY_ADMIN = "released-by-admin"
    QUARANTINED = "quarantined"
    IMPORTED = "imported"
    IMPORT_UNDONE = "import-undone"
    NAK_WRONG_NETWORK = "nak-wrong-network"
    NAK_WRONG_ADDRESS = "nak-wrong-address"
    NAK_NOT_AVAILABLE = "nak-not-available"
    NAK_RESERVATION_MOVED = "nak-reservation-moved"
    NAK_NOT_SERVED = "nak-not-served"
    NAK_UNKNOWN_CLIENT = "nak-unknown-client"
    DROP_NO_SUBNET = "drop-no-subnet"
    DROP_UNKNOWN_RELAY = "drop-unknown-relay"
    DROP_VIRTUAL_SUBNET = "drop-virtual-subnet"
    DROP_DHCP_DISABLED = "drop-dhcp-disabled"
    DROP_CLASS = "drop-class"
    DROP_NOT_IN_CLASS = "drop-not-in-class"
    DROP_POOL_EXHAUSTED = "drop-pool-exhausted"
    DROP_DENIED = "drop-denied"
    DROP_KNOWN_CLIENTS_ONLY = "drop-known-clients-only"
    DROP_RANDOM_MAC = "drop-random-mac"
    DROP_TOO_EARLY = "drop-too-early"
    DROP_NEWCOMER = "drop-newcomer"
    DROP_KEPT_FOR_KNOWN = "drop-kept-for-known"
    DROP_PORT_FULL = "drop-port-full"
    DROP_CLIENT_RATE = "drop-client-rate"
    DROP_INTERFACE_RATE = "drop-interface-rate"
    DROP_OTHER_SERVER = "drop-other-server"
    DROP_UNKNOWN_CLIENT = "drop-unknown-client"
    DROP_NOT_A_REQUEST = "drop-not-a-request"
    DROP_BOOTP_OFF = "drop-bootp-off"
    DROP_BOOTP_NO_ADDRESS = "drop-bootp-no-address"
    DROP_LEASEQUERY_REFUSED = "drop-leasequery-refused"
    DROP_LEASEQUERY_EMPTY = "drop-leasequery-empty"
    DROP_UNHANDLED_TYPE = "drop-unhandled-type"
    DROP_NO_CLIENT_IDENTITY = "drop-no-client-identity"
    DROP_NOT_THE_OWNER = "drop-not-the-owner"
    DROP_DECLINE_CAP = "drop-decline-cap"
    DROP_NO_ADDRESS_NAMED = "drop-no-address-named"
    DROP_NOT_COMMITTED = "drop-not-committed"
    DROP_OVERLOAD = "drop-overload"
    DROP_OUR_FAULT = "drop-our-fault"
    DROP_DATABASE_AWAY = "drop-database-away"
    DROP_OTHER_HOST = "drop-other-host"
    DROP_MALFORMED_RELAY_INFO = "drop-malformed-relay-info"
    DROP_NO_SERVER_ADDRESS = "drop-no-server-address"


SENTENCES: dict[str, str] = {
    Reason.OFFERED: "An address was offered and is held for the client.",
    Reason.OFFERED_AGAIN: "The client asked again and got the same offer.",
    Reason.PROBING: "The address is being probed (ARP or ping) before it is offered.",
    Reason.ASSIGNED: "The client took the address; the lease is on disk.",
    Reason.RENEWED: "The client keeps its address for another lease time.",
    Reason.RELEASED: "The client gave its address back.",
    Reason.ASSIGNED_RAPIDLY: "The client took the address in two messages (rapid commit); the lease is on disk.",
    Reason.ASSIGNED_BOOTP: "A BOOTP client got its address, for ever.",
    Reason.ANSWERED_BOOTP: "A BOOTP client that has an address got its settings.",
    Reason.DECLINED: "The client found the address in use; it is quarantined.",
    Reason.INFORMED: "The client has an address of its own and got only settings.",
    Reason.IPV6_ONLY: "The client can do without IPv4 here; it was told so and holds no address.",
    Reason.LEASE_TOLD: "A relay asked who holds an address and was told (leasequery).",
    Reason.LEASE_UNASSIGNED: "A relay asked about an address that nobody holds (leasequery).",
    Reason.LEASE_UNKNOWN: "A relay asked about an address or client that is unknown here (leasequery).",
    Reason.CONFLICT: "A probe found the address in use; it is quarantined and another one is offered.",
    Reason.EXPIRED: "The lease ran out and was not renewed.",
    Reason.RELEASED_BY_ADMIN: "An administrator released the address.",
    Reason.QUARANTINED: "An administrator quarantined the address.",
    Reason.IMPORTED: "The lease was taken over from another server.",
    Reason.IMPORT_UNDONE: "An import was undone, and the lease that it had taken over ended.",
    Reason.NAK_WRONG_NETWORK: "Refused: the address does not belong to the network that the client is on.",
    Reason.NAK_WRONG_ADDRESS: "Refused: the client is known here with another address.",
    Reason.NAK_NOT_AVAILABLE: "Refused: the address belongs to somebody else or is outside every pool.",
    Reason.NAK_RESERVATION_MOVED: "Refused: the client has a reservation for another address.",
    Reason.NAK_NOT_SERVED: "Refused: the subnet does not serve this client any more.",
    Reason.NAK_UNKNOWN_CLIENT: "Refused: the client asks to keep an address that was never given to it here.",
    Reason.DROP_NO_SUBNET: "No answer: no subnet is planned for the network that the packet came from.",
    Reason.DROP_UNKNOWN_RELAY: "No answer: no subnet is planned for the relay or the network that it names.",
    Reason.DROP_VIRTUAL_SUBNET: "No answer: the relay names a VPN (82.151, RFC 6607); these are not served.",
    Reason.DROP_DHCP_DISABLED: "No answer: DHCP is switched off for this subnet.",
    Reason.DROP_CLASS: "No answer: the client is in a class whose packets are dropped.",
    Reason.DROP_NOT_IN_CLASS: "No answer: every subnet here is kept for classes that the client is not in.",
    Reason.DROP_POOL_EXHAUSTED: "No answer: every address of the pools is taken.",
    Reason.DROP_DENIED: "No answer: the hardware address is on the list of denied clients.",
    Reason.DROP_KNOWN_CLIENTS_ONLY: "No answer: the subnet serves only clients that have a reservation.",
    Reason.DROP_RANDOM_MAC: "No answer: the subnet does not serve made-up (locally administered) MACs.",
    Reason.DROP_TOO_EARLY: "No answer yet: the client has not waited as long as the subnet wants it to.",
    Reason.DROP_NEWCOMER: "No answer yet: new clients flood this network, and this one has not asked again so far.",
    Reason.DROP_KEPT_FOR_KNOWN: "No answer: in a flood the last free addresses are for clients known before it.",
    Reason.DROP_PORT_FULL: "No answer: the port (circuit-id) that the client is on has as many clients as it may.",
    Reason.DROP_CLIENT_RATE: "Ignored: the client sends more messages a second than one client may.",
    Reason.DROP_INTERFACE_RATE: "Ignored: the interface receives more messages a second than the limit set for it.",
    Reason.DROP_OTHER_SERVER: "No answer: the client chose another DHCP server.",
    Reason.DROP_UNKNOWN_CLIENT: "No answer: the client is unknown and the subnet is not authoritative.",
    Reason.DROP_NOT_A_REQUEST: "No answer: the packet is a server's reply, not a request.",
    Reason.DROP_BOOTP_OFF: "No answer: the subnet does not serve BOOTP clients.",
    Reason.DROP_BOOTP_NO_ADDRESS: "No answer: no reservation and no free address of a BOOTP pool for the client.",
    Reason.DROP_LEASEQUERY_REFUSED: "No answer: leasequery is only for the relays listed in the settings.",
    Reason.DROP_LEASEQUERY_EMPTY: "No answer: the leasequery names no address and no client.",
    Reason.DROP_UNHANDLED_TYPE: "No answer: a message type that servers do not handle.",
    Reason.DROP_NO_CLIENT_IDENTITY: "No answer: neither hardware address nor client identifier.",
    Reason.DROP_NOT_THE_OWNER: "Ignored: the sender does not hold the address that it speaks of.",
    Reason.DROP_DECLINE_CAP: "Ignored: the client has declined too many addresses already.",
    Reason.DROP_NO_ADDRESS_NAMED: "No answer: the request names no address.",
    Reason.DROP_NOT_COMMITTED: "No answer: the lease could not be written to the database.",
    Reason.DROP_OUR_FAULT: "No answer: the server failed on this packet; its log says more. Please report it.",
    Reason.DROP_DATABASE_AWAY: "No answer: the database can't be written, and nothing is promised without it.",
    Reason.DROP_OTHER_HOST: "Left to another host that shares the load of this network.",
    Reason.DROP_OVERLOAD: "No answer: more packets came than could be answered; the oldest requests were dropped.",
    Reason.DROP_MALFORMED_RELAY_INFO: "No answer: the relay information (option 82) is malformed.",
    Reason.DROP_NO_SERVER_ADDRESS: "No answer: the interface has no IPv4 address to answer from.",
}


REFUSALS: Final = frozenset(reason for reason in Reason if reason.startswith(("nak-", "drop-")))
"""Outcomes after which a client asks why it got nothing."""


def explain(reason: str) -> str:
    """Return the sentence of an outcome; a decoder's code (`truncated`...) is told as such."""
    return SENTENCES.get(reason) or f"Dropped: the packet is malformed ({reason})."

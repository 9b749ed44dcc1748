"""RFC 2131 §3 and §4.3: does each message get the answer that it must get?"""

import pytest

from tests.e2e.conformance import wire
from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.scenario import NETWORKS
from tests.e2e.conformance.wire import ACK, BROADCAST, INFORM, NAK, OFFER, REQUEST, ip, u32

BEHIND = pytest.mark.parametrize("where", ["link", "plain"])


@BEHIND
def test_discover_offer_request_ack(client: NewClient, where: str) -> None:
    """RFC 2131 §3.1, steps 1 to 5: on the link and through a relay."""
    host = client(where)
    offer = host.discover()
    assert host.network.pooled(offer.yiaddr)
    ack = host.select(offer)
    assert ack.type == ACK
    assert ack.yiaddr == offer.yiaddr


@BEHIND
def test_ack_agrees_with_the_offer(client: NewClient, where: str) -> None:
    """RFC 2131 §3.1, step 4: SHOULD NOT conflict with the earlier OFFER."""
    host = client(where)
    offer = host.discover((55, bytes((1, 3, 6, 15))))
    ack = host.select(offer, (55, bytes((1, 3, 6, 15))))
    for code in (1, 3, 6, 15, 51, 54):
        assert ack[code] == offer[code], code


@BEHIND
def test_repeated_discover_gets_the_same_offer(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.1: an offered address SHOULD NOT go elsewhere before the client responds."""
    host = client(where)
    assert host.discover().yiaddr == host.discover().yiaddr


@BEHIND
def test_two_clients_get_two_offers(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.1: SHOULD NOT reuse the selected network address before the client responds."""
    hosts = [client(where) for _ in range(5)]
    assert len({host.discover().yiaddr for host in hosts}) == 5


def test_retransmitted_request_gets_the_same_ack(client: NewClient) -> None:
    """RFC 2131 §3.1, step 5: a client that hears no ACK retransmits."""
    host = client("plain")
    offer = host.discover()
    first, again = host.select(offer), host.select(offer)
    assert (first.type, first.yiaddr) == (again.type, again.yiaddr) == (ACK, offer.yiaddr)


def test_request_for_another_server_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §3.1, step 4: servers not selected use the message as notification that they are declined."""
    host = client("plain")
    offer = host.discover()
    host.silence(REQUEST, (50, ip(offer.yiaddr)), (54, ip("10.30.0.77")))


def test_request_for_another_server_on_another_network_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §4.3.2: 'server identifier' tells for whom a message is; no NAK for what another server gave."""
    client("plain").silence(REQUEST, (50, ip("192.168.9.9")), (54, ip("10.30.0.77")))


def test_offer_turned_down_is_free_at_once(client: NewClient) -> None:
    """RFC 2131 §3.1, step 4: the declined offer may go to the next client (a network of two addresses)."""
    hosts = [client("pair") for _ in range(3)]
    taken = [host.discover().yiaddr for host in hosts[:2]]
    hosts[0].silence(REQUEST, (50, ip(taken[0])), (54, ip("10.30.0.77")))
    assert hosts[2].discover().yiaddr == taken[0]


def test_full_network_is_silent(client: NewClient) -> None:
    """RFC 2131 §4.3.1: no address available: the server may only report it to its administrator."""
    hosts = [client("tiny") for _ in range(3)]
    acks = [host.lease() for host in hosts[:2]]
    assert {ack.yiaddr for ack in acks} == {"10.52.0.100", "10.52.0.101"}
    hosts[2].silence(wire.DISCOVER)
    for host, ack in zip(hosts[:2], acks, strict=True):
        host.release(ack)


def test_selected_address_taken_meanwhile_gets_nak(client: NewClient) -> None:
    """RFC 2131 §3.1, step 4: a server that can't satisfy the REQUEST SHOULD respond with NAK."""
    owner, thief = client("plain"), client("plain")
    ack = owner.lease()
    offer = thief.discover()
    nak = thief.ask(REQUEST, (50, ip(ack.yiaddr)), (54, offer[54]))
    assert nak.type == NAK


# --- which address, §4.3.1 ---


@BEHIND
def test_current_binding_is_offered_again(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.1: the client's current address as recorded in its current binding."""
    host = client(where)
    assert host.lease().yiaddr == host.discover().yiaddr


def test_binding_goes_before_the_requested_address(client: NewClient) -> None:
    """RFC 2131 §4.3.1: first the current binding, only then the 'requested IP address'."""
    host = client("plain")
    ack = host.lease()
    assert host.discover((50, ip("10.40.3.190"))).yiaddr == ack.yiaddr


@BEHIND
def test_previous_address_is_offered_again(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.1: the client's previous address, released, if it is still available."""
    host, other = client(where), client(where)
    ack = host.lease()
    host.release(ack)
    assert other.lease().yiaddr != ack.yiaddr
    assert host.discover().yiaddr == ack.yiaddr


def test_requested_address_is_offered_when_free(client: NewClient) -> None:
    """RFC 2131 §4.3.1: the address requested in option 50, if valid and not allocated."""
    assert client("plain").discover((50, ip("10.40.3.180"))).yiaddr == "10.40.3.180"


def test_requested_address_of_another_client_is_not_offered(client: NewClient) -> None:
    """RFC 2131 §4.3.1: ... and not already allocated."""
    taken = client("plain").lease().yiaddr
    assert client("plain").discover((50, ip(taken))).yiaddr != taken


@pytest.mark.parametrize("wish", ["10.40.0.0", "10.40.3.255", "10.40.0.1", "10.40.0.50", "192.168.9.9", "0.0.0.0"])
def test_invalid_requested_address_is_not_offered(client: NewClient, wish: str) -> None:
    """RFC 2131 §4.3.1: network, broadcast, router, outside the pool, another network: not valid."""
    host = client("plain")
    assert host.network.pooled(host.discover((50, ip(wish))).yiaddr)


def test_address_comes_from_the_relays_network(client: NewClient) -> None:
    """RFC 2131 §4.3.1: allocated from the subnet of giaddr, or of the receiving interface."""
    for name in ("link", "plain", "routes", "boot"):
        assert NETWORKS[name].pooled(client(name).discover().yiaddr)


# --- lease times, §3.3, §4.3.1 ---


def test_default_lease_time(client: NewClient) -> None:
    """RFC 2131 §4.3.1: no time asked for, no binding: the configured default."""
    assert client("plain").discover().seconds(51) == 3600


def test_asked_lease_time_within_policy_is_given(client: NewClient) -> None:
    """RFC 2131 §4.3.1: a time asked for may be returned when it is acceptable by local policy."""
    assert client("plain").discover((51, u32(1200))).seconds(51) == 1200


@pytest.mark.needs("lease time limits")
@pytest.mark.parametrize(("asked", "given"), [(1, 60), (100_000, 7200), (0xFFFFFFFF, 7200)])
def test_asked_lease_time_is_clamped(client: NewClient, asked: int, given: int) -> None:
    """RFC 2131 §4.3.1: the server may choose another time by local policy (60 to 7200 s here)."""
    assert client("plain").discover((51, u32(asked))).seconds(51) == given


def test_infinite_lease_where_policy_allows(client: NewClient) -> None:
    """RFC 2131 §3.3: 0xffffffff is reserved to represent infinity."""
    host = client("forever")
    ack = host.lease((51, u32(0xFFFFFFFF)))
    assert ack.seconds(51) == 0xFFFFFFFF
    assert host.renew(ack.yiaddr, (51, u32(0xFFFFFFFF))).seconds(51) == 0xFFFFFFFF


# --- the four states of REQUEST, §4.3.2 ---


@BEHIND
def test_init_reboot_with_the_right_address_gets_ack(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT; §3.2 step 2."""
    host = client(where)
    ack = host.lease()
    again = host.reboot(ack.yiaddr)
    assert (again.type, again.yiaddr) == (ACK, ack.yiaddr)


@BEHIND
def test_init_reboot_on_the_wrong_network_gets_nak(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: SHOULD send NAK if the client is on the wrong network."""
    assert client(where).reboot("192.168.9.9").type == NAK


def test_init_reboot_with_another_address_than_recorded_gets_nak(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: SHOULD send NAK if the requested address is incorrect."""
    host = client("plain")
    assert host.lease().yiaddr != "10.40.3.198"
    assert host.reboot("10.40.3.198").type == NAK


def test_init_reboot_of_an_unknown_client_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: no record of this client: MUST remain silent."""
    client("quiet").silence(REQUEST, (50, ip("10.45.0.120")))


def test_silent_server_still_says_nak_on_the_wrong_network(client: NewClient) -> None:
    """RFC 2131 §4.3.2, INIT-REBOOT: the wrong network is known from giaddr and mask alone."""
    host = client("quiet")
    host.lease()
    assert host.reboot("192.168.9.9").type == NAK


@BEHIND
def test_renewing_extends_the_lease(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.2, RENEWING: by unicast; the server trusts ciaddr and replies to it."""
    host = client(where)
    ack = host.lease()
    again = host.renew(ack.yiaddr)
    assert (again.type, again.yiaddr, again.to) == (ACK, ack.yiaddr, ack.yiaddr)
    assert again.seconds(51) == 3600


@BEHIND
def test_rebinding_extends_the_lease(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.2, REBINDING: broadcast, or passed on by a relay."""
    host = client(where)
    ack = host.lease()
    again = host.rebind(ack.yiaddr)
    assert (again.type, again.yiaddr, again.ciaddr) == (ACK, ack.yiaddr, ack.yiaddr)


def test_renewing_another_address_gets_nak(client: NewClient) -> None:
    """RFC 2131 §4.3.2: a request for an address that belongs to somebody else can't be granted."""
    taken = client("link").lease().yiaddr
    stranger = client("link")
    stranger.lease()
    assert stranger.rebind(taken).type == NAK


def test_rebinding_of_an_unknown_client_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §4.3.2 and table 4: a server without the binding stays silent, another one may know it."""
    client("quiet").silence(REQUEST, ciaddr="10.45.0.121")


# --- DECLINE, RELEASE, INFORM, §4.3.3 to §4.3.5 ---


def test_declined_address_is_not_given_out(client: NewClient) -> None:
    """RFC 2131 §4.3.3: MUST mark the network address as not available."""
    host = client("plain")
    ack = host.lease()
    host.decline(ack)
    assert host.discover((50, ip(ack.yiaddr))).yiaddr != ack.yiaddr
    assert client("plain").discover((50, ip(ack.yiaddr))).yiaddr != ack.yiaddr


def test_decline_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §3.1, table 3: no reply to DECLINE."""
    host = client("plain")
    ack = host.lease()
    host.silence(wire.DECLINE, (50, ip(ack.yiaddr)), (54, ack[54]))


def test_decline_of_another_clients_address_is_ignored(client: NewClient) -> None:
    """RFC 2131 §4.3.3: only the client to which it was given can find the address in use."""
    owner, stranger = client("plain"), client("plain")
    ack = owner.lease()
    stranger.decline(ack)
    assert owner.reboot(ack.yiaddr).type == ACK


def test_release_frees_the_address(client: NewClient) -> None:
    """RFC 2131 §4.3.4: the server marks the address as not allocated."""
    host = client("plain")
    ack = host.lease()
    host.release(ack)
    assert client("plain").discover((50, ip(ack.yiaddr))).yiaddr == ack.yiaddr


def test_release_is_not_answered(client: NewClient) -> None:
    """RFC 2131 §3.1, step 6: no reply to RELEASE."""
    host = client("plain")
    ack = host.lease()
    host.silence(wire.RELEASE, (54, ack[54]), **host.unicast(ack.yiaddr))


def test_release_by_a_stranger_is_ignored(client: NewClient) -> None:
    """RFC 2131 §3.1, step 6: the binding is named by client identifier or chaddr and the address."""
    owner, stranger = client("plain"), client("plain")
    ack = owner.lease()
    stranger.release(ack)
    assert client("plain").discover((50, ip(ack.yiaddr))).yiaddr != ack.yiaddr


def inform(client: NewClient, where: str, last: int, *options: wire.Option) -> wire.Reply:
    host = client(where)
    address = host.network.at(last)
    if where == "link":
        return host.ask(INFORM, *options, **host.unicast(address))
    return host.ask(INFORM, *options, ciaddr=address)


@BEHIND
def test_inform_gets_settings_and_no_address(client: NewClient, where: str) -> None:
    """RFC 2131 §4.3.5: MUST NOT send a lease time, SHOULD NOT fill in yiaddr; no T1, T2 either."""
    ack = inform(client, where, 1001, (55, bytes((1, 3, 6, 15, 51, 58, 59))))
    assert (ack.type, ack.yiaddr) == (ACK, "0.0.0.0")
    assert not {51, 58, 59} & set(ack.codes)
    assert ack[6] == NETWORKS["plain"].settings[0].octets


def test_inform_is_answered_at_ciaddr(client: NewClient) -> None:
    """RFC 2131 §4.3.5: the ACK goes by unicast to the address given in ciaddr."""
    ack = inform(client, "link", 1002)
    assert (ack.to, ack.dport) == ("10.77.3.234", 68)


def test_inform_takes_no_address(client: NewClient) -> None:
    """RFC 2131 §4.3.5: no new network address is allocated."""
    inform(client, "plain", 768 + 187)
    assert client("plain").discover((50, ip("10.40.3.187"))).yiaddr == "10.40.3.187"


# --- what is not for a server ---


@pytest.mark.parametrize("kind", [OFFER, ACK, NAK, 0, 99])
def test_messages_that_are_not_for_servers_are_not_answered(client: NewClient, kind: int) -> None:
    """RFC 2131 §4.3: a server handles DISCOVER, REQUEST, DECLINE, RELEASE and INFORM."""
    client("plain").silence(kind)


def test_broadcast_request_on_the_link_is_answered_by_broadcast_when_asked(client: NewClient) -> None:
    """RFC 2131 §4.1: the flag of this REQUEST counts, not that of the DISCOVER."""
    host = client()
    host.flags = 0
    offer = host.discover()
    ack = host.select(offer, flags=BROADCAST)
    assert (offer.to, ack.to) == (offer.yiaddr, "255.255.255.255")

"""RFC 4388: is a relay told who holds an address, and nobody else?"""

import pytest

from tests.e2e.conformance.conftest import NewClient
from tests.e2e.conformance.lab import Client
from tests.e2e.conformance.scenario import CIRCUIT
from tests.e2e.conformance.wire import LEASEACTIVE, LEASEQUERY, LEASEUNASSIGNED, LEASEUNKNOWN, Option, Reply, ip

pytestmark = pytest.mark.needs("leasequery")
ALL = (55, bytes((51, 58, 59, 60, 61, 82, 91, 92)))


def query(asker: Client, *options: Option, ciaddr: str = "0.0.0.0", chaddr: bytes = b"") -> Reply:
    """Ask as a relay: by address, else by client identifier, else by hardware address (§6.2)."""
    asker.flags = 0
    htype = 1 if chaddr else 0
    return asker.ask(LEASEQUERY, *options, ciaddr=ciaddr, chaddr=chaddr, htype=htype)


def holder(client: NewClient) -> tuple[Client, str]:
    host = client("plain")
    host.always = [(61, b"\x00asked for" + host.mac), (82, CIRCUIT)]
    return host, host.lease((60, b"vendor")).yiaddr


def test_query_by_address(client: NewClient) -> None:
    """RFC 4388 §6.4.2: LEASEACTIVE: ciaddr the address, chaddr, htype and hlen those of its client."""
    host, address = holder(client)
    told = query(client("plain"), ALL, ciaddr=address)
    assert (told.type, told.ciaddr) == (LEASEACTIVE, address)
    assert (told.htype, told.hlen, told.chaddr[:6]) == (1, 6, host.mac)


def test_active_lease_has_its_times(client: NewClient) -> None:
    """RFC 4388 §6.4.2: 51 the time that is left, 91 since the last transaction; T1 and T2 from now on."""
    _, address = holder(client)
    told = query(client("plain"), ALL, ciaddr=address)
    assert 3500 < told.seconds(51) <= 3600
    assert told.seconds(91) < 100
    assert told.seconds(58) < told.seconds(59) < told.seconds(51)


def test_active_lease_has_identifier_and_relay_information(client: NewClient) -> None:
    """RFC 4388 §6.4.2: the client identifier (MUST if known), and what was asked for: 82, 60."""
    host, address = holder(client)
    told = query(client("plain"), ALL, ciaddr=address)
    assert told[61] == b"\x00asked for" + host.mac
    assert (told[82], told[60]) == (CIRCUIT, b"vendor")


def test_query_by_identifier(client: NewClient) -> None:
    """RFC 4388 §6.4.1: no address, but option 61: that client's address."""
    host, address = holder(client)
    told = query(client("plain"), (61, b"\x00asked for" + host.mac), ALL)
    assert (told.type, told.ciaddr) == (LEASEACTIVE, address)


def test_query_by_hardware_address(client: NewClient) -> None:
    """RFC 4388 §6.4.1: neither, but chaddr: that host's address."""
    host, address = holder(client)
    told = query(client("plain"), ALL, chaddr=host.mac)
    assert (told.type, told.ciaddr) == (LEASEACTIVE, address)


def test_host_with_two_addresses(client: NewClient) -> None:
    """RFC 4388 §6.4.2: the newest in ciaddr, the others in 'associated-ip' (92)."""
    host, first = holder(client)
    there = client("routes", host.mac)
    second = there.lease().yiaddr
    told = query(client("plain"), ALL, chaddr=host.mac)
    assert {told.ciaddr, *addresses(told[92])} >= {first, second}


def addresses(data: bytes) -> list[str]:
    return [".".join(map(str, data[start : start + 4])) for start in range(0, len(data), 4)]


def test_free_address_is_unassigned(client: NewClient) -> None:
    """RFC 4388 §6.4: an address that the server manages and that nobody holds."""
    told = query(client("plain"), ALL, ciaddr="10.40.3.230")
    assert (told.type, told.ciaddr) == (LEASEUNASSIGNED, "10.40.3.230")


def test_released_address_is_unassigned(client: NewClient) -> None:
    """RFC 4388 §6.4: ... any more."""
    host = client("plain")
    ack = host.lease()
    host.release(ack)
    assert query(client("plain"), ALL, ciaddr=ack.yiaddr).type == LEASEUNASSIGNED


def test_address_of_nobody_is_unknown(client: NewClient) -> None:
    """RFC 4388 §6.4: an address that the server has no knowledge of."""
    assert query(client("plain"), ALL, ciaddr="203.0.113.9").type == LEASEUNKNOWN


def test_host_of_nobody_is_unknown(client: NewClient) -> None:
    """RFC 4388 §6.4: no address, and the server knows nothing of the host."""
    assert query(client("plain"), ALL, chaddr=b"\x02\xbb\xbb\xbb\xbb\xbb").type == LEASEUNKNOWN
    assert query(client("plain"), (61, b"\x00nobody at all"), ALL).type == LEASEUNKNOWN


def test_negative_answers_say_nothing_else(client: NewClient) -> None:
    """RFC 4388 §6.4.2: UNASSIGNED and UNKNOWN MUST NOT carry other options than type and server identifier."""
    for address in ("10.40.3.230", "203.0.113.9"):
        assert set(query(client("plain"), ALL, ciaddr=address).codes) <= {53, 54, 61}


def test_answer_goes_to_giaddr(client: NewClient) -> None:
    """RFC 4388 §6.4.3: to the address in giaddr, port 67, with the query's xid and a server identifier."""
    told = query(client("plain"), ALL, ciaddr="10.40.3.230")
    assert (told.to, told.dport, told.giaddr) == ("10.40.0.1", 67, "10.40.0.1")
    assert told[54] in (ip("10.30.0.1"), ip("10.77.0.1"))


def test_query_without_a_question(client: NewClient) -> None:
    """RFC 4388 §6.2: one of ciaddr, client identifier, chaddr must be given."""
    asker = client("plain")
    asker.silence(LEASEQUERY, ALL, chaddr=b"", htype=0)


def test_query_without_giaddr_is_not_answered(client: NewClient) -> None:
    """RFC 4388 §6.2, §6.3: giaddr MUST be set; without it there is nobody to answer."""
    asker = client("plain")
    asker.silence(LEASEQUERY, ALL, ciaddr="10.40.3.230", giaddr="0.0.0.0", source="10.40.0.1")


@pytest.mark.needs("leasequery by requester")
def test_query_of_one_that_is_not_listed(client: NewClient) -> None:
    """RFC 4388 §7: restricted to those that are allowed to know."""
    client("boot").silence(LEASEQUERY, ALL, ciaddr="10.40.3.230")


def test_query_changes_nothing(client: NewClient) -> None:
    """RFC 4388 §6.4: asking is no use of an address: it can still be offered."""
    query(client("plain"), ALL, ciaddr="10.40.3.229")
    assert client("plain").discover((50, ip("10.40.3.229"))).yiaddr == "10.40.3.229"

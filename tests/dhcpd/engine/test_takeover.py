"""When does another server's lease become ours, and when not?"""

from ipaddress import IPv4Address

import pytest

from dhcpd.engine.leases import ACTIVE, NEVER, Lease, LeaseChange
from dhcpd.engine.snapshot import Pool, Reservation, Scope, Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.engine.takeover import Foreign, give_back, take_over

NOW = 1_800_000_000
MAC = bytes.fromhex("001122334455")
SCOPE = Scope({})


def address(text: str) -> int:
    return int(IPv4Address(text))


FOREIGN = Foreign(address("10.0.0.20"), "active", 1, MAC, b"", "pc", "", NOW - 60, NOW + 600, b"")


def world(*, ignore_client_id: bool = False, reserved: bool = False) -> tuple[Snapshot, Table]:
    pool = Pool(1, 1, address("10.0.0.10"), address("10.0.0.99"), SCOPE)
    subnet = Subnet(1, address("10.0.0.0"), address("10.0.0.255"), 1, SCOPE, (pool,), 600, 60, 3600,
                    ignore_client_id=ignore_client_id)  # fmt: skip
    promise = Reservation(1, 1, FOREIGN.ip, "", SCOPE)
    by_key = {(1, "mac", b"\2\2\2\2\2\2"): promise} if reserved else {}
    by_ip = {FOREIGN.ip: promise} if reserved else {}
    snapshot = Snapshot(1, (subnet,), {}, {}, by_key, by_ip, frozenset({address("10.0.0.1")}))
    table = Table()
    table.use(snapshot)
    return snapshot, table


def taken(foreign: Foreign, **world_: bool) -> Lease:
    snapshot, table = world(**world_)
    change = take_over(foreign, snapshot, table, now=NOW)
    assert isinstance(change, LeaseChange), change
    return change.after


def test_lease_is_found_by_the_key_that_its_client_will_send() -> None:
    assert taken(FOREIGN).client_key == b"\0\1" + MAC
    with_id = FOREIGN._replace(client_id=b"\1\2\3")
    assert taken(with_id).client_key == b"\1\1\2\3"
    assert taken(with_id, ignore_client_id=True).client_key == b"\0\1" + MAC
    assert taken(FOREIGN._replace(expires_at=NEVER)).expires_at == NEVER


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (FOREIGN._replace(ip=address("192.0.2.1")), "no subnet"),
        (FOREIGN._replace(ip=address("10.0.0.1")), "never leased"),
        (FOREIGN._replace(expires_at=NOW), "ran out"),
    ],
)
def test_lease_that_cannot_be_ours_is_left_out(foreign: Foreign, reason: str) -> None:
    snapshot, table = world()
    assert reason in str(take_over(foreign, snapshot, table, now=NOW))


def test_address_reserved_for_another_device_is_left_out() -> None:
    snapshot, table = world(reserved=True)
    assert "reserved for another" in str(take_over(FOREIGN, snapshot, table, now=NOW))


def test_address_that_another_client_holds_is_left_out() -> None:
    snapshot, table = world()
    other = taken(FOREIGN._replace(mac=b"\2\2\2\2\2\2"))
    table.apply([LeaseChange(None, other, "")])
    assert "Another client" in str(take_over(FOREIGN, snapshot, table, now=NOW))
    same = FOREIGN._replace(mac=b"\2\2\2\2\2\2")
    assert "already" in str(take_over(same, snapshot, table, now=NOW))


def test_giving_back_ends_the_lease_unless_it_was_renewed() -> None:
    _, table = world()
    lease = taken(FOREIGN)
    table.apply([LeaseChange(None, lease, "")])
    change = give_back(FOREIGN, table, now=NOW)
    assert isinstance(change, LeaseChange)
    assert (change.before, change.after.state) == (lease, "released")
    table.apply([LeaseChange(lease, lease._replace(renewals=1), "")])
    assert "renewed" in str(give_back(FOREIGN, table, now=NOW))
    assert lease.state == ACTIVE

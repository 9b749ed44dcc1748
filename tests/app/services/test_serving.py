"""Do the settings of who is served, and how, reach the worker's snapshot from both databases?"""

import pytest

from app.database import SessionFactory, unit_of_work
from app.schemas.denied_clients import DeniedClientIn
from app.schemas.fields import canonical_identifier, show_identifier
from app.schemas.pools import PoolIn
from app.schemas.reservations import Identifier, ReservationIn
from app.schemas.settings import SettingsShape
from app.schemas.subnets import SubnetIn
from app.services import denied_clients, pools, reservations, settings, subnets
from app.services.actors import COMMAND_LINE
from app.services.errors import Conflict, Invalid
from dhcpd.adapters.loader import compile_snapshot
from dhcpd.engine.snapshot import LINKS, Snapshot, Subnet
from dhcpd.protocol.addresses import parse_ipv4, parse_mac


def snapshot_of(factory: SessionFactory) -> Snapshot:
    with unit_of_work(factory, writing=False) as session:
        return compile_snapshot(session, [])


def plan(factory: SessionFactory, **fields: object) -> Subnet:
    with unit_of_work(factory) as session:
        row = subnets.create_subnet(
            session, COMMAND_LINE, SubnetIn.model_validate({"cidr": "10.0.0.0/24", **fields})
        )
        number = row.id
    return next(subnet for subnet in snapshot_of(factory).subnets if subnet.id == number)


def change(factory: SessionFactory, **fields: object) -> None:
    with unit_of_work(factory) as session:
        settings.update_settings(session, COMMAND_LINE, SettingsShape.model_validate(fields).model_dump())


def test_defaults_hold_before_anything_is_saved(factory: SessionFactory) -> None:
    made = snapshot_of(factory)
    assert (made.defence, made.known_reserve_percent, made.client_rate_limit, made.leasequery) == (
        LINKS,
        10,
        50,
        (),
    )
    subnet = plan(factory)
    assert not (subnet.rapid_commit or subnet.bootp or subnet.policed or subnet.guarded or subnet.ping_check)


def test_subnet_inherits_what_it_does_not_say(factory: SessionFactory) -> None:
    change(factory, rapid_commit=True, bootp=True, random_macs="known", renew_time=100, rebind_time=200)
    subnet = plan(factory, bootp=False, ping_check=True, min_secs=4, offer_delay_ms=50, known_clients_only=True)
    assert (subnet.rapid_commit, subnet.bootp, subnet.random_macs, subnet.renew_s) == (True, False, "known", 100)
    assert (subnet.ping_check, subnet.min_secs, subnet.offer_delay_ms, subnet.known_only) == (True, 4, 50, True)


def test_times_reach_the_worker_up_to_an_infinite_one(factory: SessionFactory) -> None:
    change(factory, max_lease_time=0xFFFFFFFF)
    assert plan(factory).max_lease_s == 0xFFFFFFFF
    times = {"lease_time": 0xFFFFFFFF, "min_lease_time": 1, "max_lease_time": 0xFFFFFFFF, "rebind_time": 0xFFFFFFFE}
    subnet = plan(factory, cidr="10.0.1.0/24", **times)
    assert (subnet.lease_s, subnet.min_lease_s, subnet.max_lease_s, subnet.rebind_s) == tuple(times.values())


def test_settings_and_denied_clients_reach_the_worker(factory: SessionFactory) -> None:
    change(factory, leasequery_requesters=["10.0.0.9", "10.1.0.7/24"], starvation_defence="everywhere",
           known_reserve_percent=25, clients_per_port=4, client_rate_limit=7, limit_relayed=True)  # fmt: skip
    with unit_of_work(factory) as session:
        for mac in ("00-1B-21", "02:00:00:00:00:01"):
            denied_clients.create_denied_client(session, COMMAND_LINE, DeniedClientIn(mac=mac))
        with pytest.raises(Conflict):
            denied_clients.create_denied_client(session, COMMAND_LINE, DeniedClientIn(mac="001b21"))
    made = snapshot_of(factory)
    spans = [(parse_ipv4(a), parse_ipv4(b)) for a, b in (("10.0.0.9", "10.0.0.9"), ("10.1.0.0", "10.1.0.255"))]
    assert list(made.leasequery) == spans
    assert (made.defence, made.known_reserve_percent, made.clients_per_port) == ("everywhere", 25, 4)
    assert (made.client_rate_limit, made.limit_relayed) == (7, True)
    assert parse_mac("00:1b:21:aa:bb:cc") in made.denied
    assert parse_mac("00:1b:22:aa:bb:cc") not in made.denied


def test_pool_says_whom_it_serves(factory: SessionFactory) -> None:
    subnet = plan(factory)
    wish = {"subnet_id": subnet.id, "start": "10.0.0.10", "end": "10.0.0.19"}
    with unit_of_work(factory) as session:
        pools.create_pool(session, COMMAND_LINE, PoolIn.model_validate({**wish, "clients": "bootp"}))
    (made,) = snapshot_of(factory).subnets
    assert (made.pools[0].clients, made.guarded) == ("bootp", True)
    excluded = {**wish, "start": "10.0.0.30", "end": "10.0.0.30", "kind": "excluded", "clients": "known"}
    with unit_of_work(factory) as session, pytest.raises(Invalid):
        pools.create_pool(session, COMMAND_LINE, PoolIn.model_validate(excluded))


def test_every_kind_of_identifier_is_found_by_its_octets(factory: SessionFactory) -> None:
    subnet = plan(factory)
    written = {
        "circuit_id": ("Gi1/0/7", b"Gi1/0/7"),
        "remote_id": ("00:04:00:01", b"\0\4\0\1"),
        "relay_id": ("0x6869", b"hi"),
        "subscriber_id": ('"cafe"', b"cafe"),
        "duid": ("00:03:00:01:aa", b"\0\3\0\1\xaa"),
    }
    identifiers = [Identifier.model_validate({"type": kind, "value": text}) for kind, (text, _) in written.items()]
    with unit_of_work(factory) as session:
        wish = ReservationIn(identifiers=identifiers, ip="10.0.0.7")
        reservations.create_reservation(session, COMMAND_LINE, wish)
    made = snapshot_of(factory)
    assert {(subnet.id, kind, octets) for kind, (_, octets) in written.items()} == set(made.reservations)
    assert made.kinds == set(written)


@pytest.mark.parametrize("text", ["Gi1/0/7", '"cafe"', "00040001", "port 7, slot 2", '"x"', '"0x"', "12"])
def test_identifier_is_shown_as_it_is_read(text: str) -> None:
    stored = canonical_identifier("circuit_id", text)
    assert canonical_identifier("circuit_id", show_identifier("circuit_id", stored)) == stored


@pytest.mark.parametrize(
    "fields",
    [{"renew_time": 200, "rebind_time": 100}, {"leasequery_requesters": ["x"]}, {"known_reserve_percent": 91}],
)
def test_settings_without_sense_are_refused(factory: SessionFactory, fields: dict[str, object]) -> None:
    with pytest.raises((Invalid, ValueError)):
        change(factory, **fields)

"""Is it known, before a change is made, which clients notice it?"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, Lease
from app.schemas.addresses import AddressIn
from app.schemas.denied_clients import DeniedClientIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, audit, denied_clients, impact, pools, reservations, settings, subnets
from app.services.actors import Actor
from app.services.impact import Effect
from app.services.patch import parsed
from tests.builders import hold_leases

OPERATOR = Actor("olga", "operator")
ADMIN = Actor("anna", "admin")
Change = Callable[[Session], object]


@pytest.fixture
def served(factory: SessionFactory) -> int:
    """10.0.0.0/24 with a pool from .100 to .199."""
    with unit_of_work(factory) as session:
        subnet = subnets.create_subnet(session, OPERATOR, SubnetIn(cidr="10.0.0.0/24")).id
        pools.create_pool(session, OPERATOR, PoolIn(subnet_id=subnet, start="10.0.0.100", end="10.0.0.199"))
    return subnet


def effects_of(factory: SessionFactory, change: Change) -> list[tuple[str, list[str]]]:
    """Make a change, ask for the effects of its newest audit entry, both before (rolled back) and after it."""
    with factory() as session:
        session.connection(execution_options={"writing": True})
        change(session)
        entry = audit.list_entries(session, 1)[0]
        pictures = entry.object, entry.before, entry.after
        after = impact.of_change(session, *pictures)
        session.rollback()
    with unit_of_work(factory, writing=False) as session:
        before = impact.of_change(session, *pictures)
    assert [told(e) for e in before] == [told(e) for e in after]
    return [told(effect) for effect in after]


def told(effect: Effect) -> tuple[str, list[str]]:
    assert effect.clients == len(effect.sample)
    return effect.kind, [client.ip for client in effect.sample]


def set_range(start: str, end: str, **more: Any) -> Change:
    wish = PoolIn(subnet_id=1, start=start, end=end, **more)
    return lambda session: pools.update_pool(session, OPERATOR, 1, wish)


def test_nobody_notices_a_change_without_clients(factory: SessionFactory, served: int) -> None:
    assert effects_of(factory, lambda s: subnets.delete_subnet(s, OPERATOR, served)) == []


def test_shrunk_pool_moves_whoever_is_outside(engine: Engine, factory: SessionFactory, served: int) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.150", "10.0.0.199")
    assert effects_of(factory, set_range("10.0.0.110", "10.0.0.190")) == [("moves", ["10.0.0.100", "10.0.0.199"])]
    assert effects_of(factory, set_range("10.0.0.90", "10.0.0.199")) == []


def test_pool_that_becomes_excluded_moves_everybody(engine: Engine, factory: SessionFactory, served: int) -> None:
    hold_leases(engine, "10.0.0.100")
    assert effects_of(factory, set_range("10.0.0.100", "10.0.0.199", kind="excluded")) == [
        ("moves", ["10.0.0.100"])
    ]


def test_reserved_address_is_kept_when_its_pool_goes(engine: Engine, factory: SessionFactory, served: int) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    reserve(factory, "10.0.0.100", "02:00:0a:00:00:64")
    assert effects_of(factory, lambda s: pools.delete_pool(s, OPERATOR, 1)) == [("moves", ["10.0.0.101"])]


def test_subnet_without_dhcp_serves_nobody_until_the_last_lease_ends(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100", until=1_900_000_000)
    hold_leases(engine, "10.0.0.101", until=1_900_000_060)
    with unit_of_work(factory) as session:
        subnets.update_subnet(session, OPERATOR, served, {"dhcp_enabled": False})
        entry = session.get_one(AuditEntry, 3)
        (effect,) = impact.of_change(session, entry.object, entry.before, entry.after)
    assert (effect.kind, effect.clients, effect.unlimited) == ("ends", 2, 0)
    assert effect.sentence.endswith("may keep their address until 2030-03-17 17:47 UTC.")


def test_settings_reach_every_client_at_its_renewal(engine: Engine, factory: SessionFactory, served: int) -> None:
    hold_leases(engine, "10.0.0.100")
    change: dict[str, object] = {"lease_time": 600}
    assert effects_of(factory, lambda s: subnets.update_subnet(s, OPERATOR, served, change)) == [
        ("settings", ["10.0.0.100"])
    ]
    named = {"name": "office"}
    assert effects_of(factory, lambda s: subnets.update_subnet(s, OPERATOR, served, named)) == []


def reserve(factory: SessionFactory, ip: str, mac: str) -> None:
    with unit_of_work(factory) as session:
        reservations.create_reservation(session, OPERATOR, wish_for(ip, mac))


def wish_for(ip: str, mac: str) -> ReservationIn:
    return parsed(ReservationIn, {"identifiers": [{"type": "mac", "value": mac}], "ip": ip})


def test_reservation_moves_the_holder_and_fetches_its_owner(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    wish = wish_for("10.0.0.101", "02:00:0a:00:00:64")
    assert effects_of(factory, lambda s: reservations.create_reservation(s, OPERATOR, wish)) == [
        ("moves", ["10.0.0.101"]),
        ("returns", ["10.0.0.100"]),
    ]


def test_owner_of_a_reserved_address_outside_the_pools_moves_when_it_is_taken_back(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    reserve(factory, "10.0.0.10", "02:00:0a:00:00:0a")
    reserve(factory, "10.0.0.110", "02:00:0a:00:00:6e")
    hold_leases(engine, "10.0.0.10", "10.0.0.110")
    assert effects_of(factory, lambda s: reservations.delete_reservation(s, OPERATOR, 1)) == [
        ("moves", ["10.0.0.10"])
    ]
    assert effects_of(factory, lambda s: reservations.delete_reservation(s, OPERATOR, 2)) == []


def test_address_in_use_elsewhere_is_taken_from_its_client(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100")
    assert effects_of(factory, lambda s: addresses.put_address(s, OPERATOR, "10.0.0.100", AddressIn())) == [
        ("moves", ["10.0.0.100"])
    ]


def set_subnet(**fields: Any) -> Change:
    return lambda session: subnets.update_subnet(session, OPERATOR, 1, fields)


def test_policy_ends_service_of_those_without_a_reservation(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    reserve(factory, "10.0.0.100", "02:00:0a:00:00:64")
    for fields in ({"known_clients_only": True}, {"random_macs": "known"}):
        assert effects_of(factory, set_subnet(**fields)) == [("ends", ["10.0.0.101"])], fields
    denied = [("ends", ["10.0.0.100", "10.0.0.101"])]
    assert effects_of(factory, set_subnet(random_macs="deny")) == denied
    assert effects_of(factory, set_subnet(random_macs="allow")) == []


def test_inherited_policy_ends_service_where_a_subnet_has_none_of_its_own(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100")
    forbid: Change = lambda session: settings.update_settings(session, ADMIN, {"random_macs": "deny"})  # noqa: E731
    assert effects_of(factory, forbid) == [("ends", ["10.0.0.100"])]
    with unit_of_work(factory) as session:
        set_subnet(random_macs="allow")(session)
    assert effects_of(factory, forbid) == []


def test_reservation_taken_from_a_known_client_ends_its_service(
    engine: Engine, factory: SessionFactory, served: int
) -> None:
    hold_leases(engine, "10.0.0.100")
    reserve(factory, "10.0.0.100", "02:00:0a:00:00:64")
    with unit_of_work(factory) as session:
        set_subnet(known_clients_only=True)(session)
    effects = effects_of(factory, lambda s: reservations.delete_reservation(s, OPERATOR, 1))
    assert effects == [("ends", ["10.0.0.100"])]


DENIED = [("02:00:0a:00:00:64", ["10.0.0.100"]), ("02:00:0a", ["10.0.0.100", "10.0.0.101"]), ("ff:ff:ff", [])]


@pytest.mark.parametrize(("mac", "ends"), DENIED)
def test_denied_client_keeps_its_address_until_its_lease_ends(
    engine: Engine, factory: SessionFactory, served: int, mac: str, ends: list[str]
) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    wish = DeniedClientIn(mac=mac)
    effects = effects_of(factory, lambda s: denied_clients.create_denied_client(s, OPERATOR, wish))
    assert effects == ([("ends", ends)] if ends else [])


POLICIES = [
    {"known_clients_only": only, "random_macs": macs}
    for only in (False, True)
    for macs in ("allow", "known", "deny")
]


@pytest.mark.parametrize("was", POLICIES)
def test_new_policy_ends_service_of_whom_it_refuses_and_the_old_did_not(
    engine: Engine, factory: SessionFactory, served: int, was: dict[str, Any]
) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    hold_leases(engine, "10.0.0.102", "10.0.0.103", maker=b"\0\x1b")
    reserve(factory, "10.0.0.100", "02:00:0a:00:00:64")
    reserve(factory, "10.0.0.102", "00:1b:0a:00:00:66")
    clients = {"10.0.0.100": (True, True), "10.0.0.101": (True, False), "10.0.0.102": (False, True),
               "10.0.0.103": (False, False)}  # fmt: skip

    def refused(policy: dict[str, Any]) -> set[str]:
        only, macs = policy["known_clients_only"], policy["random_macs"]
        asked = {ip for ip, (is_random, _) in clients.items() if only or (is_random and macs != "allow")}
        denied = {ip for ip, (is_random, _) in clients.items() if is_random and macs == "deny"}
        return {ip for ip in asked if not clients[ip][1]} | denied

    with unit_of_work(factory) as session:
        set_subnet(**was)(session)
    for policy in POLICIES:
        ended = sorted(refused(policy) - refused(was))
        assert effects_of(factory, set_subnet(**policy)) == ([("ends", ended)] if ended else []), policy


KNOWN_BY = {
    "client_id": ("0a0b0c0d", {"client_id": "0a0b0c0d"}),
    "duid": ("0001aabb", {"client_id": "ff000000070001aabb"}),
    "circuit_id": ("706f72742d37", {"relay_info": "0106706f72742d37"}),
    "remote_id": ("0a0b", {"relay_info": "01016102020a0b"}),
}


@pytest.mark.parametrize("kind", KNOWN_BY)
def test_who_is_known_by_another_identifier_than_its_mac_is_served_on(
    engine: Engine, factory: SessionFactory, served: int, kind: str
) -> None:
    hold_leases(engine, "10.0.0.100", "10.0.0.101")
    value, told_by_client = KNOWN_BY[kind]
    wish = {"identifiers": [{"type": kind, "value": value}], "subnet_id": served, "hostname": "known"}
    with unit_of_work(factory) as session:
        reservations.create_reservation(session, OPERATOR, parsed(ReservationIn, wish))
        lease = session.get_one(Lease, ip_address("10.0.0.100"))
        for name, octets in told_by_client.items():
            setattr(lease, name, bytes.fromhex(octets))
    assert effects_of(factory, set_subnet(known_clients_only=True)) == [("ends", ["10.0.0.101"])]

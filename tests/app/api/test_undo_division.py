"""Does one undo bring back the plan exactly as it was before a split, a merge or a resize?"""

from typing import Any

import pytest
from sqlalchemy import select

from app.api.audit import take_back
from app.database import SessionFactory, unit_of_work
from app.models import AuditEntry, KnownAddress, Pool, Reservation, Subnet
from app.schemas.addresses import AddressIn
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import addresses, division, pools, subnets
from app.services.actors import Actor
from app.services.rows import picture
from tests.app.api.test_access import Api
from tests.app.api.test_undo import newest, undo_newest
from tests.builders import hold_leases

NTP = {"option": "ntp-servers", "value": ["10.0.0.9"], "always": False}
LABELS = {"tags": ["lab"], "custom_fields": {"site": "north"}}
CHANGES = {
    "split in four": ("split", {"prefix_len": 26}),
    "split at an address, apart": ("split", {"at": "10.0.0.64", "same_link": False}),
    "merge": ("merge", {"subnets": [2]}),
    "resize to a larger one": ("resize", {"cidr": "10.0.0.0/23"}),
    "resize to a smaller one": ("resize", {"cidr": "10.0.0.0/25"}),
}


@pytest.fixture
def api(live_server: Any) -> Api:
    """10.0.0.0/24 in 10.0.0.0/8, with everything in it; for a merge, 10.0.1.0/24 beside it."""
    return Api(live_server)


def make(api: Api, path: str, **fields: Any) -> None:
    made = api("PUT" if path.startswith("/addresses/") else "POST", path, fields)
    assert made.status_code in (200, 201), made.text


def plan(api: Api, name: str) -> None:
    for resource in ("subnets", "pools", "reservations", "addresses"):
        make(api, "/custom-fields", resource=resource, name="site", type="text")
    office = {"name": "office", "vlan": 7, "relays": ["10.9.9.9"], "lease_time": 600, "options": [NTP], **LABELS}
    make(api, "/subnets", cidr="10.0.0.0/24", gateway="10.0.0.1", **office)
    make(api, "/subnets", cidr="10.0.1.0/24" if name == "merge" else "10.7.0.0/24")
    make(api, "/subnets", cidr="10.0.0.0/8", dhcp_enabled=False)
    end = "10.0.0.120" if name.endswith("smaller one") else "10.0.0.199"
    make(api, "/pools", subnet_id=1, start="10.0.0.50", end=end, options=[NTP], **LABELS)
    make(api, "/pools", subnet_id=1, start="10.0.0.62", end="10.0.0.66", kind="excluded")
    reserve(api, 1, ip="10.0.0.20", options=[NTP], hostname="printer", **LABELS)
    reserve(api, 2, subnet_id=1, hostname="anywhere", options=[NTP])
    make(api, "/addresses/10.0.0.30", hostname="server", mac="02:00:00:00:00:30", **LABELS)
    make(api, "/addresses/10.0.0.230", notes="outside a smaller one")
    make(api, "/addresses/10.0.1.9", notes="inside a larger one")
    if name == "merge":
        api("PATCH", "/subnets/2", {"gateway": "10.0.1.1", "description": "kept"})
        make(api, "/pools", subnet_id=2, start="10.0.1.100", end="10.0.1.150")
        reserve(api, 3, ip="10.0.1.20")
        reserve(api, 2, subnet_id=2, hostname="anywhere", options=[NTP])


def reserve(api: Api, number: int, **fields: Any) -> None:
    identifiers = [{"type": "mac", "value": f"02:00:00:00:00:{number:02x}"}, {"type": "client_id", "value": "01aa"}]
    make(api, "/reservations", identifiers=identifiers[: 2 if number == 1 else 1], **fields)


def state(api: Api) -> list[dict[str, Any]]:
    """Return every row of the plan, with its id, as the database has it."""
    with unit_of_work(api.server.app.state.sessions) as session:
        rows = [
            row for model in (Subnet, Pool, Reservation, KnownAddress) for row in session.scalars(select(model))
        ]
        told = [{"table": row.__tablename__, **picture(row)} for row in rows]
    plain = [{k: v for k, v in row.items() if k not in ("version", "updated_at")} for row in told]
    return sorted(plain, key=lambda row: (row["table"], row.get("id") or row["ip"]))


@pytest.mark.parametrize("name", CHANGES)
def test_undo_brings_back_every_row_and_a_second_undo_what_it_took_back(api: Api, name: str) -> None:
    plan(api, name)
    hold_leases(api.server.app.state.engine, "10.0.0.60", "10.0.0.70")
    verb, body = CHANGES[name]
    before = state(api)
    assert api("POST", f"/subnets/1/{verb}", body).status_code == 200
    changed = state(api)
    assert changed != before
    undo_newest(api, state, before, changed)
    again = api("POST", f"/audit/{newest(api)}/undo")
    assert again.status_code == 200, again.text
    assert state(api) == changed


def test_undo_of_a_split_tells_what_clients_notice(api: Api) -> None:
    plan(api, "split")
    hold_leases(api.server.app.state.engine, "10.0.0.70")
    api("POST", "/subnets/1/split", {"prefix_len": 26})
    told = api("POST", f"/audit/{newest(api)}/undo?dry_run=true").json()
    assert ("settings", 1) in [(effect["kind"], effect["clients"]) for effect in told["impact"]]


DEVICE = {"identifiers": [{"type": "mac", "value": "02:00:00:00:00:99"}]}
LATER = {
    "a pool in a part": (
        "split in four",
        ("POST", "/pools", {"subnet_id": 4, "start": "10.0.0.67", "end": "10.0.0.67", "kind": "excluded"}),
    ),
    "a reservation in a part": (
        "split in four",
        ("POST", "/reservations", {"ip": "10.0.0.100", **DEVICE}),
    ),
    "other settings of a part": ("split in four", ("PATCH", "/subnets/4", {"lease_time": 60})),
    "a part is gone": ("split in four", ("DELETE", "/subnets/5", None)),
    "a pool is cut": ("split in four", ("PATCH", "/pools/1", {"end": "10.0.0.60"})),
    "a pool in the merged part": (
        "merge", ("POST", "/pools", {"subnet_id": 1, "start": "10.0.1.200", "end": "10.0.1.210"}),
    ),
    "a pool in what was added": (
        "resize to a larger one", ("POST", "/pools", {"subnet_id": 1, "start": "10.0.1.20", "end": "10.0.1.40"}),
    ),
    "another subnet where it was": (
        "resize to a smaller one", ("POST", "/subnets", {"cidr": "10.0.0.128/26"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LATER)
def test_undo_is_refused_when_something_changed_since_and_changes_nothing(api: Api, what: str) -> None:
    name, (method, path, body) = LATER[what]
    plan(api, name)
    verb, wish = CHANGES[name]
    assert api("POST", f"/subnets/1/{verb}", wish).status_code == 200
    entry = newest(api)
    assert (answer := api(method, path, body)).status_code < 300, answer.text
    after = state(api)
    refused = api("POST", f"/audit/{entry}/undo")
    assert refused.status_code == 409, refused.text
    problem = refused.json()["errors"][0]
    assert problem["code"] in ("changed", "gone", "overlap"), problem
    assert problem["detail"], problem
    assert state(api) == after


def test_undo_of_a_new_subnet_is_refused_when_it_holds_something(api: Api) -> None:
    make(api, "/subnets", cidr="10.0.0.0/24")
    entry = newest(api)
    make(api, "/pools", subnet_id=1, start="10.0.0.50", end="10.0.0.60")
    refused = api("POST", f"/audit/{entry}/undo")
    assert (refused.status_code, refused.json()["errors"][0]["conflicts_with"]["type"]) == (409, "pools")


def test_deleted_subnet_whose_id_another_has_comes_back_with_a_new_one(api: Api) -> None:
    make(api, "/subnets", cidr="10.0.0.0/24")
    make(api, "/pools", subnet_id=1, start="10.0.0.50", end="10.0.0.60")
    api("DELETE", "/subnets/1")
    entry = newest(api)
    make(api, "/subnets", cidr="10.1.0.0/24")
    assert api("POST", f"/audit/{entry}/undo").status_code == 200
    found = {row["cidr"]: row["id"] for row in api("GET", "/subnets").json()["items"]}
    pool = api("GET", "/pools").json()["items"][0]
    assert sorted(found) == ["10.0.0.0/24", "10.1.0.0/24"]
    assert pool["subnet_id"] == found["10.0.0.0/24"]


def test_known_address_comes_back(api: Api) -> None:
    plan(api, "address")
    before = state(api)
    for method, body in (("DELETE", None), ("PUT", {"hostname": "other"})):
        assert api(method, "/addresses/10.0.0.30", body).status_code < 300
        assert state(api) != before
        undone = api("POST", f"/audit/{newest(api)}/undo")
        assert undone.status_code == 200, undone.text
        assert state(api) == before


def rows_of(factory: SessionFactory) -> list[Any]:
    with unit_of_work(factory, writing=False) as session:
        rows = [
            row for model in (Subnet, Pool, Reservation, KnownAddress) for row in session.scalars(select(model))
        ]
        found = [picture(row) for row in rows]
    plain = [{k: v for k, v in row.items() if k not in ("version", "updated_at")} for row in found]
    return sorted(plain, key=repr)


@pytest.mark.parametrize("verb", ["split", "merge"])
def test_both_databases_take_it_back(factory: SessionFactory, verb: str) -> None:
    """There and back twice: sequences and foreign keys are those of each database."""
    planner, divider = Actor("olga", "operator", request_id="plan"), Actor("olga", "operator", request_id="divide")
    with unit_of_work(factory) as session:
        for cidr in ("10.0.0.0/24", "10.0.1.0/24"):
            subnets.create_subnet(session, planner, SubnetIn(cidr=cidr))
        pools.create_pool(session, planner, PoolIn(subnet_id=1, start="10.0.0.50", end="10.0.0.199"))
        pools.create_pool(session, planner, PoolIn(subnet_id=2, start="10.0.1.50", end="10.0.1.60"))
        addresses.put_address(session, planner, "10.0.1.230", AddressIn())
    before = rows_of(factory)
    with unit_of_work(factory) as session:
        if verb == "split":
            division.split(session, divider, 1, prefix_len=26)
        else:
            division.merge_subnets(session, divider, 1, [2])
    changed = rows_of(factory)
    for number, expected in enumerate((before, changed, before)):
        with unit_of_work(factory) as session:
            entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
            assert entry is not None
            take_back(session, Actor("olga", "operator", request_id=f"undo {number}"), entry.id)
        assert rows_of(factory) == expected
    with unit_of_work(factory) as session:
        made = subnets.create_subnet(session, planner, SubnetIn(cidr="10.9.0.0/24"))
        assert made.id not in (1, 2)

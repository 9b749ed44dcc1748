"""Do VLANs, tags and custom fields keep their rules, on both databases?"""

from typing import Any

import pytest
from sqlalchemy import select

from app.database import SessionFactory, unit_of_work
from app.models import Subnet, Tag
from app.schemas.labels import CustomFieldIn, TagIn, VlanIn
from app.schemas.subnets import SubnetIn
from app.services import custom_fields, subnets, tags, vlans
from app.services.actors import Actor
from app.services.errors import Conflict, Forbidden, Invalid
from app.services.listing import Unreadable, Wish, cut, read_wish
from app.services.patch import parsed

ADMIN = Actor("ada", "admin")


def plan(factory: SessionFactory, cidr: str, **more: Any) -> int:
    with unit_of_work(factory) as session:
        return subnets.create_subnet(session, ADMIN, parsed(SubnetIn, {"cidr": cidr, **more})).id


def define(factory: SessionFactory, **more: Any) -> int:
    with unit_of_work(factory) as session:
        wish = {"resource": "subnets", **more}
        return custom_fields.create_custom_field(session, ADMIN, parsed(CustomFieldIn, wish)).id


def fields_of(factory: SessionFactory, subnet_id: int) -> dict[str, Any]:
    with unit_of_work(factory, writing=False) as session:
        return session.get_one(Subnet, subnet_id).custom_fields


def test_tag_that_is_written_is_made_and_found(factory: SessionFactory) -> None:
    first = plan(factory, "10.0.0.0/24", tags=["Büro", "core  net", "core net"])
    plan(factory, "10.0.1.0/24", tags=["core network"])
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(Subnet, first).tags == ["büro", "core net"]
        assert [tag.name for tag in tags.list_tags(session)] == ["büro", "core net", "core network"]
        for name in ("BÜRO", "core net"):
            found = cut(session, subnets.LISTING, Wish((("tag", name),))).rows
            assert [row.id for row in found] == [first]
        assert cut(session, subnets.LISTING, Wish((("tag", "core"),))).rows == []
        assert tags.used(session, tags.list_tags(session)) == {1: 1, 2: 1, 3: 1}


def test_renamed_and_deleted_tags_reach_their_bearers(factory: SessionFactory) -> None:
    subnet = plan(factory, "10.0.0.0/24", tags=["a", "b"])
    with unit_of_work(factory) as session:
        tags.update_tag(session, ADMIN, 1, TagIn(name="z", color="#ff0000"))
        tags.delete_tag(session, ADMIN, 2)
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(Subnet, subnet).tags == ["z"]
        assert [tag.name for tag in session.scalars(select(Tag))] == ["z"]


def test_second_tag_of_a_name_is_refused(factory: SessionFactory) -> None:
    plan(factory, "10.0.0.0/24", tags=["a"])
    with pytest.raises(Conflict, match="tag 'a' already"), unit_of_work(factory) as session:
        tags.create_tag(session, ADMIN, TagIn(name="A"))
    with pytest.raises(Invalid, match="no tag"):
        parsed(SubnetIn, {"cidr": "10.0.0.0/24", "tags": ['a"b']})


def test_vlan_that_a_subnet_names_is_made_and_follows_a_new_number(factory: SessionFactory) -> None:
    subnet = plan(factory, "10.0.0.0/24", vlan=100, vlan_group="berlin")
    with unit_of_work(factory) as session:
        vlan = vlans.find_vlan(session, "berlin", 100)
        assert vlan is not None
        assert vlans.subnet_counts(session, [vlan]) == {vlan.id: 1}
        with pytest.raises(Conflict, match=r"named by 10\.0\.0\.0/24"):
            vlans.delete_vlan(session, ADMIN, vlan.id)
        vlans.update_vlan(session, ADMIN, vlan.id, VlanIn(vid=200, group="berlin", name="office"))
    with unit_of_work(factory) as session:
        assert session.get_one(Subnet, subnet).vlan == 200
        subnets.update_subnet(session, ADMIN, subnet, {"vlan": None, "vlan_group": ""})
        vlans.delete_vlan(session, ADMIN, vlan.id)


def test_vlan_number_is_unique_in_its_group_only(factory: SessionFactory) -> None:
    with unit_of_work(factory) as session:
        vlans.create_vlan(session, ADMIN, VlanIn(vid=10, group="a"))
        vlans.create_vlan(session, ADMIN, VlanIn(vid=10, group="b"))
        with pytest.raises(Conflict, match="VLAN 10 in a already"):
            vlans.create_vlan(session, ADMIN, VlanIn(vid=10, group="a"))


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("text", "x", 5), ("integer", 7, True), ("integer", -1, "7"), ("boolean", False, "no"),
        ("date", "2030-01-31", "2030-02-31"), ("url", "https://example.org/x", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_custom_field_takes_only_its_type(factory: SessionFactory, kind: str, right: Any, wrong: Any) -> None:
    define(factory, name="it", type=kind)
    subnet = plan(factory, "10.0.0.0/24", custom_fields={"it": right})
    assert fields_of(factory, subnet) == {"it": right}
    with pytest.raises(Invalid, match="it:") as caught:
        plan(factory, "10.0.1.0/24", custom_fields={"it": wrong})
    assert caught.value.problems[0].field == "custom_fields/it"


def test_required_and_default_values(factory: SessionFactory) -> None:
    define(factory, name="site", type="choice", choices=["berlin", "paris"], default="berlin")
    define(factory, name="cost_center", label="Cost center", type="integer", required=True)
    with pytest.raises(Invalid, match="Cost center is required"):
        plan(factory, "10.0.0.0/24")
    subnet = plan(factory, "10.0.0.0/24", custom_fields={"cost_center": 4711})
    assert fields_of(factory, subnet) == {"site": "berlin", "cost_center": 4711}
    with pytest.raises(Invalid, match="have no custom field 'colour'"):
        plan(factory, "10.0.1.0/24", custom_fields={"cost_center": 1, "colour": "red"})


def test_definition_changes_only_while_its_values_fit(factory: SessionFactory) -> None:
    site = define(factory, name="site", type="choice", choices=["berlin", "paris"])
    subnet = plan(factory, "10.0.0.0/24", custom_fields={"site": "paris"})
    wish = {"resource": "subnets", "name": "site", "type": "choice"}
    with pytest.raises(Conflict, match="would not fit"), unit_of_work(factory) as session:
        custom_fields.update_custom_field(
            session, ADMIN, site, parsed(CustomFieldIn, {**wish, "choices": ["berlin"]})
        )
    with unit_of_work(factory) as session:
        wish["type"] = "text"
        row = custom_fields.update_custom_field(session, ADMIN, site, parsed(CustomFieldIn, wish))
        assert custom_fields.used(session, [row]) == {site: 1}
        custom_fields.delete_custom_field(session, ADMIN, site)
    assert fields_of(factory, subnet) == {}


def test_objects_are_found_by_custom_field(factory: SessionFactory) -> None:
    for name, kind in (("owner", "text"), ("floor", "integer"), ("legacy", "boolean"), ("until", "date")):
        define(factory, name=name, type=kind)
    define(factory, name="floor__gt", type="text")
    values: list[dict[str, Any]] = [
        {"owner": "O'Brien 100%", "floor": 3, "legacy": True, "until": "2030-01-31", "floor__gt": "odd name"},
        {"owner": "x", "floor": 2**40, "legacy": False, "until": "2031-01-31"},
        {},
    ]
    ids = [plan(factory, f"10.0.{n}.0/24", custom_fields=fields) for n, fields in enumerate(values)]

    def found(**parameters: str) -> list[int]:
        with unit_of_work(factory, writing=False) as session:
            rows = cut(session, subnets.LISTING, read_wish([*parameters.items()])).rows
            return sorted(ids.index(row.id) for row in rows)

    assert found(cf_owner="O'Brien 100%") == [0]
    assert found(cf_owner__contains="brien 100%") == [0]
    assert found(cf_owner__startswith="X") == [1]
    assert found(cf_owner__ne="x") == [0, 2]
    assert found(cf_floor="3") == found(cf_floor__lt="4") == [0]
    assert found(cf_floor__gt="odd name") == [0]  # a field may be called so
    assert found(cf_floor__in="3,1099511627776") == found(cf_floor__isnull="false") == [0, 1]
    assert found(cf_legacy="no", cf_until__gt="2030-06-01") == [1]
    assert found(cf_until__lt="2030-06-01") == [0]
    assert found(cf_legacy__isnull="true") == [2]
    for wrong in ({"cf_colour": "x"}, {"cf_owner__gt": "x"}, {"cf_floor": "x"}, {"cf_until": "2030"},
                  {"cf_legacy__in": "true"}, {"cf_": ""}, {"cf_owner__": "x"}, {"cf_floor": "9" * 19}):  # fmt: skip
        with pytest.raises(Unreadable):
            found(**wrong)


def test_only_an_admin_defines_fields(factory: SessionFactory) -> None:
    wish = parsed(CustomFieldIn, {"resource": "subnets", "name": "x", "type": "text"})
    with pytest.raises(Forbidden), unit_of_work(factory) as session:
        custom_fields.create_custom_field(session, Actor("olga", "operator"), wish)

"""Do options of the user's own work from the API's services to the wire, on both databases?"""

import pytest
from sqlalchemy import Engine

from app.database import SessionFactory, unit_of_work
from app.schemas.option_definitions import OptionDefinitionIn
from app.schemas.subnets import SubnetIn
from app.services import option_definitions, options, subnets
from app.services.actors import Actor
from app.services.errors import Conflict, Invalid
from app.services.patch import parsed
from dhcpd.adapters.loader import load_snapshot
from tests.app.services.test_plan import plan

ADMIN = Actor("anna", "admin")


def define(factory: SessionFactory, **fields: object) -> int:
    with unit_of_work(factory) as session:
        data = parsed(OptionDefinitionIn, fields)
        return option_definitions.create_definition(session, ADMIN, data).id


def change(factory: SessionFactory, definition_id: int, **fields: object) -> None:
    with unit_of_work(factory) as session:
        row = option_definitions.get_definition(session, definition_id)
        known = {name: getattr(row, name) for name in OptionDefinitionIn.model_fields}
        option_definitions.update_definition(session, ADMIN, row, parsed(OptionDefinitionIn, {**known, **fields}))


def set_options(factory: SessionFactory, subnet: int, *rows: dict[str, object]) -> None:
    with unit_of_work(factory) as session:
        subnets.update_subnet(session, ADMIN, subnet, {"options": list(rows)})


def wire(engine: Engine, code: int) -> str:
    """Return what the worker sends of the option."""
    return load_snapshot(engine, []).subnets[0].scope.options[code].hex()


@pytest.mark.parametrize(
    ("fields", "value", "octets"),
    [
        ({"kind": "u16"}, 258, "0102"),
        ({"kind": "u16", "array": True}, [1, 2], "00010002"),
        ({"kind": "ip", "array": True}, ["10.0.0.1"], "0a000001"),
        ({"kind": "domain", "array": True}, ["a.b", "c"], "0161016200" "016300"),
        ({"kind": "record", "fields": [{"name": "level", "kind": "u8"}, {"name": "url", "kind": "text"}]},
         {"level": 7, "url": "x"}, "0778"),
        ({"kind": "record", "array": True,
          "fields": [{"name": "server", "kind": "ip"}, {"name": "weight", "kind": "s16"}]},
         [{"server": "10.0.0.1", "weight": -1}], "0a000001ffff"),
        ({"kind": "suboptions"}, {"space": "pxe", "options": [{"option": 6, "value": 8}]}, "060108"),
    ],
)  # fmt: skip
def test_defined_option_reaches_the_wire(
    engine: Engine, factory: SessionFactory, fields: dict[str, object], value: object, octets: str
) -> None:
    define(factory, code=224, name="acme-settings", **fields)
    set_options(factory, plan(factory), {"option": "acme-settings", "value": value})
    assert wire(engine, 224) == octets


def test_vendor_space_reaches_the_wire_in_43_and_125(engine: Engine, factory: SessionFactory) -> None:
    define(factory, space="acme", code=1, name="controller", kind="ip")
    define(factory, space="vendor-9999", code=5, name="level", kind="u16")
    set_options(
        factory,
        plan(factory),
        {"option": 43, "value": {"space": "acme", "options": [{"option": "controller", "value": "10.0.0.9"}]}},
        {"option": 125, "value": [{"enterprise": 9999, "options": [{"option": "level", "value": 3}]}]},
    )
    assert wire(engine, 43) == "01040a000009"
    assert wire(engine, 125) == "0000270f0405020003"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": 3, "name": "mine", "kind": "ip"}, "code"),
        ({"code": 224, "name": "routers", "kind": "ip"}, "name"),
        ({"code": 224, "name": "mine", "kind": "nothing"}, "kind"),
        ({"code": 224, "name": "mine", "kind": "text", "array": True}, "array"),
        ({"code": 224, "name": "mine", "kind": "record"}, "fields"),
        ({"code": 224, "name": "mine", "kind": "u8", "fields": [{"name": "a", "kind": "u8"}]}, "fields"),
        ({"code": 224, "name": "mine", "kind": "record",
          "fields": [{"name": "a", "kind": "text"}, {"name": "b", "kind": "u8"}]}, "fields"),
        ({"space": "vendor-x", "code": 1, "name": "mine", "kind": "u8"}, "space"),
        ({"space": "acme", "code": 1, "name": "mine", "kind": "suboptions"}, "kind"),
        ({"space": "pxe", "code": 6, "name": "mine", "kind": "u8"}, "code"),
    ],
)  # fmt: skip
def test_impossible_definition_is_refused(factory: SessionFactory, fields: dict[str, object], field: str) -> None:
    with pytest.raises((Invalid, Conflict)) as error:
        define(factory, **fields)
    assert error.value.problems[0].field.split("/")[0] == field


def test_private_code_of_the_catalogue_can_be_given_another_meaning(
    engine: Engine, factory: SessionFactory
) -> None:
    define(factory, code=132, name="voice-vlan", kind="u32")
    set_options(factory, plan(factory), {"option": 132, "value": 100})
    assert wire(engine, 132) == "00000064"
    with unit_of_work(factory, writing=False) as session:
        (found,) = options.list_options(session, "132", "dhcp4")
    assert (found.name, found.rfc) == ("voice-vlan", "user")


def test_two_definitions_of_one_code_conflict(factory: SessionFactory) -> None:
    first = define(factory, code=224, name="one", kind="u8")
    with pytest.raises(Conflict, match="defined already") as error:
        define(factory, code=224, name="two", kind="u8")
    assert error.value.problems[0].conflict_id == str(first)


def test_definition_in_use_is_kept_and_the_conflict_names_who_uses_it(factory: SessionFactory) -> None:
    definition = define(factory, code=224, name="acme", kind="u8")
    subnet = plan(factory)
    set_options(factory, subnet, {"option": 224, "value": 1})
    with (
        pytest.raises(Conflict, match=r"Subnet 10\.0\.0\.0/24 sets acme") as error,
        unit_of_work(factory) as session,
    ):
        row = option_definitions.get_definition(session, definition)
        option_definitions.delete_definition(session, ADMIN, row)
    assert (error.value.problems[0].conflict_type, error.value.problems[0].conflict_id) == ("subnets", str(subnet))
    with pytest.raises(Conflict, match="does not fit"):
        change(factory, definition, kind="ip")
    set_options(factory, subnet)
    with unit_of_work(factory) as session:
        row = option_definitions.get_definition(session, definition)
        option_definitions.delete_definition(session, ADMIN, row)


def test_sub_option_in_use_is_found_in_its_space_alone(factory: SessionFactory) -> None:
    acme = define(factory, space="acme", code=1, name="controller", kind="ip")
    other = define(factory, space="other", code=1, name="controller", kind="ip")
    value = {"space": "acme", "options": [{"option": "controller", "value": "10.0.0.9"}]}
    set_options(factory, plan(factory), {"option": 43, "value": value})
    with unit_of_work(factory) as session:
        option_definitions.delete_definition(session, ADMIN, option_definitions.get_definition(session, other))
        with pytest.raises(Conflict, match="sets controller"):
            option_definitions.delete_definition(session, ADMIN, option_definitions.get_definition(session, acme))


def test_renamed_definition_is_renamed_wherever_it_is_set(engine: Engine, factory: SessionFactory) -> None:
    definition = define(factory, code=224, name="acme", kind="u8")
    subnet = plan(factory)
    set_options(factory, subnet, {"option": "acme", "value": 1})
    change(factory, definition, name="acme-level", kind="u16")
    with unit_of_work(factory, writing=False) as session:
        assert subnets.get_subnet(session, subnet).options == [
            {"option": "acme-level", "value": 1, "always": False}
        ]
    assert wire(engine, 224) == "0001"


def test_option_twice_in_a_scope_is_refused(factory: SessionFactory) -> None:
    with pytest.raises(Invalid, match="set twice"), unit_of_work(factory) as session:
        rows = [{"option": 3, "value": ["10.0.0.1"]}, {"option": "routers", "value": ["10.0.0.2"]}]
        subnets.create_subnet(session, ADMIN, parsed(SubnetIn, {"cidr": "10.9.0.0/24", "options": rows}))

"""Do the rules of client classes hold, on both databases?"""

import pytest

from app.database import SessionFactory, unit_of_work
from app.models import ClientClass, Pool
from app.schemas.client_classes import ClientClassIn
from app.schemas.clients import ClientFacts
from app.schemas.pools import PoolIn
from app.schemas.pxe import PxePreset
from app.services import audit, client_classes, clients, pools, pxe
from app.services.errors import Conflict, Invalid
from app.services.patch import parsed
from tests.app.services.test_plan import OPERATOR, plan


def make(factory: SessionFactory, name: str, expression: str, **fields: object) -> int:
    with unit_of_work(factory) as session:
        data = parsed(ClientClassIn, {"name": name, "expression": expression, **fields})
        return client_classes.create_class(session, OPERATOR, data).id


def change(factory: SessionFactory, class_id: int, **fields: object) -> None:
    with unit_of_work(factory) as session:
        row = client_classes.get_class(session, class_id)
        known = {"name": row.name, "expression": row.expression, "options": row.options}
        client_classes.update_class(session, OPERATOR, row, parsed(ClientClassIn, {**known, **fields}))


def delete(factory: SessionFactory, class_id: int) -> None:
    with unit_of_work(factory) as session:
        client_classes.delete_class(session, OPERATOR, client_classes.get_class(session, class_id))


def test_error_in_an_expression_has_its_column_and_what_was_expected(factory: SessionFactory) -> None:
    with pytest.raises(Invalid, match="expected ==") as error:
        make(factory, "phones", 'hostname "phone"')
    (problem,) = error.value.problems
    assert (problem.field, problem.column) == ("expression", 10)


def test_classes_refer_to_each_other_but_never_in_a_circle(factory: SessionFactory) -> None:
    first = make(factory, "a", 'hostname == "a"')
    make(factory, "b", 'class("a")')
    make(factory, "c", 'hostname == "c" or class("b")')
    with pytest.raises(Invalid, match="a → c → b → a") as error:
        change(factory, first, expression='hostname == "a" and class("c")')
    assert error.value.problems[0].column == 21
    with pytest.raises(Invalid, match="no class 'nowhere'"):
        make(factory, "d", 'class("nowhere")')
    with pytest.raises(Invalid, match="refer to itself"):
        make(factory, "e", 'class("e")')


def test_renamed_class_keeps_its_pools_and_the_expressions_that_refer_to_it(factory: SessionFactory) -> None:
    subnet = plan(factory)
    phones = make(factory, "phones", 'vendor_class startswith "phone"')
    make(factory, "quiet", 'not class("phones")')
    with unit_of_work(factory) as session:
        data = PoolIn(subnet_id=subnet, start="10.0.0.10", end="10.0.0.20", client_class="phones")
        pool = pools.create_pool(session, OPERATOR, data).id
    change(factory, phones, name='tele"phones')
    with unit_of_work(factory, writing=False) as session:
        assert session.get_one(Pool, pool).client_class == 'tele"phones'
        quiet = client_classes.find_class(session, "quiet")
        assert quiet is not None
        assert quiet.expression == r'not class("tele\"phones")'
        assert [e.object for e in audit.list_entries(session)][:2] == [
            f"client_classes/{phones}",
            "client_classes/2",
        ]


def test_class_in_use_is_kept_and_the_conflict_names_who_uses_it(factory: SessionFactory) -> None:
    subnet = plan(factory)
    phones = make(factory, "phones", 'vendor_class startswith "phone"')
    other = make(factory, "others", 'not class("phones")')
    with unit_of_work(factory) as session:
        data = PoolIn(subnet_id=subnet, start="10.0.0.10", end="10.0.0.20", client_class="phones")
        pool = pools.create_pool(session, OPERATOR, data).id
    with pytest.raises(Conflict) as error:
        delete(factory, phones)
    found = {(p.conflict_type, p.conflict_id) for p in error.value.problems}
    assert found == {("pools", str(pool)), ("client-classes", str(other))}
    delete(factory, other)


def test_pool_for_an_unknown_class_is_refused(factory: SessionFactory) -> None:
    subnet = plan(factory)
    with pytest.raises(Invalid, match="no client class"), unit_of_work(factory) as session:
        data = PoolIn(subnet_id=subnet, start="10.0.0.10", end="10.0.0.20", client_class="none")
        pools.create_pool(session, OPERATOR, data)


def test_option_of_a_class_is_checked(factory: SessionFactory) -> None:
    with pytest.raises(Invalid) as error:
        make(factory, "a", 'hostname == "a"', options=[{"option": 3, "value": ["10.0.0"]}])
    assert error.value.problems[0].field == "options/0/value"
    with pytest.raises(Invalid, match="lease times writes it"):
        make(factory, "a", 'hostname == "a"', options=[{"option": 51, "value": 5}])


def test_test_tells_which_classes_match_and_why(factory: SessionFactory) -> None:
    make(factory, "boot", 'vendor_class startswith "PXEClient" and architecture in (7, 9)')
    make(factory, "late", 'class("boot") and not user_class == "iPXE"', position=1)
    with unit_of_work(factory, writing=False) as session:
        client = ClientFacts(vendor_class="PXEClient:Arch:00007", architecture=7)
        outcome = clients.try_classes(session, client, 'class("late") and mac == "02:00:00:00:00:01"')
    assert outcome.matched == ["late", "boot"]
    tried, late, boot = outcome.results
    assert (tried.id, tried.matches, [f.result for f in tried.findings]) == (None, False, [True, False])
    assert late.matches
    assert [f.actual for f in boot.findings] == ["PXEClient:Arch:00007", "7"]
    with unit_of_work(factory, writing=False) as session:
        broken = clients.try_classes(session, ClientFacts(vendor_class="PXEClient", option=["93:00"]), None)
    assert [r.matches for r in broken.results] == [False, None]


def test_pxe_preset_makes_its_classes_and_brings_them_up_to_date(factory: SessionFactory) -> None:
    preset = {"tftp_server": "10.0.0.5", "bios": "undionly.kpxe", "uefi_x64": "ipxe.efi", "uefi_arm64": "arm.efi",
              "http_x64": "http://b.example/ipxe.efi", "ipxe_script": "http://b.example/menu.ipxe"}  # fmt: skip
    for file in ("undionly.kpxe", "other.kpxe"):
        with unit_of_work(factory) as session:
            pxe.make_classes(session, OPERATOR, parsed(PxePreset, {**preset, "bios": file}))
    with unit_of_work(factory, writing=False) as session:
        rows = {row.name: row for row in client_classes.list_classes(session)}
        assert list(rows) == ["pxe-ipxe", "pxe-bios", "pxe-uefi-x64", "pxe-uefi-arm64", "pxe-http-x64"]
        assert rows["pxe-bios"].boot_file == "other.kpxe"
        for architecture, vendor, name in (
            (0, "PXEClient", "pxe-bios"), (7, "PXEClient", "pxe-uefi-x64"), (9, "PXEClient", "pxe-uefi-x64"),
            (11, "PXEClient", "pxe-uefi-arm64"), (16, "HTTPClient", "pxe-http-x64"),
        ):  # fmt: skip
            client = ClientFacts(vendor_class=f"{vendor}:Arch:{architecture:05}", architecture=architecture)
            assert clients.try_classes(session, client, None).matched == [name]
            chained = client.model_copy(update={"user_class": "iPXE"})
            assert clients.try_classes(session, chained, None).matched == ["pxe-ipxe"]


def test_pxe_preset_without_a_server_for_its_files_is_refused() -> None:
    with pytest.raises(Invalid, match="tftp_server"):
        parsed(PxePreset, {"bios": "undionly.kpxe"})
    with pytest.raises(Invalid, match="at least one"):
        parsed(PxePreset, {"tftp_server": "10.0.0.1"})


def test_row_that_was_edited_to_nonsense_matches_nobody(factory: SessionFactory) -> None:
    class_id = make(factory, "a", 'hostname == "a"')
    with unit_of_work(factory) as session:
        session.get_one(ClientClass, class_id).expression = "nonsense"
    with unit_of_work(factory, writing=False) as session:
        assert clients.try_classes(session, ClientFacts(hostname="a"), None).matched == []

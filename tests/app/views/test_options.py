"""Does a value survive the form: shown as text, typed again, the same?"""

from collections.abc import Callable

import pytest

from app.views.options import shown, typed
from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.options import STANDARD
from tests.app.views.conftest import Person


@pytest.mark.parametrize(
    "definition", [d for d in STANDARD.definitions if d.space == DHCP4 and not d.set_by], ids=lambda d: d.name
)
def test_example_survives_the_form(definition: OptionDefinition) -> None:
    example = STANDARD.kind(definition).example
    again = typed(definition.name, shown(example))
    assert STANDARD.encode(definition, again) == STANDARD.encode(definition, example)


@pytest.mark.parametrize(("text", "value"), [("5", 5), ('"5"', "5"), ("acme", "acme"), ('{"a": [1]}', {"a": [1]})])
def test_option_of_the_users_own_is_json_or_plain_text(text: str, value: object) -> None:
    assert typed("acme-settings", text) == value


def test_fault_of_an_option_stands_in_its_row_and_the_text_is_kept(person: Callable[[str], Person]) -> None:
    names, values = ["routers", "domain-name-servers"], ["10.1.0.1", "10.1.0.2 wrong"]
    asked = person("operator").send(
        "/subnets/new", cidr="10.1.0.0/24", option=names, value=values, always=["asked", "asked"]
    )
    assert asked.status_code == 422
    row = asked.text.split('class="option-row"')[2]
    assert "&#34;wrong&#34; is none" in row and 'value="10.1.0.2, wrong"' in row
    assert "option-problem" not in asked.text.split('class="option-row"')[1]


def test_purposes_and_kinds_of_options_are_told_and_found_in_the_viewers_language(
    person: Callable[[str], Person],
) -> None:
    operator = person("operator")
    html = operator.get("/options?q=Netzmaske", "de").text
    assert "Netzmaske des Clients" in html and "eine IPv4-Adresse" in html and "subnet-mask" in html
    assert "subnet-mask" in operator.get("/options?q=Mask+of", "de").text
    assert "eine ganze Zahl von 0 bis 255" in operator.get("/options?q=default-ip-ttl", "de").text
    found = {row["name"]: row for row in operator.get("/options/catalogue", "ar").json()}
    assert found["routers"]["told"].startswith("الموجّهات")
    assert not [row["name"] for row in found.values() if row["told"] == row["description"]]

"""Does a value survive the form: shown as text, typed again, the same?"""

import pytest

from app.views.options import shown, typed
from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.options import STANDARD


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

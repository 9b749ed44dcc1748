"""Write docs/options.md from the table of options: `python scripts/option_docs.py`, with --check to compare only."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.kind import Kind
from dhcpd.protocol.options import STANDARD

PAGE: Final = Path(__file__).parent.parent / "docs" / "options.md"
HEAD: Final = """# DHCP options

Made by `scripts/option_docs.py` from the table in `dhcpd/protocol/options.py`; the server, the API and the forms use the
same table. `GET /api/v1/options` returns it with the options that you defined yourself.

An option is set on any scope as `{"option": "routers", "value": ["10.0.0.1"], "always": false}`; `option` may be the code.
`always` sends it to clients that did not ask for it, too. The most specific scope wins: reservation, pool, client class,
subnet, shared network, settings.
"""
OWN: Final = """
## Options of your own

`POST /api/v1/option-definitions` defines an option by code, name and kind; `"array": true` makes it a list. A value of
several members is of kind `record`:

    {"code": 224, "name": "acme-settings", "kind": "record",
     "fields": [{"name": "level", "kind": "u8"}, {"name": "url", "kind": "text"}]}

With a `space` it is a sub-option of a vendor: `"space": "acme"` for option 43, `"space": "vendor-9999"` for enterprise
9999 in option 125. The value of 43 names its space, so a client class by vendor class gives each vendor its own:

    {"option": 43, "value": {"space": "acme", "options": [{"option": "controller", "value": "10.0.0.9"}]}}

A sub-option without a definition is written by its code, its value as hexadecimal digits; so is all of option 43 when it
is no list of sub-options. A more specific scope replaces the whole option: sub-options of a pool do not join those of its
subnet. Codes marked *private* may be given another meaning.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_options(), *_kinds(), *_spaces(), OWN])


def _options() -> Iterator[str]:
    yield "## Options\n"
    yield "| code | name | kind | what it is for | defined in |"
    yield "|---|---|---|---|---|"
    for option in STANDARD.definitions:
        if option.space == DHCP4:
            by = f" *Written by {option.set_by}.*" if option.set_by else ""
            row = (option.code, f"`{option.name}`", option.kind, option.description + "." + by, option.rfc)
            yield _row(*row)


def _kinds() -> Iterator[str]:
    yield "\n## Kinds of value\n"
    yield "| kind | the value is | for example |"
    yield "|---|---|---|"
    for name, kind in sorted(_used().items()):
        yield _row(name, kind.summary, f"`{json.dumps(kind.example, ensure_ascii=False)}`")


def _used() -> dict[str, Kind]:
    return {option.kind: STANDARD.kind(option) for option in STANDARD.definitions}


def _spaces() -> Iterator[str]:
    yield "\n## Vendors' sub-options\n"
    yield "| space | code | name | kind | what it is for | defined in |"
    yield "|---|---|---|---|---|---|"
    for option in STANDARD.definitions:
        if option.space != DHCP4:
            yield _row(option.space, *_short(option))


def _short(option: OptionDefinition) -> tuple[object, ...]:
    return (option.code, f"`{option.name}`", option.kind, option.description + ".", option.rfc)


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Write the page; with --check return 1 when it is not what the table says."""
    text = page()
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != text:
            print("docs/options.md is old: run `python scripts/option_docs.py`", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

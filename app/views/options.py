"""How are options typed into a form, and shown in it again? What has no shorter form is written as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import FormData

from dhcpd.protocol.kind import Json
from dhcpd.protocol.options import find

Row = dict[str, Any]
EMPTY_ROWS: Final = 2
"""Rows to fill in below those that are set."""
_YES: Final = ("1", "on", "true", "yes")
_NO: Final = ("0", "off", "false", "no")
_NUMBERS: Final = ("u8", "u16", "u32", "s8", "s16", "s32", "duration")
_WORDS: Final = ("ips", "ips-or-none", "domains", "plain-domains", "sip-servers", "uris")
_ROUTE: Final = {"destination", "router"}


def rows_of(form: FormData) -> list[Row]:
    """Return the option rows of a form with typed values; a row without a name or a value is not set."""
    columns = zip(form.getlist("option"), form.getlist("value"), form.getlist("always"), strict=False)
    return [
        {"option": str(name).strip(), "value": typed(str(name), str(text).strip()), "always": always == "always"}
        for name, text, always in columns
        if str(name).strip() and str(text).strip()
    ]


def typed(name: str, text: str) -> Json:
    """Return what the text means for the option; what it can't mean stays text, for the check to refuse."""
    definition = find(name)
    kind = definition.kind if definition else ""
    if text[:1] in ("{", "[") or not kind:
        return _json(text)
    if kind in _WORDS:
        return text.replace(",", " ").split()
    if kind in ("u8s", "u16s", "u32s"):
        return [_number(part) for part in text.replace(",", " ").split()]
    if kind in ("ip-pairs", "ip-lists", "routes"):
        pairs = [part.replace(" via ", " ").split() for part in text.split(",")]
        if kind != "routes":
            return pairs
        return [dict(zip(("destination", "router"), pair, strict=False)) for pair in pairs]
    if kind in ("flag", "empty"):
        return True if text.lower() in _YES else False if text.lower() in _NO else text
    return _number(text) if kind in _NUMBERS else text


def _json(text: str) -> Json:
    """Return what JSON the text is; any other text, for options of the user's own too, is itself."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


def _number(text: str) -> Json:
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 12 else text


def shown(value: Any) -> str:
    """Return a value as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        is_route = set(value) == _ROUTE
        return f"{value['destination']} via {value['router']}" if is_route else json.dumps(value)
    if isinstance(value, list | tuple):
        if any(isinstance(m, Mapping) and set(m) != _ROUTE for m in value):
            return json.dumps(value)
        return ", ".join(" ".join(map(str, m)) if isinstance(m, list | tuple) else shown(m) for m in value)
    return str(value)


def for_form(rows: Sequence[Row]) -> list[Row]:
    """Return the rows as the form shows them, with empty ones at the end."""
    filled = [{**row, "text": shown(row.get("value", ""))} for row in rows]
    return [*filled, *({"option": "", "text": "", "always": False} for _ in range(EMPTY_ROWS))]

"""What does an export consist of: its text, and what its format cannot say?"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.schemas.pools import PoolIn
from app.schemas.reservations import ReservationIn
from app.schemas.settings import SettingsShape
from app.schemas.subnets import SubnetIn
from app.transfer.csv_tables import HEXADECIMAL, IDENTIFIERS
from app.transfer.leaseboard_json import FORMAT, VERSION

EXAMPLES: Final = 5
_DEFAULTS: Final = [
    (name, field.get_default(call_default_factory=True))
    for shape in (SettingsShape, SubnetIn, PoolIn, ReservationIn)
    for name, field in shape.model_fields.items()
]
_WORD: Final = re.compile(r"[^\s,;\[{][^\s,;]*")
"""A member of a list that a blank parts from the next."""
Values = Mapping[str, Any]
Plan = Mapping[str, Iterable[Values]]


@dataclass(slots=True)
class Loss:
    """Something that the format cannot say: how often, and some of the objects."""

    what: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rendered:
    """A file, and what is not in it."""

    text: str = ""
    losses: dict[str, Loss] = field(default_factory=dict)

    def lose_fields(self, row: Values, said: set[str], what: str, name: object) -> None:
        """Note the fields that say something other than their default, and that the format has no word for."""
        for field_name in sorted(set(row) - said):
            value = row[field_name]
            if value not in (None, "", [], {}, False) and (field_name, value) not in _DEFAULTS:
                self.lose(f"{field_name.replace('_', ' ')} of {what}", name)

    def lose(self, what: str, example: object = "") -> None:
        """Note that something of an object is not in the file."""
        loss = self.losses.setdefault(what, Loss(what))
        loss.count += 1
        if example != "" and len(loss.examples) < EXAMPLES:
            loss.examples.append(str(example))


def render_json(plan: Plan) -> Rendered:
    """Return everything, an object on each line, so that versions can be compared and errors have lines."""
    parts = [f'{{"format": "{FORMAT}", "version": {VERSION}']
    for kind, rows in plan.items():
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        parts.append(f'"{kind}": [\n{lines}\n]')
    return Rendered(",\n".join(parts) + "}\n")


def render_csv(rows: Iterable[Values], columns: list[str]) -> Rendered:
    """Return one table with a heading; identifiers have a column for each type, options are JSON."""
    heading = [c for name in columns for c in (IDENTIFIERS if name == "identifiers" else (name,))]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    for row in rows:
        cells = {**row, **_identifier_cells(row)}
        if cells.get("default") is not None:  # of a custom field: a text, a number or a switch
            cells["default"] = json.dumps(cells["default"], ensure_ascii=False)
        writer.writerow([_cell(cells.get(name)) for name in heading])
    return Rendered(out.getvalue())


def _identifier_cells(row: Values) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for identifier in row.get("identifiers") or []:
        values.setdefault(identifier["type"], []).append(identifier["value"])
    return {kind: " ".join(found) if kind in HEXADECIMAL else json.dumps(found) if len(found) > 1 else found[0]
            for kind, found in values.items()}  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(member, str) and _WORD.fullmatch(member) for member in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)

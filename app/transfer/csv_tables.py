"""How is a table read from CSV? The first line names the columns; they are the fields of the REST API."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from app.schemas.addresses import AddressIn
from app.schemas.client_classes import ClientClassIn
from app.schemas.denied_clients import DeniedClientIn
from app.schemas.labels import CustomFieldIn, TagIn, VlanIn
from app.schemas.option_definitions import OptionDefinitionIn
from app.schemas.pools import PoolIn
from app.schemas.reservations import IdentifierType, ReservationIn
from app.schemas.settings import SettingsShape
from app.schemas.shared_networks import SharedNetworkIn
from app.schemas.subnets import SubnetIn
from app.transfer.document import Document
from app.transfer.option_values import Unwritable, from_words, look_up, option_row

DELIMITERS: Final = (",", ";", "\t")
MAX_FIELD_CHARS: Final = 131_072
IDENTIFIERS: Final = get_args(IdentifierType)
HEXADECIMAL: Final = ("mac", "client_id", "duid")
_SHAPES: Final[dict[str, type[BaseModel]]] = {
    "settings": SettingsShape,
    "shared_networks": SharedNetworkIn,
    "denied_clients": DeniedClientIn,
    "subnets": SubnetIn,
    "pools": PoolIn,
    "reservations": ReservationIn,
    "addresses": AddressIn,
    "option_definitions": OptionDefinitionIn,
    "client_classes": ClientClassIn,
    "tags": TagIn,
    "custom_fields": CustomFieldIn,
    "vlans": VlanIn,
}
SYNONYMS: Final = {
    "address": "ip", "ip_address": "ip", "ip-address": "ip", "hw_address": "mac", "hw-address": "mac",
    "hwaddr": "mac", "mac_address": "mac", "prefix": "cidr", "network": "cidr", "first": "start", "last": "end",
    "host": "hostname", "name_": "name", "dns_name": "hostname", "comment": "description",
    "comments": "description", "vlan_id": "vlan",
}  # fmt: skip
_MARKS: Final = (
    ("settings", {"offer_hold_s"}),
    ("leases", {"renewed_at"}),
    ("option_definitions", {"space"}),
    ("client_classes", {"expression"}),
    ("tags", {"color"}),
    ("custom_fields", {"choices", "resource"}),
    ("vlans", {"vid"}),
    ("pools", {"start", "end"}),
    ("addresses", {"owner", "last_seen"}),
    ("reservations", set(IDENTIFIERS)),
    ("subnets", {"cidr"}),
    ("addresses", {"ip"}),
    ("shared_networks", {"options"}),
)


def parse(text: str, table: str | None) -> Document:
    """Return the rows of a table; `table` None = told by the columns."""
    document = Document()
    lines = _read(text, document)
    heading = next(lines, None)
    if heading is None:
        document.error(1, 1, "The file is empty: its first line must name the columns.")
        return document
    columns = [_canonical(name) for name in heading[1]]
    kind = table or _kind_of(set(columns))
    if kind == "reservations" and set(columns) <= {"id", "mac", "description"}:
        kind = "denied_clients"
    if kind is None:
        document.error(1, 1, f"The columns {', '.join(columns)[:200]} tell of no table; name the table.")
        return document
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        document.error(1, 1, f"The column {', '.join(sorted(twice))} is there twice.")
        return document
    for line, cells in lines:
        _row(document, kind, line, columns, cells)
    return document


def _read(text: str, document: Document) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of the lines that are not empty."""
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_FIELD_CHARS)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            document.error(reader.line_num, 1, f"From line {start} on this is no CSV: {error}.")
            return
        if any(cell.strip() for cell in cells):
            yield start, cells
        start = reader.line_num + 1


def _canonical(name: str) -> str:
    clean = name.strip().lower()
    if clean.startswith("option:"):
        return clean
    clean = clean.replace(" ", "_")
    return SYNONYMS.get(clean, clean)


def _kind_of(columns: set[str]) -> str | None:
    return next((kind for kind, marks in _MARKS if marks & columns), None)


def _row(document: Document, kind: str, line: int, columns: list[str], cells: list[str]) -> None:
    if len(cells) > len(columns):
        document.error(line, 1, f"There are {len(cells)} cells, but only {len(columns)} columns.")
        return
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
    try:
        document.add(kind, line, _values(kind, given))
    except (ValueError, Unwritable) as error:
        document.error(line, 1, str(error))


def _values(kind: str, given: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    identifiers: list[dict[str, str]] = []
    options: list[dict[str, Any]] = []
    for name, cell in given.items():
        if kind == "reservations" and name in IDENTIFIERS:
            identifiers += [{"type": name, "value": word} for word in _identifiers(name, cell)]
        elif name.startswith("option:"):
            if cell:
                definition = look_up(name.removeprefix("option:"))
                options.append(option_row(definition, from_words(definition, _words(cell))))
        elif name == "options":
            options += _json(cell) or []
            values["options"] = options
        elif name not in _IGNORED:
            values[name] = _read_cell(kind, name, cell)
    if identifiers:
        values["identifiers"] = identifiers
    if options:
        values["options"] = options
    return values


def _identifiers(kind: str, cell: str) -> list[str]:
    """Return the values in a cell: a JSON list, else words; what a relay says may hold spaces and is one value."""
    if cell.startswith("["):
        return [str(value) for value in _json(cell)]
    return cell.split() if kind in HEXADECIMAL else [cell] if cell else []


_IGNORED: Final = {"id", "version", "usage", "created_at", "updated_at", "href"}


def _words(cell: str) -> list[str]:
    return [word.strip() for word in cell.split("," if "," in cell else None)]


def _read_cell(kind: str, name: str, cell: str) -> Any:
    """Return what a cell says of a field: an empty one clears texts and lists, and leaves all else as it is."""
    shape = _SHAPES.get(kind)
    annotation = shape.model_fields[name].annotation if shape is not None and name in shape.model_fields else str
    if annotation in (str, str | None):
        return cell if cell or annotation is str else None
    if cell[:1] in ("[", "{"):
        return _json(cell)
    if get_origin(annotation) is list:
        return cell.replace(",", " ").replace(";", " ").split()
    return _json_or_text(cell) if annotation is Any else cell or None


def _json_or_text(cell: str) -> Any:
    try:
        return json.loads(cell) if cell else None
    except (ValueError, RecursionError):
        return cell


def _json(cell: str) -> Any:
    try:
        return json.loads(cell) if cell else None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{cell[:40]!r} is no JSON: {error}.") from None

"""How is our own JSON export read back? One object with a list for each kind; nothing is lost either way."""

from typing import Any, Final

from app.transfer.document import KINDS, Document
from app.transfer.json_positions import JsonError, Object, parse_json

FORMAT: Final = "leaseboard"
VERSION: Final = 1


def parse(text: str, table: str | None = None) -> Document:
    """Return the rows of an export."""
    document = Document()
    try:
        root = parse_json(text)
    except JsonError as error:
        document.error(error.line, error.column, error.text)
        return document
    if not isinstance(root, Object) or root.get("format") != FORMAT:
        document.error(1, 1, f'This is no export of Leaseboard: "format": "{FORMAT}" is missing.')
        return document
    if root.get("version") != VERSION:
        place = root.place_of("version")
        document.error(*place, f"Version {root.get('version')!r} of the format is not known here.")
        return document
    for name, rows in root.items():
        if name in KINDS and isinstance(rows, list):
            _rows(document, name, rows, root.place_of(name))
        elif name not in ("format", "version"):
            document.error(*root.place_of(name), f"{name!r} is no list of a table that is known here.")
    return document


def _rows(document: Document, kind: str, rows: list[Any], place: tuple[int, int]) -> None:
    for row in rows:
        if isinstance(row, Object):
            document.add(kind, row.place[0], _plain(row))
        else:
            document.error(*place, f"Each member of {kind!r} must be an object.")


def _plain(value: Any) -> Any:
    if isinstance(value, Object):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value

"""What does any source file say, in the words of the plan?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KINDS: Final = (
    "option_definitions",
    "settings",
    "tags",
    "custom_fields",
    "vlans",
    "client_classes",
    "shared_networks",
    "denied_clients",
    "subnets",
    "pools",
    "reservations",
    "addresses",
    "leases",
)
"""In the order in which rows are applied: what others refer to goes first."""
MAX_ROWS: Final = 1_000_000
MAX_NOTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One object as the source has it: `values` are fields of the kind's shape, only those that were given.

    Another object is named by its natural key: `subnet` is a prefix in CIDR notation.
    """

    kind: str
    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """A place of the source that is not carried over: `lost` = we have no such thing, `error` = malformed."""

    line: int
    column: int
    action: str
    text: str


@dataclass(slots=True)
class Document:
    """All that was understood of a source, and all that was not."""

    rows: list[Row] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    dropped: int = 0

    def add(self, kind: str, line: int, values: Mapping[str, Any]) -> None:
        """Take in an object."""
        if len(self.rows) < MAX_ROWS:
            self.rows.append(Row(kind, line, values))
        elif len(self.rows) == MAX_ROWS:
            self.error(line, 0, f"This is more than the {MAX_ROWS:,} rows of one import; the rest is not read.")

    def lost(self, line: int, column: int, text: str) -> None:
        """Note what has no place in the plan."""
        self._note(Note(line, column, "lost", text))

    def error(self, line: int, column: int, text: str) -> None:
        """Note what cannot be read."""
        self._note(Note(line, column, "error", text))

    def _note(self, note: Note) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(note)
        else:
            self.dropped += 1

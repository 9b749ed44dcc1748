"""How does the address of a page describe a table: filter, order, columns, part?"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from app.views.preferences import gettext

PAGE_ROWS: Final = 100
CSV_ROWS: Final = 1_000_000
"""No more rows than this leave in one file."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a viewer can see, sort by, or leave out."""

    key: str
    label: str
    sortable: bool = False
    number: bool = False
    shown: bool = True


@dataclass
class Table:
    """One view of a table, read from the address of the page."""

    path: str
    columns: Sequence[Column]
    params: dict[str, str]
    chosen: list[str]
    sort: str
    csv: bool = True
    first_url: str = ""
    next_url: str = ""
    carried: dict[str, object] = field(default_factory=dict)

    @cached_property
    def shown(self) -> dict[str, bool]:
        """Whether the viewer wants to see each column: a page asks at each of its cells, which must be no call."""
        chosen = self.chosen or [column.key for column in self.columns if column.shown]
        return {column.key: column.key in chosen for column in self.columns}

    def column(self, key: str) -> Column:
        """Return a column by its key."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns}

    @cached_property
    def cell(self) -> dict[str, Markup]:
        """The beginning of a cell in each column; where the table is cards, its label stands beside it."""
        start, numbers = Markup('<td data-label="{}"{}>'), Markup(' class="n"')
        return {c.key: start.format(gettext(c.label), numbers if c.number else "") for c in self.columns}

    @property
    def visible(self) -> int:
        """How many columns are seen."""
        return sum(self.shown.values())

    def sorted_by(self, key: str) -> str:
        """Return ascending, descending, or an empty text."""
        if self.sort.removeprefix("-") != key:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def url(self, **changes: str) -> str:
        """Return the address of this table with some parameters changed; the part begins anew."""
        kept = {**self.params, **changes}
        pairs = [(name, value) for name, value in kept.items() if value]
        pairs += [("col", key) for key in self.chosen]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def sort_url(self, key: str) -> str:
        """Return the address in which a column's heading changes the order."""
        return self.url(sort=f"-{key}" if self.sort == key else key)

    @property
    def csv_url(self) -> str:
        """Where everything found is to be had as a file."""
        return self.url(format="csv")

    def paged(self, after: str, cursor: str | None) -> None:
        """Note where the next part begins, and the way back to the first."""
        self.first_url = self.url() if after else ""
        self.next_url = self.url(after=cursor) if cursor else ""


def read(
    request: Request, columns: Sequence[Column], *filters: str, sort: str = "", path: str = "", csv: bool = True
) -> Table:
    """Return the table that the request asks for; an unknown column or order counts as not given."""
    query = request.query_params
    params = {name: query.get(name, "").strip() for name in ("q", *filters, "sort")}
    known = {column.key for column in columns}
    chosen = [key for key in query.getlist("col") if key in known]
    sortable = {column.key for column in columns if column.sortable}
    wanted = params["sort"] if params["sort"].removeprefix("-") in sortable else sort
    table = Table(path or request.url.path, columns, params, chosen, wanted, csv)
    table.carried = {"sort": params["sort"]}
    return table


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingResponse:
    """Return rows as a file, written while they are read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(heads, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
        if buffer.tell() > 65536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _harmless(value: Any) -> Any:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def ordered(rows: list[Any], sort: str, keys: Mapping[str, Any]) -> list[Any]:
    """Return rows in memory in the wanted order; a missing value comes last."""
    name = sort.removeprefix("-")
    if name not in keys:
        return rows
    values = list(map(keys[name], rows))
    known = [index for index, value in enumerate(values) if value is not None]
    known.sort(key=values.__getitem__, reverse=sort.startswith("-"))
    missing = [row for row, value in zip(rows, values, strict=True) if value is None]
    return [rows[index] for index in known] + missing

"""What do all commands share: the database, JSON output, and how a wish is refused?"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Table
from sqlalchemy import Engine

from app.database import SessionFactory, make_engine, make_session_factory
from app.migrate import upgrade
from app.settings import Settings

Database = Annotated[str | None, typer.Option("--database", metavar="URL")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
REFUSED: Final = 1


def settings_of(**given: object) -> Settings:
    """Return the settings of the environment, with what was given on the command line before them."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def engine_of(database: str | None) -> Engine:
    """Return the database, its tables up to date."""
    engine = make_engine(settings_of(database_url=database).database_url)
    upgrade(engine)
    return engine


def factory_of(database: str | None) -> SessionFactory:
    """Return sessions on the database, its tables up to date."""
    return make_session_factory(engine_of(database))


def refuse(sentence: str, code: int = REFUSED) -> NoReturn:
    """End with a sentence on standard error."""
    typer.echo(sentence, err=True)
    sys.exit(code)


def print_json(value: Any) -> None:
    """Print a value; moments as ISO 8601."""
    typer.echo(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people, or as a JSON list."""
    if as_json:
        print_json([{name: row.get(name) for name in columns} for row in rows])
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    Console(soft_wrap=True).print(table)


def progress_bar(*, quiet: bool) -> Progress:
    """Return a bar on standard error; silent with --json and where nobody watches."""
    return Progress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet or not sys.stderr.isatty(),
    )


def waiting(task: str, *, quiet: bool) -> Status | nullcontext[None]:
    """Return a sign of life on standard error for work whose length is not known beforehand."""
    shown = not quiet and sys.stderr.isatty()
    return Console(stderr=True).status(task) if shown else nullcontext()


class Bar:
    """Takes (stage, done, total) and shows a bar for each stage; where nobody watches, a line now and then."""

    STEP: Final = 0.1

    def __init__(self, progress: Progress, *, quiet: bool) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}
        self._lines = not quiet and progress.disable
        self._told: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)
        share = done / total if total else 1.0
        if self._lines and share >= self._told.get(stage, 0.0):
            self._told[stage] = share + self.STEP
            typer.echo(f"{stage}: {done} of {total}", err=True)

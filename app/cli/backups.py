"""Commands that keep the whole database in a file, and bring it back."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import AsJson, Bar, Database, engine_of, print_json, progress_bar, refuse
from app.transfer import backups

app = typer.Typer()


@app.command("backup")
def backup(
    path: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write a consistent, verified copy of the database, while the servers run."""
    with progress_bar(quiet=as_json) as progress:
        try:
            counts = backups.backup(engine_of(database), path, Bar(progress, quiet=as_json))
        except OSError as error:
            refuse(f"{path} cannot be written: {error.strerror}.")
    if as_json:
        print_json({"path": str(path), "bytes": path.stat().st_size, "rows": counts})
    else:
        typer.echo(f"{path}: {sum(counts.values())} rows, {path.stat().st_size} bytes, verified.")


@app.command("restore")
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `backup` wrote.", exists=True, dir_okay=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is there without asking.")] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Replace everything in the database by a backup; the servers must be stopped."""
    if not yes and not typer.confirm("Everything in the database is replaced by the backup. Go on?"):
        refuse("Nothing was changed.")
    with progress_bar(quiet=as_json) as progress:
        counts = backups.restore(engine_of(database), path, Bar(progress, quiet=as_json))
    if as_json:
        print_json({"path": str(path), "rows": counts})
    else:
        typer.echo(f"Restored {sum(counts.values())} rows.")

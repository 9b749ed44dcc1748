"""The command that finds what a text means."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.context import AsJson, Database, factory_of, print_rows
from app.database import unit_of_work
from app.services.search import search as find

app = typer.Typer()
NOTHING = 1


@app.command("search")
def search(
    words: Annotated[str, typer.Argument(help="An address, prefix, MAC in any spelling, or name.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Find addresses, subnets, leases and reservations; exit code 1 when there are none."""
    with unit_of_work(factory_of(database), writing=False) as session:
        hits = [asdict(hit) for hit in find(session, words)]
    print_rows(hits, ("kind", "title", "note", "matched", "href"), as_json=as_json)
    if not hits:
        raise typer.Exit(NOTHING)

"""Commands that take files into the plan, back out of it, and write them."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from sqlalchemy import select

from app.cli.context import AsJson, Bar, Database, factory_of, print_json, print_rows, progress_bar, refuse, waiting
from app.database import SessionFactory, unit_of_work
from app.models import Import, ImportRow
from app.services import imports
from app.services.actors import COMMAND_LINE
from app.transfer import exports, formats, jobs
from app.transfer.document import KINDS

app = typer.Typer()
made = typer.Typer(no_args_is_help=True, help="Imports that were made.")
SHOWN: Final = 20
CONFLICTS: Final = 3
"""Exit code: nothing was written, because rows are in conflict."""


def _work(factory: SessionFactory, import_id: int, *, quiet: bool) -> dict[str, Any]:
    """Bring the import to its next resting state in this process; return how it looks then."""
    with progress_bar(quiet=quiet) as progress:
        if jobs.claim(factory, import_id) is not None:
            jobs.work(factory, import_id, Bar(progress, quiet=quiet))
    with unit_of_work(factory, writing=False) as session:
        return imports.shown(session, [imports.get_import(session, import_id)])[0].model_dump(mode="json")


def _source(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}.")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="The file; - is standard input.")],
    format: Annotated[str, typer.Option(help=f"auto, {', '.join(formats.FORMATS)}")] = "auto",
    table: Annotated[str | None, typer.Option(help="Of a CSV whose columns do not tell.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Commit without asking.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be done.")] = False,
    skip_conflicts: Annotated[bool, typer.Option("--skip-conflicts", help="Write the other rows.")] = False,
    database: Database = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Plan an import, show the plan, and commit it."""
    source, factory = _source(path), factory_of(database)
    chosen = formats.guess(path.name, source) if format == "auto" else format
    if chosen not in formats.FORMATS:
        refuse(f"The format is one of {', '.join(formats.FORMATS)}; it cannot be told from the file.")
    if table is not None and table not in KINDS:
        refuse(f"A table is one of {', '.join(KINDS)}.")
    with unit_of_work(factory) as session:
        import_id = imports.upload(session, COMMAND_LINE, path.name, chosen, table, source).id
    shown = _work(factory, import_id, quiet=as_json)
    if not as_json:
        _print_plan(factory, shown)
    conflicts = shown["counts"].get("conflict", 0)
    if plan or (conflicts and not skip_conflicts):
        _end_plan(factory, import_id, shown, keep=plan, as_json=as_json)
    if not yes and not as_json and not typer.confirm("Commit?"):
        refuse("Nothing was changed.")
    _order(factory, import_id, "commit", as_json=as_json, skip_conflicts=skip_conflicts)


def _end_plan(factory: SessionFactory, import_id: int, shown: dict[str, Any], *, keep: bool, as_json: bool) -> None:
    """Leave without a commit; exit code 3 when conflicts are why."""
    if as_json:
        print_json({**shown, "rows": _rows(factory, import_id, ("conflict", "error", "lost"))})
    conflicts = shown["counts"].get("conflict", 0)
    if not keep:
        typer.echo(
            f"{conflicts} rows are in conflict; nothing was changed (--skip-conflicts leaves them out).", err=True
        )
    elif not as_json:
        typer.echo(f"Nothing was changed; commit it with: leaseboard imports commit {import_id}")
    raise typer.Exit(CONFLICTS if conflicts else 0)


def _order(factory: SessionFactory, import_id: int, verb: str, *, as_json: bool, **more: bool) -> None:
    with unit_of_work(factory) as session:
        if verb == "commit":
            imports.order_commit(session, COMMAND_LINE, import_id, **more)
        else:
            imports.order_undo(session, COMMAND_LINE, import_id)
    shown = _work(factory, import_id, quiet=as_json)
    if as_json:
        print_json(shown)
    else:
        counts = ", ".join(
            f"{count} {action}" for action, count in shown["counts"].items() if isinstance(count, int)
        )
        typer.echo(f"Import {import_id} is {shown['state']}: {counts}.")
        if shown["leases_waiting"]:
            typer.echo(f"{shown['leases_waiting']} leases are taken over as soon as a DHCP worker runs.")
    if shown["state"] not in ("committed", "undone"):
        refuse(shown["error"])


def _print_plan(factory: SessionFactory, shown: dict[str, Any]) -> None:
    for kind, actions in shown["counts"].items():
        if isinstance(actions, dict):
            typer.echo(f"{kind}: " + ", ".join(f"{count} {action}" for action, count in actions.items()))
    for action in ("conflict", "error", "lost"):
        rows = _rows(factory, shown["id"], (action,))
        for row in rows[:SHOWN]:
            key = f"{row['key']}: " if row["key"] else ""
            typer.echo(f"line {row['line']}: {action}: {key}{row['reason']}")
        if len(rows) > SHOWN:
            typer.echo(f"... and {len(rows) - SHOWN} more ({action})")


def _rows(factory: SessionFactory, import_id: int, actions: tuple[str, ...]) -> list[dict[str, Any]]:
    query = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.action.in_(actions))
    with unit_of_work(factory, writing=False) as session:
        return [
            {
                "line": r.line,
                "column": r.column,
                "action": r.action,
                "kind": r.kind,
                "key": r.key,
                "reason": r.reason,
            }
            for r in session.scalars(query.order_by(ImportRow.id))
        ]


@made.command("list")
def imports_list(database: Database = None, as_json: AsJson = False) -> None:
    """List imports, the newest first."""
    with unit_of_work(factory_of(database), writing=False) as session:
        rows = imports.shown(session, list(session.scalars(select(Import).order_by(Import.id.desc()).limit(100))))
    columns = ("id", "name", "format", "state", "actor", "created_at", "counts")
    print_rows([row.model_dump() for row in rows], columns, as_json=as_json)


@made.command("commit")
def imports_commit(
    import_id: int, skip_conflicts: Annotated[bool, typer.Option("--skip-conflicts")] = False,
    database: Database = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Commit a planned import."""
    _order(factory_of(database), import_id, "commit", as_json=as_json, skip_conflicts=skip_conflicts)


@made.command("undo")
def imports_undo(import_id: int, database: Database = None, as_json: AsJson = False) -> None:
    """Take an import back; what was changed since is kept."""
    _order(factory_of(database), import_id, "undo", as_json=as_json)


@app.command("export")
def export(
    format: Annotated[str, typer.Argument(help=", ".join(exports.FORMATS))],
    table: Annotated[str | None, typer.Option(help="Of a CSV.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, not standard output.")] = None,
    database: Database = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write the plan as a file; what the format cannot say goes to standard error."""
    if format not in exports.FORMATS:
        refuse(f"The format is one of {', '.join(exports.FORMATS)}.")
    with waiting("export", quiet=as_json), unit_of_work(factory_of(database), writing=False) as session:
        made = exports.export(session, format, table)
    if output is not None:
        output.write_text(made.text, encoding="utf-8")
    elif not as_json:
        sys.stdout.write(made.text)
    if as_json:
        losses = [{"what": x.what, "count": x.count, "examples": x.examples} for x in made.losses.values()]
        print_json({"format": format, "output": str(output) if output else None, "losses": losses,
                    **({} if output else {"text": made.text})})  # fmt: skip
        return
    for loss in made.losses.values():
        typer.echo(f"not in the file: {loss.what} ({loss.count}x, such as {', '.join(loss.examples)})", err=True)

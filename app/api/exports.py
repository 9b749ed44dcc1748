"""JSON routes of exports: the plan as a file, and what the file cannot say."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from app.api.listing import Page
from app.api.route import ApiRoute
from app.auth.deps import Db, Viewer
from app.schemas.exports import ExportFormatOut, ExportReport, LossOut
from app.services.actors import Actor, require_everywhere
from app.transfer import exports
from app.transfer.export_text import Rendered

router = APIRouter(prefix="/exports", tags=["exports"], route_class=ApiRoute)
FormatName = Literal["csv", "json", "kea", "dnsmasq"]
TableName = Literal[
    "option_definitions", "settings", "tags", "custom_fields", "vlans", "client_classes", "shared_networks",
    "denied_clients", "subnets", "pools", "reservations", "addresses", "leases",
]  # fmt: skip
Table = Annotated[TableName | None, Query(description="of a CSV")]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file; Leaseboard-Losses counts the lines of its report.",
        "content": {
            media: {"schema": {"type": kind}}
            for media, kind in (("text/csv", "string"), ("application/json", "object"), ("text/plain", "string"))
        },
    }
}


@router.get("", operation_id="list_exports")
def list_exports(session: Db, actor: Viewer) -> Page[ExportFormatOut]:
    """List the formats."""
    items = [
        ExportFormatOut(
            name=name, title=title, media_type=media, tables=list(exports.CSV_TABLES) if name == "csv" else []
        )
        for name, (title, media, _) in exports.FORMATS.items()
    ]
    return Page(items=items)


@router.get("/{format}", operation_id="get_export", response_class=Response, responses=FILE)
def get_export(session: Db, actor: Viewer, format: FormatName, table: Table = None) -> Response:
    """Return the plan as a file."""
    made = _export(session, actor, format, table)
    headers = {
        "Content-Disposition": f'attachment; filename="{exports.file_name(format, table)}"',
        "Leaseboard-Losses": str(len(made.losses)),
    }
    return Response(made.text, media_type=exports.FORMATS[format][1], headers=headers)


@router.get("/{format}/report", operation_id="get_export_report")
def get_report(session: Db, actor: Viewer, format: FormatName, table: Table = None) -> ExportReport:
    """Return what the file would not say."""
    made = _export(session, actor, format, table)
    losses = [LossOut(what=loss.what, count=loss.count, examples=loss.examples) for loss in made.losses.values()]
    return ExportReport(format=format, losses=losses)


def _export(session: Session, actor: Actor, format_name: str, table: str | None) -> Rendered:
    require_everywhere(actor)
    return exports.export(session, format_name, table)

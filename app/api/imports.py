"""JSON routes of imports: POST a file, look at its plan, commit, undo."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from app.api.etags import tag
from app.api.listing import Page, list_parameters
from app.api.paging import Id
from app.api.resource import Resource
from app.auth.deps import Db, Operator, Viewer
from app.schemas.imports import CommitIn, ImportOut, ImportRowOut, import_row_out
from app.services import imports
from app.services.errors import Invalid, Problem
from app.services.listing import cut, read_wish
from app.transfer.document import KINDS
from app.transfer.formats import FORMATS, guess

FormatName = Literal[
    "auto", "csv", "json", "kea", "kea-leases", "isc-dhcpd", "isc-leases", "dnsmasq", "dnsmasq-leases"
]
TableName = Literal[
    "option_definitions", "settings", "tags", "custom_fields", "vlans", "client_classes", "shared_networks",
    "denied_clients", "subnets", "pools", "reservations", "addresses", "leases",
]  # fmt: skip
assert set(FormatName.__args__) == {"auto", *FORMATS}  # type: ignore[attr-defined]  # of a Literal
assert TableName.__args__ == KINDS  # type: ignore[attr-defined]
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
RESOURCE = Resource(
    path="imports",
    noun="import",
    plural="imports",
    listing=imports.LISTING,
    shape=ImportOut,
    show=imports.shown,
    get=imports.get_import,
    delete=imports.delete_import,
)
router = RESOURCE.router()


@router.post(
    "", operation_id="create_import", status_code=201, openapi_extra=FILE, max_body_size=imports.MAX_SOURCE_BYTES
)
async def create_import(
    request: Request, session: Db, actor: Operator, response: Response, format: FormatName = "auto",
    table: Annotated[TableName | None, Query(description="of a CSV; told by its columns if left out")] = None,
    name: Annotated[str, Query(max_length=255, description="the file's name")] = "",
) -> ImportOut:  # fmt: skip
    """Take in a file, sent as the body. Its plan is made in the background; only the commit changes anything."""
    source = await request.body()
    chosen = guess(name, source) if format == "auto" else format
    if chosen is None:
        raise Invalid(Problem("format", "unknown", "The file's format cannot be told from its content: name it."))
    row = imports.upload(session, actor, name, chosen, table, source)
    response.headers["Location"] = f"/api/v1/imports/{row.id}"
    return tag(response, imports.shown(session, [row])[0])


@router.get(
    "/{import_id:int}/rows",
    operation_id="list_import_rows",
    openapi_extra={"parameters": list_parameters(imports.ROWS)},
)
def list_rows(request: Request, session: Db, actor: Viewer, import_id: Id) -> Page[ImportRowOut]:
    """List what becomes of each line: rows to create, update, skip, in conflict, and lines that are lost."""
    row = imports.get_import(session, import_id)
    wish = read_wish(request.query_params.multi_items())
    found = cut(session, imports.ROWS, replace(wish, filters=(*wish.filters, ("import_id", str(row.id)))))
    items = [import_row_out(each) for each in found.rows]
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


@router.post("/{import_id:int}/commit", operation_id="commit_import", status_code=202)
def commit_import(session: Db, actor: Operator, import_id: Id, data: CommitIn) -> ImportOut:
    """Write the planned rows, all of them; the progress is in the import."""
    row = imports.order_commit(session, actor, import_id, skip_conflicts=data.skip_conflicts)
    return imports.shown(session, [row])[0]


@router.post("/{import_id:int}/undo", operation_id="undo_import", status_code=202)
def undo_import(session: Db, actor: Operator, import_id: Id) -> ImportOut:
    """Take an import back; objects that were changed since are kept, and its rows say so."""
    return imports.shown(session, [imports.order_undo(session, actor, import_id)])[0]

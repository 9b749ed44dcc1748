"""Pages of tags: words that any object of the plan can bear."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.auth.deps import Db, Form, Operator, Viewer
from app.schemas.labels import TagIn, tag_out
from app.services import tags
from app.services.errors import DomainError
from app.services.listing import Wish, cut
from app.services.patch import parsed
from app.views.forms import filled, problems_of, saved, version_of
from app.views.render import Id, page

router = APIRouter(prefix="/tags", include_in_schema=False)
FIELDS: Final = ("name", "color", "description")
SHOWN: Final = 500


@router.get("")
def list_tags(request: Request, session: Db, actor: Viewer, after: str = "") -> Response:
    """Show the tags, and a form to make one."""
    return _page(request, session, after=after)


@router.post("")
def create(request: Request, session: Db, actor: Operator, form: Form) -> Response:
    """Make a tag."""
    values = filled(form, *FIELDS)
    try:
        tags.create_tag(session, actor, parsed(TagIn, values))
    except DomainError as error:
        session.rollback()
        return _page(request, session, 422, values=values, problems=problems_of(error, FIELDS))
    return saved(session, "/tags")


@router.get("/{tag_id}")
def show(request: Request, session: Db, actor: Operator, tag_id: Id) -> Response:
    """Show the tags, with the form of one."""
    row = tags.get_tag(session, tag_id)
    return _page(request, session, row=row, values={name: getattr(row, name) for name in (*FIELDS, "version")})


@router.post("/{tag_id}")
def update(request: Request, session: Db, actor: Operator, tag_id: Id, form: Form) -> Response:
    """Change a tag, everywhere it is."""
    values = filled(form, *FIELDS)
    try:
        tags.update_tag(session, actor, tag_id, parsed(TagIn, values), version_of(form))
    except DomainError as error:
        session.rollback()
        typed = {**values, **filled(form, "version")}
        row, problems = tags.get_tag(session, tag_id), problems_of(error, FIELDS)
        return _page(request, session, 422, row=row, values=typed, problems=problems)
    return saved(session, "/tags")


@router.post("/{tag_id}/delete")
def delete(session: Db, actor: Operator, tag_id: Id) -> Response:
    """Remove a tag from everything that bears it."""
    tags.delete_tag(session, actor, tag_id)
    return saved(session, "/tags")


def _page(request: Request, session: Session, status: int = 200, after: str = "", **form: Any) -> Response:
    found = cut(session, tags.LISTING, Wish(cursor=after, limit=SHOWN))
    used = tags.used(session, found.rows)
    rows = [tag_out(row, used[row.id]) for row in found.rows]
    shown: dict[str, Any] = {"rows": rows, "next": found.next_cursor, "row": None, "values": {}, "problems": {}}
    return page(request, session, "tags/list.html", status, **{**shown, **form})

"""JSON routes of tags."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.api.resource import Natural, Resource
from app.models import Tag
from app.schemas.labels import TagIn, TagOut, tag_out
from app.services import tags


def _show(session: Session, rows: Sequence[Tag]) -> list[TagOut]:
    used = tags.used(session, rows)
    return [tag_out(row, used[row.id]) for row in rows]


RESOURCE = Resource(
    path="tags",
    noun="tag",
    plural="tags",
    listing=tags.LISTING,
    shape=TagOut,
    show=_show,
    get=tags.get_tag,
    accepts=TagIn,
    create=tags.create_tag,
    update=lambda session, actor, row, data: tags.update_tag(session, actor, row.id, data),
    delete=lambda session, actor, row: tags.delete_tag(session, actor, row.id),
    natural=Natural("/by-name/{name}", ("name",), dict, lambda s, data: tags.find_tag(s, data.name)),
)
router = RESOURCE.router()
